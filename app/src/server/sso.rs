//! Coming in through a provider: out to it, back from it, and what it says later.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Form, Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::StatusCode;
use serde::Deserialize;
use tollgate_control::access::{self, SsoError};
use tollgate_control::{Control, OpContext};
use tollgate_domain::Clock;
use tollgate_domain::actor::{Actor, Memberships, Role};
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::new_uuid;
use tollgate_domain::secret::Secret;
use tollgate_domain::sso::{Admission, Fault};
use tollgate_sso::{Callback, Failure, Pending, Sso};
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, Session};

use super::doors::{own_path, welcome};
use super::faults::{self, plain_failure};
use super::{ServerState, Viewer, WebSettings};

/// In the session: the sign-ins that were begun and not answered.
const PENDING: &str = "pending";

/// Somebody may have several tabs open, but not many.
const MOST_PENDING: usize = 5;

/// Where a sign-in leads that is only tried: nobody is signed in by it.
const TRY: &str = "/ui/settings/sign-in/test";

/// In the session of an administrator: what a provider said of whoever tried.
pub(super) const TESTED: &str = "tested";

/// How one signs in through providers.
#[derive(Clone, Debug, Default)]
pub struct SignOn {
    pub sso: Sso,
    pub admission: Admission,
    /// `PROXY_LOGOUT_URL`: where signing out of the provider leads, instead of where its metadata say.
    pub logout_url: Option<String>,
    /// `disable_password_login_when_sso_enabled`: passwords let nobody in, once an administrator came through a provider.
    pub passwords_off: bool,
}

impl SignOn {
    /// Whether one can sign out at the provider.
    pub(super) async fn can_sign_out_of(&self, provider: &str) -> bool {
        self.logout_url.is_some() || matches!(self.sso.end_session_url(provider, "").await, Ok(Some(_)))
    }
}

/// What a person's browser asks for.
pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/sso/login/{provider}", get(login))
        .route("/sso/callback", get(callback))
        .route("/sso/logout/{provider}", get(logout))
        // LiteLLM's way in.
        .route("/sso/key/generate", get(|| async { Redirect::to("/ui/sign-in") }))
}

/// What a provider itself asks for: no browser, no session, no page of this site.
pub fn back_channel() -> Router<ServerState> {
    Router::new().route("/sso/backchannel/{provider}", post(ended_there))
}

#[derive(Deserialize)]
struct Login {
    #[serde(default)]
    next: String,
}

async fn login(
    Extension(control): Extension<Control>,
    Extension(settings): Extension<Arc<WebSettings>>,
    Extension(viewer): Extension<Viewer>,
    Extension(clock): Extension<Arc<dyn Clock>>,
    session: Session,
    Path(provider): Path<String>,
    Query(Login { next }): Query<Login>,
) -> Response {
    let redirect = format!("{}/sso/callback", viewer.base_url);
    let begun = settings.sign_on.sso.begin(&provider, &redirect, own_path(&next)).await;
    let (url, pending) = match begun {
        Ok(begun) => begun,
        Err(failure) => return failed(&control, &viewer, &provider, failure).await,
    };
    let mut all: Vec<Pending> = session.get(PENDING).await.ok().flatten().unwrap_or_default();
    all.retain(|pending| !pending.is_over(clock.now()));
    if all.len() >= MOST_PENDING {
        all.remove(0);
    }
    all.push(pending);
    if viewer.user.is_none() {
        // Nobody is signed in by it yet: it is kept no longer than the sign-in may take.
        session.set_expiry(Some(Expiry::OnInactivity(Duration::minutes(10))));
    }
    // Kept before the browser goes: the answer may be quick.
    let kept = async {
        session.insert(PENDING, all).await?;
        session.save().await
    };
    match kept.await {
        Ok(()) => Redirect::to(url.as_str()).into_response(),
        Err(error) => {
            let failure = Failure { fault: Fault::Unavailable, detail: format!("no session could be kept: {error}") };
            failed(&control, &viewer, &provider, failure).await
        }
    }
}

