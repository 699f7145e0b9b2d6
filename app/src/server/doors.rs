//! Coming in and going out: sign-in, sign-out, and the first administrator.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Form;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use tollgate_control::access::{self, Attempt, SignInError};
use tollgate_control::{Control, ControlError};
use tollgate_domain::Clock;
use tollgate_domain::secret::Secret;
use tollgate_domain::sso::Proven;
use tollgate_domain::user::User;
use tower_sessions::Session;

use super::Viewer;
use super::WebSettings;
use super::plain::unavailable;
use super::protect::encode;
use super::viewer::{PROVIDER, begin};

#[derive(Deserialize)]
pub struct SignInForm {
    email: String,
    password: Secret,
    /// Of an authenticator app.
    code: Option<Secret>,
    #[serde(default)]
    next: String,
}

pub async fn sign_in(
    Extension(control): Extension<Control>,
    Extension(clock): Extension<Arc<dyn Clock>>,
    Extension(viewer): Extension<Viewer>,
    Extension(settings): Extension<Arc<WebSettings>>,
    session: Session,
    Form(form): Form<SignInForm>,
) -> Response {
    let next = own_path(&form.next);
    let attempt = Attempt {
        email: &form.email,
        password: form.password,
        code: form.code,
        providers_only: settings.sign_on.passwords_off && !settings.sign_on.sso.is_empty(),
    };
    match access::sign_in_with(&control, &viewer.op(), attempt).await {
        Ok(user) if !settings.admits(user.role) => Redirect::to("/ui/sign-in?error=admins").into_response(),
        Ok(user) => welcome(&session, &user, &*clock, next, &viewer, None).await,
        Err(error) => {
            let name = match error {
                SignInError::Wrong | SignInError::Disabled => "wrong",
                SignInError::CodeNeeded => "code",
                SignInError::WrongCode => "wrong-code",
                SignInError::PasswordsOff => "provider",
                SignInError::TooMany { .. } => "slow",
                SignInError::Busy => "busy",
                SignInError::Control(_) => "unavailable",
            };
            let next = if next == "/ui" { String::new() } else { format!("&next={}", encode(next)) };
            Redirect::to(&format!("/ui/sign-in?error={name}{next}")).into_response()
        }
    }
}

/// A path of this dashboard to go on to; anything else (another site's address) is the overview.
pub fn own_path(next: &str) -> &str {
    let own = next.strip_prefix("/ui").is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') && !next.contains("//");
    if own && plain && !next.starts_with("/ui/sign-in") { next } else { "/ui" }
}

/// Signed in: on to where one wanted to go.
pub async fn welcome(
    session: &Session,
    user: &User,
    clock: &dyn Clock,
    next: &str,
    viewer: &Viewer,
    through: Option<&Proven>,
) -> Response {
    match begin(session, user, clock.now(), viewer, through).await {
        Ok(()) => Redirect::to(next).into_response(),
        Err(error) => {
            leptos::logging::error!("a session could not be begun: {error}");
            unavailable()
        }
    }
}

pub async fn sign_out(
    Extension(control): Extension<Control>,
    Extension(viewer): Extension<Viewer>,
    Extension(settings): Extension<Arc<WebSettings>>,
    session: Session,
) -> Response {
    if let Err(error) = access::sign_out(&control, &viewer.op()).await {
        leptos::logging::error!("a sign-out could not be audited: {error}");
    }
    // Whether one stays signed in there is for the person to say.
    let provider: Option<String> = session.get(PROVIDER).await.ok().flatten();
    let provider = match provider {
        Some(provider) if settings.sign_on.can_sign_out_of(&provider).await => {
            format!("&provider={}", encode(&provider))
        }
        _ => String::new(),
    };
    match session.flush().await {
        Ok(()) => Redirect::to(&format!("/ui/sign-in?notice=signed-out{provider}")).into_response(),
        Err(error) => {
            leptos::logging::error!("a session could not be ended: {error}");
            unavailable()
        }
    }
}

#[derive(Deserialize)]
pub struct SetupForm {
    token: Secret,
    #[serde(default)]
    name: String,
    email: String,
    password: Secret,
    repeat: Secret,
}

pub async fn setup(
    Extension(control): Extension<Control>,
    Extension(clock): Extension<Arc<dyn Clock>>,
    Extension(viewer): Extension<Viewer>,
    session: Session,
    Form(form): Form<SetupForm>,
) -> Response {
    let again = |error: &str, token: &Secret| {
        // The token came in the address and goes back there; nothing else of the form does.
        let token: String = token.expose().chars().filter(char::is_ascii_alphanumeric).collect();
        Redirect::to(&format!("/ui/setup?error={error}&token={token}")).into_response()
    };
    if form.password.expose() != form.repeat.expose() {
        return again("repeat", &form.token);
    }
    let name = Some(form.name.trim().to_owned()).filter(|name| !name.is_empty());
    let token = form.token.clone();
    match access::complete_setup(&control, &viewer.op(), form.token, &form.email, name, form.password).await {
        Ok(user) => welcome(&session, &user, &*clock, "/ui", &viewer, None).await,
        Err(ControlError::Invalid { field: "email", .. }) => again("email", &token),
        Err(ControlError::Invalid { field: "password", .. }) => again("password", &token),
        Err(ControlError::Conflict { .. }) => again("done", &token),
        Err(ControlError::Unavailable | ControlError::Internal(_)) => again("unavailable", &token),
        Err(_) => again("token", &token),
    }
}

#[derive(Deserialize)]
pub struct InvitationForm {
    token: Secret,
    password: Secret,
    repeat: Secret,
}

/// Somebody who was invited chooses a password.
pub async fn invitation(
    Extension(control): Extension<Control>,
    Extension(clock): Extension<Arc<dyn Clock>>,
    Extension(viewer): Extension<Viewer>,
    Extension(settings): Extension<Arc<WebSettings>>,
    session: Session,
    Form(form): Form<InvitationForm>,
) -> Response {
    let again = |error: &str| {
        let token: String = form.token.expose().chars().filter(char::is_ascii_alphanumeric).take(100).collect();
        Redirect::to(&format!("/ui/invitation?error={error}&token={token}")).into_response()
    };
    if form.password.expose() != form.repeat.expose() {
        return again("repeat");
    }
    match access::accept_invitation(&control, &viewer.op(), &form.token, form.password.clone()).await {
        Ok(user) if !settings.admits(user.role) => Redirect::to("/ui/sign-in?error=admins").into_response(),
        Ok(user) => welcome(&session, &user, &*clock, "/ui", &viewer, None).await,
        Err(ControlError::Invalid { field: "password", .. }) => again("password"),
        Err(ControlError::Unavailable | ControlError::Internal(_)) => again("unavailable"),
        Err(_) => again("token"),
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(own_path("/ui/keys?after=1"), "/ui/keys?after=1");
        for bad in ["https://evil", "//evil", "/ui//evil", "/uix", "/\\evil", "/ui/sign-in", "", "/ui/\r\nx"] {
            assert_eq!(own_path(bad), "/ui", "{bad}");
        }
    }
}
