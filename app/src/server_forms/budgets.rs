//! Making, changing and deleting reusable budgets.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use tollgate_control::Control;
use tollgate_domain::budget::Budget;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::BudgetId;
use tollgate_domain::record::no_meta;

use super::records::Kind;
use super::{read_form, show_again};
use crate::kit::{LimitNames, id_of_segment};
use crate::pages::{BUDGETS, budget_href};
use crate::server::{ServerState, Viewer};

const KIND: Kind = Kind { list: BUDGETS, href: budget_href, names: &[("conflict", "id")] };

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/budgets/create", post(create))
        .route("/ui/budgets/{id}/update", post(update))
        .route("/ui/budgets/{id}/delete", post(delete))
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
    let name = form.required("name", "Give it a name.");
    let limits = form.limits(&LimitNames::OWN).fresh();
    let id = match form.get("id") {
        Some(text) => BudgetId::parse(&text),
        None => Some(BudgetId::new(&**control.clock(), &SystemEntropy)),
    };
    if id.is_none() {
        form.refuse_at("id", "Nothing can have that id.");
    }
    let (Some(id), false) = (id, form.is_refused()) else { return show_again(request, form).await };
    let new = Budget { id, name, limits, meta: no_meta() };
    KIND.create(&control, &viewer.op(), new, form, request).await
}

async fn update(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let name = form.required("name", "Give it a name.");
    let limits = form.limits(&LimitNames::OWN);
    if form.is_refused() {
        return show_again(request, form).await;
    }
    let apply = |budget: &mut Budget| {
        budget.name = name;
        budget.limits = limits.over(&budget.limits);
    };
    KIND.update(&control, &viewer.op(), &id_of_segment(&id), form, request, apply).await
}

async fn delete(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let name = |budget: &Budget| budget.name.clone();
    KIND.delete(&control, &viewer.op(), &id_of_segment(&id), name, form, request).await
}