async fn callback(
    Extension(control): Extension<Control>,
    Extension(settings): Extension<Arc<WebSettings>>,
    Extension(viewer): Extension<Viewer>,
    Extension(clock): Extension<Arc<dyn Clock>>,
    session: Session,
    Query(mut asked): Query<HashMap<String, String>>,
) -> Response {
    let answer = Callback {
        state: asked.remove("state").unwrap_or_default(),
        code: asked.remove("code").map(Secret::new),
        iss: asked.remove("iss"),
        error: asked.remove("error"),
        error_description: asked.remove("error_description"),
    };
    let Some(pending) = take(&session, &answer.state, &*clock).await else {
        let detail = "this browser began no such sign-in in the last ten minutes, or it was answered".to_owned();
        return failed(&control, &viewer, "", Failure { fault: Fault::State, detail }).await;
    };
    let sign_on = &settings.sign_on;
    let who = match sign_on.sso.finish(&pending, answer).await {
        Ok(who) => who,
        Err(failure) => return failed(&control, &viewer, &pending.provider, failure).await,
    };
    if pending.next == TRY && viewer.user.as_ref().is_some_and(|user| user.role == Role::Admin) {
        return match session.insert(TESTED, &who).await {
            Ok(()) => Redirect::to("/ui/settings/sign-in").into_response(),
            Err(_) => faults::page(Fault::Unavailable, &viewer.request_id),
        };
    }
    // Whoever was signed in in this browser has nothing to do with it.
    let op = OpContext { actor: Actor::Anonymous, memberships: Memberships::default(), ..viewer.op() };
    let admits = |role| settings.admits(role);
    match access::sign_in_through(&control, &op, &sign_on.admission, &who, admits).await {
        Ok(user) => welcome(&session, &user, &*clock, own_path(&pending.next), &viewer, Some(&who)).await,
        Err(SsoError::Refused(fault)) => faults::page(fault, &viewer.request_id),
        Err(SsoError::Control(error)) => {
            leptos::logging::error!("a sign-in through {} failed: {error}", who.provider);
            faults::page(Fault::Unavailable, &viewer.request_id)
        }
    }
}

/// The sign-in with that state, which is used up whatever comes of it.
async fn take(session: &Session, state: &str, clock: &dyn Clock) -> Option<Pending> {
    let mut all: Vec<Pending> = session.get(PENDING).await.ok().flatten()?;
    let at = all.iter().position(|pending| pending.is_for(state, clock.now()))?;
    let pending = all.remove(at);
    session.insert(PENDING, all).await.ok()?;
    session.save().await.ok()?;
    Some(pending)
}

/// Puts it into the audit log, and helps whoever is honest.
async fn failed(control: &Control, viewer: &Viewer, provider: &str, failure: Failure) -> Response {
    let Failure { fault, detail } = failure;
    let op = viewer.op();
    match access::sso_failed(control, &op, provider, fault, &detail).await {
        Ok(()) => faults::page(fault, &viewer.request_id),
        Err(error) => {
            leptos::logging::error!("a sign-in that failed ({fault}) could not be audited: {error}");
            faults::page(Fault::Unavailable, &viewer.request_id)
        }
    }
}

/// Leads to where one signs out of the provider. It is a link: a page may not send forms to another site.
async fn logout(
    Extension(settings): Extension<Arc<WebSettings>>,
    Extension(viewer): Extension<Viewer>,
    Path(provider): Path<String>,
) -> Response {
    let back_to = format!("{}/ui/sign-in", viewer.base_url);
    match settings.sign_on.sso.end_session_url(&provider, &back_to).await {
        Err(Failure { fault, .. }) => faults::page(fault, &viewer.request_id),
        Ok(url) => match settings.sign_on.logout_url.as_deref().or(url.as_ref().map(url::Url::as_str)) {
            Some(url) => Redirect::to(url).into_response(),
            None => Redirect::to("/ui/sign-in").into_response(),
        },
    }
}

#[derive(Deserialize)]
struct LogoutForm {
    logout_token: Secret,
}

/// A provider says that somebody signed out there.
async fn ended_there(
    Extension(control): Extension<Control>,
    Extension(settings): Extension<Arc<WebSettings>>,
    Extension(clock): Extension<Arc<dyn Clock>>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    Path(provider): Path<String>,
    Form(form): Form<LogoutForm>,
) -> Response {
    let op = OpContext {
        actor: Actor::Anonymous,
        memberships: Memberships::default(),
        request_id: new_uuid(&*clock, &SystemEntropy).to_string(),
        address: peer.map(|Extension(ConnectInfo(peer))| peer.ip().to_canonical().to_string()),
        user_agent: None,
        on_behalf_of: None,
    };
    let ended = match settings.sign_on.sso.ended_there(&provider, &form.logout_token).await {
        Ok(ended) => ended,
        Err(failure) => return plain_failure(&failure),
    };
    let session = ended.session.as_deref();
    match access::signed_out_there(&control, &op, &provider, &ended.issuer, &ended.subject, session).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(error) => {
            leptos::logging::error!("sessions could not be ended: {error}");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
