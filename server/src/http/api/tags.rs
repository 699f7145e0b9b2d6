//! `/api/v1/tags`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tollgate_control::records::Filter;
use tollgate_domain::ids::{BudgetId, TagId};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::no_meta;
use tollgate_domain::tag;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{CreateErrors, DeleteErrors, GetErrors, ListErrors, UpdateErrors};
use super::extract::{Caller, IfMatch, InBody, InPath, InQuery};
use super::limits::{Limits, LimitsPatch};
use super::list::{List, Order, wanted};
use super::records::{self, Answer, History};
use super::values::Patch;

type Record = tag::Tag;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

/// A tag: what spend is told apart by, beside who spent it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tag {
    /// Its name.
    #[schema(value_type = String)]
    id: TagId,
    description: Option<String>,
    /// Deployments that calls with this tag are routed to.
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    limits: Limits,
    #[serde(flatten)]
    history: History,
}

impl From<Record> for Tag {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            description: record.description,
            models: record.models,
            budget_id: record.budget_id,
            limits: record.limits.into(),
            history: record.meta.into(),
        }
    }
}

/// A new tag.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTag {
    /// Its name: at most 100 characters, no comma.
    #[schema(value_type = String)]
    id: TagId,
    description: Option<String>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    #[serde(default)]
    limits: Limits,
}

/// A change of a tag: what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    models: Patch<Vec<ModelPattern>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    budget_id: Patch<BudgetId>,
    #[serde(default)]
    #[schema(value_type = Option<LimitsPatch>)]
    limits: Patch<LimitsPatch>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TagQuery {
    /// Part of the name or the description, whatever the case.
    search: Option<String>,
    budget_id: Option<String>,
    #[param(inline)]
    order: Option<Order>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// List tags
#[utoipa::path(get, path = "/api/v1/tags", operation_id = "list_tags", tag = "Tags", params(TagQuery),
    responses((status = 200, description = "A page", body = List<Tag>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<TagQuery>) -> Answer {
    let filter = Filter {
        search: query.search,
        budget_id: query.budget_id,
        order: query.order.unwrap_or_default().into(),
        ..Filter::default()
    };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    records::list::<Record, Tag>(&server, &caller, filter, wanted).await
}

/// Make a tag
#[utoipa::path(post, path = "/api/v1/tags", operation_id = "create_tag", tag = "Tags", request_body = NewTag,
    responses((status = 201, description = "Made", body = Tag), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewTag>) -> Answer {
    let new = Record {
        id: body.id,
        description: body.description,
        models: body.models,
        budget_id: body.budget_id,
        limits: body.limits.into(),
        meta: no_meta(),
    };
    records::create::<Record, Tag>(&server, &caller, "tags", new).await
}

/// Get a tag
#[utoipa::path(get, path = "/api/v1/tags/{id}", operation_id = "get_tag", tag = "Tags",
    params(("id" = String, Path)), responses((status = 200, description = "The tag", body = Tag), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    records::get::<Record, Tag>(&server, &caller, &id).await
}

/// Change a tag
#[utoipa::path(patch, path = "/api/v1/tags/{id}", operation_id = "update_tag", tag = "Tags",
    params(("id" = String, Path)), request_body = TagPatch,
    responses((status = 200, description = "Changed", body = Tag), UpdateErrors))]
async fn update(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    seen: IfMatch,
    InBody(body): InBody<TagPatch>,
) -> Answer {
    records::update::<Record, Tag>(&server, &caller, &id, seen, |record| {
        body.description.optional(&mut record.description);
        body.models.or_default(&mut record.models);
        body.budget_id.optional(&mut record.budget_id);
        body.limits.limits(&mut record.limits);
        Ok(())
    })
    .await
}

/// Delete a tag
#[utoipa::path(delete, path = "/api/v1/tags/{id}", operation_id = "delete_tag", tag = "Tags",
    params(("id" = String, Path)), responses((status = 204, description = "Deleted"), DeleteErrors))]
async fn delete(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>, seen: IfMatch) -> Answer {
    records::delete::<Record>(&server, &caller, &id, seen).await
}
