//! The forms of the dashboard that change something: plain POST handlers, so that they work without JavaScript.
//!
//! Who is signed in, and that a form was sent by a page of this very site, is checked by layers around these routes.

mod access_groups;
mod audit;
mod budgets;
mod credentials;
mod customers;
mod keys;
mod models;
mod records;
mod tags;

use axum::Router;
use axum::body::Body;
use axum::extract::{Form as Fields, FromRequest as _, Request};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use leptos::prelude::provide_context;
use tollgate_control::{Control, ControlError, Managed, OpContext};
use tollgate_domain::ids::BudgetId;
use tollgate_domain::model::ModelPattern;
use tollgate_store::Table;

use crate::kit::Form;
use crate::server::{ServerState, plain, render};

pub fn router() -> Router<ServerState> {
    Router::new()
        .merge(access_groups::router())
        .merge(audit::router())
        .merge(budgets::router())
        .merge(credentials::router())
        .merge(customers::router())
        .merge(keys::router())
        .merge(models::router())
        .merge(tags::router())
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
    let now = tollgate_control::records::get::<T>(control, op, id).await;
    version.is_some() && now.is_ok_and(|now| Some(Managed::meta(&now).version) != version)
}

/// The shared budget that was chosen. One that is not there is told about by the control plane.
fn typed_budget(form: &mut Form) -> Option<BudgetId> {
    let text = form.get("budget_id")?;
    let id = BudgetId::parse(&text);
    if id.is_none() {
        form.refuse_at("budget_id", "There is no such budget.");
    }
    id
}

/// The models that were ticked and typed.
fn typed_models(form: &Form) -> Vec<ModelPattern> {
    form.models("models").into_iter().map(ModelPattern::new).collect()
}

#[cfg(test)]
mod tests;
