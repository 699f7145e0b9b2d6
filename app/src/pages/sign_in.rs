//! Signing in: through a provider, or with e-mail and password.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Field, Notice, Tone};
use crate::kit::{Query, query};
use crate::server::WebSettings;

/// Why the form is shown again. The address holds a name from this list, never a text: nobody can make the page say
/// something by a crafted link.
fn explanation(error: &str) -> Option<&'static str> {
    match error {
        "wrong" => Some("E-mail address or password are wrong, or the account is disabled."),
        "code" => Some("Type the code of your authenticator app, too, or a recovery code; and the password again."),
        "wrong-code" => Some("That is not the code, or it was used before. Wait for the next one."),
        "provider" => Some("Passwords are switched off here: continue with a provider."),
        "admins" => Some("Only administrators may use this dashboard: ask one of them."),
        "slow" => Some("Too many failed tries. Wait a few minutes, then try again."),
        "busy" => Some("Too many people are signing in at this moment. Try again in a few seconds."),
        "unavailable" => Some("The database does not answer. Nothing was changed; try again shortly."),
        _ => None,
    }
}

#[component]
pub fn SignIn() -> impl IntoView {
    let query = query();
    let next = query.get("next").unwrap_or_default();
    let name = query.get("error");
    let error = name.as_deref().and_then(explanation).map(|text| {
        view! { <Notice tone=Tone::Bad>{text}</Notice> }
    });
    let providers = providers();
    let left = query.get("provider");
    let left = providers.iter().find(|(name, _)| left.as_ref() == Some(name)).cloned();
    let done = query.get("notice").filter(|notice| notice == "signed-out").map(|_| {
        let there = left.map(|(name, label)| {
            view! { " You may still be signed in at " {label.clone()} ": " <a href=login_href("logout", &name, "")>"sign out there too"</a> "." }
        });
        view! { <Notice tone=Tone::Info>"You are signed out." {there}</Notice> }
    });
    let with_code = matches!(name.as_deref(), Some("code" | "wrong-code"));
    let form = view! { <LocalForm next=next.clone() focus=providers.is_empty() with_code /> };
    let ways = if providers.is_empty() {
        form.into_any()
    } else {
        let buttons = providers
            .iter()
            .map(|(name, label)| {
                let href = login_href("login", name, &next);
                view! { <a class="button provider" href=href>"Continue with " {label.clone()}</a> }
            })
            .collect_view();
        // What went wrong was tried with a password.
        let open = error.is_some();
        view! {
            <div class="providers">{buttons}</div>
            <details class="other-way" open=open>
                <summary>"Sign in with a password"</summary>
                {form}
            </details>
        }
        .into_any()
    };
    view! {
        <Title text="Sign in" />
        <main class="doorway" id="main">
            <div class="card">
                <p class="brand">
                    <img src="/ui/favicon.svg" alt="" width="24" height="24" />
                    "Tollgate"
                </p>
                <h1>"Sign in"</h1>
                {error}
                {done}
                {ways}
            </div>
        </main>
    }
}

/// Name and label of each way in besides the password.
fn providers() -> Vec<(String, String)> {
    let settings = use_context::<http::request::Parts>()
        .and_then(|parts| parts.extensions.get::<Arc<WebSettings>>().map(Arc::clone));
    let Some(settings) = settings else { return Vec::new() };
    settings.sign_on.sso.providers().map(|(name, label)| (name.to_owned(), label.to_owned())).collect()
}

fn login_href(what: &str, provider: &str, next: &str) -> String {
    let next = Some(next).filter(|next| !next.is_empty());
    Query::default().with("next", next).href(&format!("/sso/{what}/{provider}"))
}

#[component]
fn LocalForm(next: String, focus: bool, with_code: bool) -> impl IntoView {
    let code = with_code.then(|| {
        view! {
            <Field label="Code" name="code">
                <input id="code" name="code" type="text" inputmode="text" autocomplete="one-time-code" maxlength="40" required />
            </Field>
        }
    });
    view! {
        <form class="stack" method="post" action="/ui/sign-in">
            <input type="hidden" name="next" value=next />
            <Field label="E-mail address" name="email">
                <input id="email" name="email" type="email" autocomplete="username" required autofocus=focus />
            </Field>
            <Field label="Password" name="password">
                <input id="password" name="password" type="password" autocomplete="current-password" required />
            </Field>
            {code}
            <button class="button primary" type="submit">
                "Sign in"
            </button>
        </form>
    }
}
