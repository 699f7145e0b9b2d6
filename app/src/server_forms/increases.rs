//! Asking for increases, and deciding.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use tollgate_control::increases::{self, Approval, IncreaseRow, NewIncrease};
use tollgate_control::{Control, ControlError};
use tollgate_domain::increase::{IncreaseRequest, RAISABLE};

use super::{is_outdated, read_form, show_again};
use crate::kit::{Form, id_of_segment, redirect_with, refusal};
use crate::pages::{INCREASES, increase_href};
use crate::server::{ServerState, Viewer};

const NAMES: &[(&str, &str)] = &[("account_kind", "")];

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/increases/create", post(create))
        .route("/ui/increases/{id}/approve", post(approve))
        .route("/ui/increases/{id}/deny", post(deny))
        .route("/ui/increases/{id}/withdraw", post(withdraw))
}

async fn create(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let account_id = form.required("id", "Say whose limit.");
    let kind = RAISABLE.into_iter().find(|kind| kind.as_str() == form.typed("account"));
    if kind.is_none() {
        form.refuse_at("", "Limits of this kind are not asked for.");
    }
    form.required("amount", "Say how much.");
    let amount = form.money("amount");
    let until = form.end_of_day("until");
    let reason = form.required("reason", "Say what it is needed for.");
    let (Some(account), Some(amount), false) = (kind, amount, form.is_refused()) else {
        return show_again(request, form).await;
    };
    let new = NewIncrease { account, account_id, amount, until, reason };
    match increases::ask(&control, &viewer.op(), new).await {
        Ok(row) => redirect_with(&increase_href(row.request.id.as_str()), "asked"),
        Err(error) => {
            form.refuse(&error, NAMES);
            show_again(request, form).await
        }
    }
}

async fn approve(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let approval = Approval { amount: form.money("amount"), until: form.end_of_day("until"), note: form.get("note") };
    if form.is_refused() {
        return show_again(request, form).await;
    }
    let (id, op) = (id_of_segment(&id), viewer.op());
    let done = increases::approve(&control, &op, &id, form.version(), approval).await;
    answer(&control, &viewer, &id, done, "approved", form, request).await
}

async fn deny(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let id = id_of_segment(&id);
    let done = increases::deny(&control, &viewer.op(), &id, form.version(), form.get("note")).await;
    answer(&control, &viewer, &id, done, "declined", form, request).await
}

async fn withdraw(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let id = id_of_segment(&id);
    let done = increases::withdraw(&control, &viewer.op(), &id, form.version()).await;
    answer(&control, &viewer, &id, done, "withdrawn", form, request).await
}

/// To the request's page, or the form again where something in it can be put right.
async fn answer(
    control: &Control,
    viewer: &Viewer,
    id: &str,
    done: Result<IncreaseRow, ControlError>,
    notice: &str,
    mut form: Form,
    request: Request,
) -> Response {
    let Err(error) = done else { return redirect_with(&increase_href(id), notice) };
    match error {
        ControlError::Invalid { .. } => {
            form.refuse(&error, NAMES);
            show_again(request, form).await
        }
        ControlError::Conflict { .. }
            if !is_outdated::<IncreaseRequest>(control, &viewer.op(), id, form.version(), &error).await =>
        {
            form.refuse(&error, NAMES);
            show_again(request, form).await
        }
        ControlError::Denied { .. } | ControlError::NotFound { .. } => redirect_with(INCREASES, refusal(&error)),
        _ => redirect_with(&increase_href(id), refusal(&error)),
    }
}
