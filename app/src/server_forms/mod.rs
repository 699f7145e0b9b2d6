//! The forms of the dashboard that change something: plain POST handlers, so that they work without JavaScript.
//!
//! Who is signed in, and that a form was sent by a page of this very site, is checked by layers around these routes.

mod access_groups;
mod audit;
mod budgets;
mod credentials;
mod customers;
mod exports;
mod increases;
mod key_fields;
mod keys;
mod members;
mod models;
mod organisations;
mod proof;
mod records;
mod rotate_key;
mod scim;
mod second_factor;
mod sign_in_setup;
mod tags;
mod teams;
mod users;

use axum::Router;
use axum::body::Body;
use axum::extract::{Form as Fields, FromRequest as _, Request};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use leptos::prelude::provide_context;
use serde::Deserialize;
use tollgate_control::{Control, ControlError, Managed, OpContext};
use tollgate_domain::ids::BudgetId;
use tollgate_domain::model::ModelPattern;
use tollgate_store::Table;

use crate::kit::{Form, id_of_segment};
use crate::server::{ServerState, plain, render};

pub fn router() -> Router<ServerState> {
    Router::new()
        .merge(access_groups::router())
        .merge(audit::router())
        .merge(budgets::router())
        .merge(credentials::router())
        .merge(customers::router())
        .merge(exports::router())
        .merge(increases::router())
        .merge(keys::router())
        .merge(members::router())
        .merge(models::router())
        .merge(organisations::router())
        .merge(proof::router())
        .merge(rotate_key::router())
        .merge(scim::router())
        .merge(second_factor::router())
        .merge(sign_in_setup::router())
        .merge(tags::router())
        .merge(teams::router())
        .merge(users::router())
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

/// Changes a record as a form says; `None`, and what is wrong told in the form. An error is something that no other form
/// could put right.
async fn change<T: Managed + Table>(
    control: &Control,
    op: &OpContext,
    id: &str,
    form: &mut Form,
    names: &[(&str, &str)],
    apply: impl FnOnce(&mut T) -> Result<(), ControlError>,
) -> Result<Option<T>, ControlError> {
    let version = form.version();
    if version.is_none() {
        // Without it, somebody else's change could be written over unseen.
        form.refuse_at("", "The form came without the version that it was made from: open it again.");
        return Ok(None);
    }
    match tollgate_control::records::update(control, op, id, version, apply).await {
        Ok(saved) => Ok(Some(saved)),
        Err(error @ ControlError::NotFound { .. }) => Err(error),
        Err(error) => {
            let is_conflict = matches!(error, ControlError::Conflict { .. });
            if is_conflict
                && version != Some(Managed::meta(&tollgate_control::records::get::<T>(control, op, id).await?).version)
            {
                form.refuse_as_changed();
            } else {
                form.refuse(&error, names);
            }
            Ok(None)
        }
    }
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

/// An id in a path: what [`crate::kit::segment`] made of it.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
struct Segment(String);

impl From<String> for Segment {
    fn from(part: String) -> Self {
        Self(id_of_segment(&part))
    }
}

/// The id in a field, if there is one.
fn id<T>(form: &mut Form, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    let text = form.get(name)?;
    let id = parse(&text);
    if id.is_none() {
        form.refuse_at(name, "Nothing can have that id.");
    }
    id
}

/// The shared budget that was chosen. One that is not there is told about by the control plane.
fn typed_budget(form: &mut Form) -> Option<BudgetId> {
    id(form, "budget_id", BudgetId::parse)
}

/// The models that were ticked and typed.
fn typed_models(form: &Form) -> Vec<ModelPattern> {
    form.models("models").into_iter().map(ModelPattern::new).collect()
}

/// The ids that are ticked in a field.
fn ids<T>(form: &mut Form, name: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
    form.all(name).iter().filter_map(|text| parse(text)).collect()
}

/// Whether the name was typed that has to be before something is deleted; if not, the form says so.
fn is_named(form: &mut Form, name: &str) -> bool {
    let named = form.get("confirm").as_deref() == Some(name.trim());
    if !named {
        form.refuse_at("confirm", "Nothing was deleted: that is not its name");
    }
    named
}

#[cfg(test)]
mod tests;
