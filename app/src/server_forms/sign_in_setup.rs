//! Asking a provider of single sign-on, to see whether it can be reached.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use leptos::prelude::provide_context;
use tollgate_domain::actor::{Action, Place, Resource};

use super::read_form;
use crate::kit::redirect_with;
use crate::pages::{Checked, SIGN_IN_SETUP};
use crate::server::{ServerState, Viewer, WebSettings, render};

pub fn router() -> Router<ServerState> {
    Router::new().route("/ui/settings/sign-in", post(check))
}

async fn check(
    Extension(viewer): Extension<Viewer>,
    Extension(settings): Extension<Arc<WebSettings>>,
    request: Request,
) -> Response {
    let (form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    // It makes the gateway ask: for those who may change something.
    if !viewer.op().may(Action::Update, Resource::Settings, &Place::default()) {
        return redirect_with(SIGN_IN_SETUP, "denied");
    }
    let provider = form.typed("provider");
    let outcome = match settings.sign_on.sso.check(&provider).await {
        Ok(found) => Ok(format!("It answers: the issuer is {}, with {} keys.", found.issuer, found.keys)),
        Err(failure) => Err(format!("{}: {}", failure.fault, failure.detail)),
    };
    let checked = Checked { provider, outcome };
    render(request, StatusCode::OK, move || provide_context(checked.clone())).await
}
