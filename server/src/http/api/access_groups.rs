//! `/api/v1/access-groups`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tollgate_control::records::Filter;
use tollgate_domain::access_group;
use tollgate_domain::ids::AccessGroupId;
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::no_meta;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{CreateErrors, DeleteErrors, GetErrors, ListErrors, UpdateErrors};
use super::extract::{Caller, IfMatch, InBody, InPath, InQuery};
use super::list::{List, Order, wanted};
use super::records::{self, Answer, History};
use super::values::Patch;

type Record = access_group::AccessGroup;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

/// A group of models that access is given to as a whole: a key, team or organisation that names it may call each.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccessGroup {
    /// Its name.
    #[schema(value_type = String)]
    id: AccessGroupId,
    description: Option<String>,
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[serde(flatten)]
    history: History,
}

impl From<Record> for AccessGroup {
    fn from(record: Record) -> Self {
        Self { id: record.id, description: record.description, models: record.models, history: record.meta.into() }
    }
}

/// A new access group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccessGroup {
    /// Its name.
    #[schema(value_type = String)]
    id: AccessGroupId,
    description: Option<String>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
}

/// A change of an access group: what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessGroupPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    models: Patch<Vec<ModelPattern>>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccessGroupQuery {
    /// Part of the name or the description, whatever the case.
    search: Option<String>,
    #[param(inline)]
    order: Option<Order>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// List access groups
#[utoipa::path(get, path = "/api/v1/access-groups", operation_id = "list_access_groups", tag = "Access groups", params(AccessGroupQuery),
    responses((status = 200, description = "A page", body = List<AccessGroup>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<AccessGroupQuery>) -> Answer {
    let filter = Filter { search: query.search, order: query.order.unwrap_or_default().into(), ..Filter::default() };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    records::list::<Record, AccessGroup>(&server, &caller, filter, wanted).await
}

/// Make an access group
#[utoipa::path(post, path = "/api/v1/access-groups", operation_id = "create_access_group", tag = "Access groups", request_body = NewAccessGroup,
    responses((status = 201, description = "Made", body = AccessGroup), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewAccessGroup>) -> Answer {
    let new = Record { id: body.id, description: body.description, models: body.models, meta: no_meta() };
    records::create::<Record, AccessGroup>(&server, &caller, "access-groups", new).await
}

/// Get an access group
#[utoipa::path(get, path = "/api/v1/access-groups/{id}", operation_id = "get_access_group", tag = "Access groups",
    params(("id" = String, Path)), responses((status = 200, description = "The access group", body = AccessGroup), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    records::get::<Record, AccessGroup>(&server, &caller, &id).await
}

/// Change an access group
#[utoipa::path(patch, path = "/api/v1/access-groups/{id}", operation_id = "update_access_group", tag = "Access groups",
    params(("id" = String, Path)), request_body = AccessGroupPatch,
    responses((status = 200, description = "Changed", body = AccessGroup), UpdateErrors))]
async fn update(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    seen: IfMatch,
    InBody(body): InBody<AccessGroupPatch>,
) -> Answer {
    records::update::<Record, AccessGroup>(&server, &caller, &id, seen, |record| {
        body.description.optional(&mut record.description);
        body.models.or_default(&mut record.models);
        Ok(())
    })
    .await
}

/// Delete an access group
#[utoipa::path(delete, path = "/api/v1/access-groups/{id}", operation_id = "delete_access_group", tag = "Access groups",
    params(("id" = String, Path)), responses((status = 204, description = "Deleted"), DeleteErrors))]
async fn delete(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>, seen: IfMatch) -> Answer {
    records::delete::<Record>(&server, &caller, &id, seen).await
}
