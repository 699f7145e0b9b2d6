//! Making, changing and deleting access groups.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use tollgate_control::Control;
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::ids::AccessGroupId;
use tollgate_domain::record::no_meta;

use super::records::Kind;
use super::{read_form, show_again, typed_models};
use crate::kit::id_of_segment;
use crate::pages::{ACCESS_GROUPS, access_group_href};
use crate::server::{ServerState, Viewer};

const KIND: Kind =
    Kind { list: ACCESS_GROUPS, href: access_group_href, names: &[("conflict", "name"), ("models", "models")] };

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/access-groups/create", post(create))
        .route("/ui/access-groups/{id}/update", post(update))
        .route("/ui/access-groups/{id}/delete", post(delete))
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
    let id = AccessGroupId::parse(&name);
    if id.is_none() && !name.is_empty() {
        form.refuse_at("name", "Nothing can be called so.");
    }
    let (Some(id), false) = (id, form.is_refused()) else { return show_again(request, form).await };
    let new = AccessGroup { id, description: form.get("description"), models: typed_models(&form), meta: no_meta() };
    KIND.create(&control, &viewer.op(), new, form, request).await
}

async fn update(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let (description, models) = (form.get("description"), typed_models(&form));
    let apply = |group: &mut AccessGroup| {
        group.description = description;
        group.models = models;
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
    let name = |group: &AccessGroup| group.id.to_string();
    KIND.delete(&control, &viewer.op(), &id_of_segment(&id), name, form, request).await
}
