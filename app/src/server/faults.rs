//! What is shown to somebody whose sign-in through a provider failed: what happened, and what to do.

use axum::Json;
use axum::response::{Html, IntoResponse as _, Response};
use http::StatusCode;
use tollgate_domain::sso::Fault;
use tollgate_sso::Failure;

use super::plain::{document, with_policy};

/// Title, what happened, and what to do.
struct Words(&'static str, &'static str, &'static str);

const AGAIN: &str = "Sign in again. If it happens a second time, give your administrator the request id below.";
const ADMIN: &str = "Give your administrator the request id below: the audit log says what exactly was wrong. Trying again will not help.";

fn words(fault: Fault) -> Words {
    match fault {
        Fault::State => Words(
            "This sign-in is over",
            "It was begun more than ten minutes ago, was finished already, or was begun in another browser.",
            "Sign in again, and finish within ten minutes. Your browser must accept this site's cookies.",
        ),
        Fault::MixedUp => Words(
            "The wrong provider answered",
            "The answer did not come from the provider that you chose, so nothing in it was believed.",
            AGAIN,
        ),
        Fault::Declined => Words(
            "You were not signed in there",
            "The provider ended the sign-in: it was cancelled, or you may not use this application.",
            "Sign in again, or ask your administrator to give you access to the application at the provider.",
        ),
        Fault::Code => Words(
            "The provider did not confirm the sign-in",
            "Its answer was used before, or took too long to arrive.",
            AGAIN,
        ),
        Fault::Misconfigured => Words(
            "Single sign-on is not set up right",
            "The provider did not accept this gateway: its client id, secret or redirect address are wrong.",
            ADMIN,
        ),
        Fault::Unreachable => Words(
            "The provider does not answer",
            "The gateway could not reach the provider, or it took too long.",
            "Try again in a minute. If it lasts, give your administrator the request id below.",
        ),
        Fault::Malformed => Words(
            "The provider's answer can't be used",
            "It lacks something that it must have, or can't be read.",
            ADMIN,
        ),
        Fault::Issuer => Words(
            "The provider is not the one that was expected",
            "The proof of who you are names another issuer than the configuration.",
            ADMIN,
        ),
        Fault::Audience => Words(
            "The sign-in was meant for another application",
            "The proof of who you are was not made for this gateway.",
            ADMIN,
        ),
        Fault::Nonce => Words(
            "The answer belongs to another sign-in",
            "The proof of who you are was made for a sign-in that did not begin here.",
            AGAIN,
        ),
        Fault::Signature => Words(
            "The provider's signature is not right",
            "The proof of who you are was not signed with one of the provider's keys.",
            AGAIN,
        ),
        Fault::Algorithm => Words(
            "The provider's signature is of a kind that is not accepted",
            "The proof of who you are must be signed with a key that only the provider has.",
            ADMIN,
        ),
        Fault::Expired => Words(
            "The sign-in has expired",
            "The proof of who you are was too old when it arrived.",
            "Sign in again. If it happens each time, the clocks of the gateway and the provider differ: tell your administrator.",
        ),
        Fault::NotYetValid => Words(
            "The sign-in is from the future",
            "The proof of who you are is not valid yet: the clocks of the gateway and the provider differ.",
            "Tell your administrator. The request id below finds it in the audit log.",
        ),
        Fault::Tenant => Words(
            "Your organisation is not let in",
            "You signed in with an account of a Microsoft tenant that may not use this gateway.",
            "Choose an account of the right organisation. If it is the right one, ask your administrator to let its tenant in.",
        ),
        Fault::Domain => Words(
            "Your account's domain is not let in",
            "Only accounts of certain e-mail domains may use this gateway.",
            "Choose your work account, not a private one. If it is the right one, ask your administrator.",
        ),
        Fault::EmailUnverified => Words(
            "Your e-mail address is not verified",
            "The provider does not vouch for your e-mail address, so that it could be anybody's.",
            "Confirm the address at the provider, then sign in again.",
        ),
        Fault::EmailTaken => Words(
            "There is an account with your e-mail address already",
            "It was made in another way, and accounts are not joined by their address alone.",
            "Sign in the way you did before, or ask your administrator to join the two.",
        ),
        Fault::Disabled => Words(
            "Your account is disabled",
            "The provider knows you, but an administrator of this gateway has disabled your account.",
            "Ask your administrator to enable it.",
        ),
        Fault::NotAdmitted => Words(
            "This dashboard is for administrators",
            "You are known, but only administrators and auditors may use the dashboard here.",
            "If you need it, ask one of them for another role.",
        ),
        Fault::UnknownProvider => Words(
            "There is no such way to sign in",
            "No provider of that name is set up here.",
            "Go to the sign-in page and choose one of those that are.",
        ),
        Fault::Unavailable => Words(
            "The database does not answer",
            "You were not signed in, and nothing was changed.",
            "Try again in a few seconds.",
        ),
    }
}

fn status(fault: Fault) -> StatusCode {
    match fault {
        Fault::State | Fault::Malformed | Fault::Code => StatusCode::BAD_REQUEST,
        Fault::Unreachable | Fault::Misconfigured => StatusCode::BAD_GATEWAY,
        Fault::UnknownProvider => StatusCode::NOT_FOUND,
        Fault::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    }
}

/// The page. `request` is an id of ours, nothing that somebody wrote.
pub fn page(fault: Fault, request: &str) -> Response {
    let Words(title, what, todo) = words(fault);
    let body = format!(
        "<h1>{title}</h1><p class=\"purpose\">{what}</p><p>{todo}</p>\
         <a class=\"button primary\" href=\"/ui/sign-in\">Go to the sign-in page</a>\
         <p class=\"note\">Request id: <span class=\"mono\">{request}</span><br>Reason: <span class=\"mono\">{fault}</span></p>"
    );
    with_policy((status(fault), Html(document(title, &body))).into_response())
}

/// For a provider, as OpenID Connect Back-Channel Logout 1.0 has it.
pub fn plain_failure(failure: &Failure) -> Response {
    let body = serde_json::json!({ "error": "invalid_request", "error_description": failure.fault.as_str() });
    let status = match status(failure.fault) {
        status @ (StatusCode::NOT_FOUND | StatusCode::BAD_GATEWAY) => status,
        _ => StatusCode::BAD_REQUEST,
    };
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_fault_has_words_of_its_own() {
        let titles: BTreeSet<_> = Fault::ALL.iter().map(|fault| words(*fault).0).collect();
        // The database's is the same as elsewhere.
        assert_eq!(titles.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            let Words(title, what, todo) = words(fault);
            for text in [title, what, todo] {
                assert!(!text.is_empty() && !text.contains(['<', '>', '&', '!']), "{text}");
            }
            assert!(!title.ends_with('.') && what.ends_with('.') && todo.ends_with('.'), "{fault}");
        }
    }
}
