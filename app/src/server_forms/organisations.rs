//! Making, changing, blocking and deleting organisations.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use tollgate_control::{Control, ControlError, OpContext, groups, records};
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{AccessGroupId, BudgetId, OrganisationId};
use tollgate_domain::limits::Limits;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::no_meta;

use super::{Segment, change, id, ids, is_named, read_form, show_again, typed_models};
use crate::kit::{Form, LimitNames, redirect_with, refusal};
use crate::pages::{ORGANISATIONS, organisation_href};
use crate::server::{ServerState, Viewer};

const NAMES: &[(&str, &str)] = &[("models", "models"), ("access_groups", "access_groups"), ("conflict", "name")];

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/organisations/new", post(create))
        .route("/ui/organisations/{id}/settings", post(update))
        .route("/ui/organisations/{id}/block", post(block))
        .route("/ui/organisations/{id}/unblock", post(unblock))
        .route("/ui/organisations/{id}/delete", post(delete))
}

/// What a form says of an organisation. What is wrong is told in the form.
fn read(form: &mut Form) -> impl FnOnce(&mut Organisation) + use<> {
    let name = form.required("name", "Give the organisation a name.");
    let budget = id(form, "budget_id", BudgetId::parse);
    let access_groups = ids(form, "access_groups", AccessGroupId::parse);
    let limits = form.limits(&LimitNames::OWN);
    let metadata = form.json_object("metadata");
    let (models, given) = (typed_models(form), form.is_ticked("given"));
    move |organisation| {
        organisation.name = name;
        if given {
            organisation.models = models;
            organisation.access_groups = access_groups;
            organisation.budget_id = budget;
            organisation.limits = limits.over(&organisation.limits);
        }
        organisation.metadata = metadata;
    }
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
    match try_create(&control, &viewer.op(), &mut form).await {
        Some(new) => redirect_with(&organisation_href(new.id.as_str()), "created"),
        None => show_again(request, form).await,
    }
}

/// `None`, and what is wrong told in the form.
async fn try_create(control: &Control, op: &OpContext, form: &mut Form) -> Option<Organisation> {
    let apply = read(form);
    if form.is_refused() {
        return None;
    }
    let mut new = Organisation {
        id: OrganisationId::new(control.clock().as_ref(), &SystemEntropy),
        name: String::new(),
        models: Vec::new(),
        access_groups: Vec::new(),
        blocked: false,
        budget_id: None,
        limits: Limits::default(),
        metadata: serde_json::Map::new(),
        settings: serde_json::Map::new(),
        meta: no_meta(),
    };
    apply(&mut new);
    records::create(control, op, new).await.map_err(|error| form.refuse(&error, NAMES)).ok()
}

async fn update(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let apply = read(&mut form);
    if form.is_refused() {
        return show_again(request, form).await;
    }
    let apply = |organisation: &mut Organisation| {
        apply(organisation);
        Ok(())
    };
    match change(&control, &viewer.op(), &id, &mut form, NAMES, apply).await {
        Ok(Some(_)) => redirect_with(&format!("{}/settings", organisation_href(&id)), "updated"),
        Ok(None) => show_again(request, form).await,
        Err(error) => redirect_with(&organisation_href(&id), refusal(&error)),
    }
}

async fn block(viewer: Extension<Viewer>, control: Extension<Control>, id: Path<Segment>) -> Response {
    set_blocked(viewer, control, id, true).await
}

async fn unblock(viewer: Extension<Viewer>, control: Extension<Control>, id: Path<Segment>) -> Response {
    set_blocked(viewer, control, id, false).await
}

async fn set_blocked(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
    blocked: bool,
) -> Response {
    let action = if blocked { "organisation.block" } else { "organisation.unblock" };
    let apply = |organisation: &mut Organisation| {
        organisation.blocked = blocked;
        Ok(())
    };
    let notice = match records::update_as(&control, &viewer.op(), &id, None, action, apply).await {
        Ok(_) if blocked => "blocked",
        Ok(_) => "unblocked",
        Err(error) => refusal(&error),
    };
    redirect_with(&organisation_href(&id), notice)
}

/// Deletes an organisation whose name was typed, if it has no teams; it can't be undone.
async fn delete(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let op = viewer.op();
    let organisation = match records::get::<Organisation>(&control, &op, &id).await {
        Ok(organisation) => organisation,
        Err(error) => return redirect_with(ORGANISATIONS, refusal(&error)),
    };
    if !is_named(&mut form, &organisation.name) {
        return show_again(request, form).await;
    }
    match groups::delete_organisation(&control, &op, &id, form.version()).await {
        Ok(_) => redirect_with(ORGANISATIONS, "deleted"),
        // It has teams, or was changed: the page says which.
        Err(error @ ControlError::Conflict { .. }) => {
            form.refuse(&error, &[]);
            show_again(request, form).await
        }
        Err(error) => redirect_with(&organisation_href(&id), refusal(&error)),
    }
}
