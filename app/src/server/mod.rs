//! The dashboard's HTTP side: sessions, who is signed in, protections, and the routes that render pages.

mod doors;
mod facts;
mod faults;
pub(crate) mod plain;
mod protect;
mod sso;
mod viewer;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware;
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes as _, ResponseOptions, generate_route_list};
use tollgate_control::{Control, OpContext};
use tollgate_domain::Clock;
use tollgate_domain::actor::Role;
use tollgate_domain::sso::Proven;
use tollgate_domain::user::User;
use tollgate_store::Sessions;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

use crate::{App, ServerError, server_forms, shell};

pub use facts::{SaltKey, StartFacts};
pub use sso::SignOn;
pub use viewer::{SessionView, Viewer};

/// A session ends when it was not used for so long.
const IDLE_HOURS: i64 = 12;

/// The state of the dashboard's routes.
pub type ServerState = LeptosOptions;

/// Whether the program carries the wasm, so that pages may start it.
#[derive(Clone, Copy, Debug)]
pub struct WithWasm(pub bool);

/// How the dashboard is reached.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// `PROXY_BASE_URL`: the address that people use, without a slash at the end.
    pub base_url: Option<String>,
    pub with_wasm: bool,
    /// `ui_access_mode: admin_only`: only administrators and auditors get in.
    pub admin_only: bool,
    /// Through providers; besides, or instead of, e-mail address and password.
    pub sign_on: SignOn,
    /// For the settings page.
    pub facts: StartFacts,
}

impl WebSettings {
    /// Whether somebody like that may use the dashboard at all.
    pub(crate) fn admits(&self, role: Role) -> bool {
        !self.admin_only || matches!(role, Role::Admin | Role::Auditor)
    }

    fn is_https(&self) -> bool {
        self.base_url.as_deref().map_or(self.facts.tls, |url| url.starts_with("https://"))
    }
}

/// Every route under `/ui`, but for the static files.
pub fn routes(control: Control, sessions: Sessions, clock: Arc<dyn Clock>, settings: WebSettings) -> Router {
    let options = LeptosOptions::builder().output_name("tollgate").site_pkg_dir("pkg").build();
    let with_wasm = WithWasm(settings.with_wasm);
    let shell_options = options.clone();
    let pages = Router::<ServerState>::new()
        .leptos_routes_with_context(
            &options,
            generate_route_list(App),
            move || provide_context(with_wasm),
            move || shell(shell_options.clone()),
        )
        .route("/ui/api/{*function}", post(leptos_axum::handle_server_fns))
        .merge(server_forms::router())
        .route("/ui/sign-in", post(doors::sign_in))
        .route("/ui/sign-out", post(doors::sign_out))
        .route("/ui/setup", post(doors::setup))
        .route("/ui/invitation", post(doors::invitation))
        .merge(sso::router())
        .with_state(options.clone());
    // Browsers refuse `__Host-` and `Secure` cookies over plain HTTP, which is how the first five minutes are.
    let https = settings.is_https();
    let session_layer = SessionManagerLayer::new(sessions)
        .with_name(if https { "__Host-tollgate" } else { "tollgate" })
        .with_secure(https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(Duration::hours(IDLE_HOURS)));
    let settings = Arc::new(settings);
    pages
        .layer(middleware::from_fn(protect::require_sign_in))
        .layer(middleware::from_fn(viewer::attach))
        .layer(session_layer)
        .layer(middleware::from_fn(protect::same_origin))
        .merge(sso::back_channel().with_state(options))
        .layer(middleware::map_response(protect::security_headers))
        .layer(Extension(control))
        .layer(Extension(clock))
        .layer(Extension(settings))
        .layer(Extension(with_wasm))
}

/// Renders the page of the request's path with something added to its context: for forms whose answer is a page.
pub async fn render(
    request: Request,
    status: StatusCode,
    context: impl Fn() + Clone + Send + Sync + 'static,
) -> Response {
    let with_wasm = request.extensions().get::<WithWasm>().copied().unwrap_or(WithWasm(false));
    let options = LeptosOptions::builder().output_name("tollgate").site_pkg_dir("pkg").build();
    let (mut parts, _) = request.into_parts();
    parts.method = http::Method::GET;
    let handler = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(with_wasm);
            context();
        },
        move || shell(options.clone()),
    );
    let mut response = handler(Request::from_parts(parts, Body::empty())).await;
    if status != StatusCode::OK {
        *response.status_mut() = status;
    }
    // What is shown once must not come back from a cache.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Sets the page's content security policy, with the nonce of its scripts.
pub fn set_content_security_policy() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'wasm-unsafe-eval' 'strict-dynamic'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    if let Ok(value) = HeaderValue::try_from(policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, value);
    }
}

/// Whether a page can have islands that come alive.
pub fn with_wasm() -> bool {
    use_context::<WithWasm>().is_some_and(|with| with.0)
}

async fn extension<T: Clone + Send + Sync + 'static>() -> Result<T, ServerError> {
    let Extension(value) = leptos_axum::extract::<Extension<T>>().await.map_err(|_| ServerError::Internal)?;
    Ok(value)
}

/// The signed-in person, in a server function.
pub async fn signed_in() -> Result<User, ServerError> {
    extension::<Viewer>().await?.user.ok_or(ServerError::NotSignedIn)
}

/// The row of the session through which somebody looks, in a server function.
pub async fn own_session() -> Result<Option<String>, ServerError> {
    Ok(extension::<Viewer>().await?.session)
}

/// The control plane and the signed-in person's context, in a server function: deny by default.
pub async fn op_context() -> Result<(Control, OpContext), ServerError> {
    let viewer = extension::<Viewer>().await?;
    if viewer.user.is_none() {
        return Err(ServerError::NotSignedIn);
    }
    Ok((extension::<Control>().await?, viewer.op()))
}

/// What a provider said of whoever tried a sign-in in this browser: told once.
pub async fn take_tested() -> Result<Option<Proven>, ServerError> {
    let session: Session = leptos_axum::extract().await.map_err(|_| ServerError::Internal)?;
    // Removing what isn't there would still save the session, and say its id again.
    match session.get_value(sso::TESTED).await.map_err(|_| ServerError::Internal)? {
        None => Ok(None),
        Some(_) => session.remove(sso::TESTED).await.map_err(|_| ServerError::Internal),
    }
}

/// The address under which the gateway is reached, for snippets.
pub async fn base_url() -> Result<String, ServerError> {
    Ok(extension::<Viewer>().await?.base_url)
}

/// How the dashboard is reached, and how the process was started.
pub async fn settings() -> Result<WebSettings, ServerError> {
    Ok(WebSettings::clone(&*extension::<Arc<WebSettings>>().await?))
}
