//! The forms of the dashboard that change something: plain POST handlers, so that they work without JavaScript.
//!
//! Who is signed in, and that a form was sent by a page of this very site, is checked by layers around these routes.

mod audit;
mod credentials;
mod keys;
mod models;

use axum::Router;
use axum::body::Body;
use axum::extract::{Form as Fields, FromRequest as _, Request};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use leptos::prelude::provide_context;
use tollgate_control::{Control, ControlError, Managed, OpContext, records};
use tollgate_store::Table;

use crate::kit::Form;
use crate::server::{ServerState, plain, render};

pub fn router() -> Router<ServerState> {
    Router::new().merge(audit::router()).merge(credentials::router()).merge(keys::router()).merge(models::router())
}

/// A form that was sent, and the request without its body.
async fn read_form(request: Request) -> Result<(Form, Request), Response> {
    let (parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    match Fields::<Vec<(String, String)>>::from_request(whole, &()).await {
        Ok(Fields(values)) => Ok((Form::sent(values), Request::from_parts(parts, Body::empty()))),
        Err(rejection) => Err(plain::page(
            rejection.into_response().status(),
            "The form could not be read",
            "Nothing was changed: what arrived was no form, or a larger one than any page sends. Open the page again.",
        )),
    }
}

/// Shows a form again that was not accepted: the GET page of the same address gets it by [`Form::of_context`].
async fn show_again(request: Request, form: Form) -> Response {
    render(request, StatusCode::UNPROCESSABLE_ENTITY, move || provide_context(form.clone())).await
}

/// Whether a conflict is that the thing was changed after the form was opened.
async fn is_outdated<T: Managed + Table>(
    control: &Control,
    op: &OpContext,
    id: &str,
    version: Option<i64>,
    error: &ControlError,
) -> bool {
    if !matches!(error, ControlError::Conflict { .. }) {
        return false;
    }
    let now = records::get::<T>(control, op, id).await;
    version.is_some() && now.is_ok_and(|now| Some(Managed::meta(&now).version) != version)
}

#[cfg(test)]
mod tests;
