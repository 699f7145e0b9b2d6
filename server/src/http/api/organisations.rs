//! `/api/v1/organisations`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tollgate_control::records::Filter;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{AccessGroupId, BudgetId, OrganisationId};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::organisation;
use tollgate_domain::record::no_meta;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{CreateErrors, DeleteErrors, GetErrors, ListErrors, UpdateErrors};
use super::extract::{Caller, IfMatch, InBody, InPath, InQuery};
use super::limits::{Limits, LimitsPatch};
use super::list::{List, Order, wanted};
use super::records::{self, Answer, History};
use super::values::{Object, Patch};

type Record = organisation::Organisation;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

/// An organisation: what teams belong to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Organisation {
    #[schema(value_type = String)]
    id: OrganisationId,
    name: String,
    /// What its teams may call; empty means every model.
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[schema(value_type = Vec<String>)]
    access_groups: Vec<AccessGroupId>,
    blocked: bool,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    limits: Limits,
    #[schema(value_type = Object)]
    metadata: Object,
    #[serde(flatten)]
    history: History,
}

impl From<Record> for Organisation {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            name: record.name,
            models: record.models,
            access_groups: record.access_groups,
            blocked: record.blocked,
            budget_id: record.budget_id,
            limits: record.limits.into(),
            metadata: record.metadata,
            history: record.meta.into(),
        }
    }
}

/// A new organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisation {
    /// Without one, an id is made.
    #[schema(value_type = Option<String>)]
    id: Option<OrganisationId>,
    name: String,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    access_groups: Vec<AccessGroupId>,
    #[serde(default)]
    blocked: bool,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Object,
}

/// A change of an organisation: what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationPatch {
    #[serde(default)]
    #[schema(value_type = String)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    models: Patch<Vec<ModelPattern>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    access_groups: Patch<Vec<AccessGroupId>>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    blocked: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    budget_id: Patch<BudgetId>,
    #[serde(default)]
    #[schema(value_type = Option<LimitsPatch>)]
    limits: Patch<LimitsPatch>,
    /// Merged: `null` takes a member away.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Patch<Object>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrganisationQuery {
    /// Part of the id or the name, whatever the case.
    search: Option<String>,
    blocked: Option<bool>,
    budget_id: Option<String>,
    #[param(inline)]
    order: Option<Order>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// List organisations
#[utoipa::path(get, path = "/api/v1/organisations", operation_id = "list_organisations", tag = "Organisations",
    params(OrganisationQuery), responses((status = 200, description = "A page", body = List<Organisation>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<OrganisationQuery>) -> Answer {
    let filter = Filter {
        search: query.search,
        blocked: query.blocked,
        budget_id: query.budget_id,
        order: query.order.unwrap_or_default().into(),
        ..Filter::default()
    };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    records::list::<Record, Organisation>(&server, &caller, filter, wanted).await
}

/// Make an organisation
#[utoipa::path(post, path = "/api/v1/organisations", operation_id = "create_organisation", tag = "Organisations",
    request_body = NewOrganisation,
    responses((status = 201, description = "Made", body = Organisation), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewOrganisation>) -> Answer {
    let new = Record {
        id: body.id.unwrap_or_else(|| OrganisationId::new(server.control().clock().as_ref(), &SystemEntropy)),
        name: body.name,
        models: body.models,
        access_groups: body.access_groups,
        blocked: body.blocked,
        budget_id: body.budget_id,
        limits: body.limits.into(),
        metadata: body.metadata,
        settings: Object::new(),
        meta: no_meta(),
    };
    records::create::<Record, Organisation>(&server, &caller, "organisations", new).await
}

/// Get an organisation
#[utoipa::path(get, path = "/api/v1/organisations/{id}", operation_id = "get_organisation", tag = "Organisations",
    params(("id" = String, Path)),
    responses((status = 200, description = "The organisation", body = Organisation), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    records::get::<Record, Organisation>(&server, &caller, &id).await
}

/// Change an organisation
#[utoipa::path(patch, path = "/api/v1/organisations/{id}", operation_id = "update_organisation", tag = "Organisations",
    params(("id" = String, Path)), request_body = OrganisationPatch,
    responses((status = 200, description = "Changed", body = Organisation), UpdateErrors))]
async fn update(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    seen: IfMatch,
    InBody(body): InBody<OrganisationPatch>,
) -> Answer {
    records::update::<Record, Organisation>(&server, &caller, &id, seen, |record| {
        body.name.required("name", &mut record.name)?;
        body.models.or_default(&mut record.models);
        body.access_groups.or_default(&mut record.access_groups);
        body.blocked.or_default(&mut record.blocked);
        body.budget_id.optional(&mut record.budget_id);
        body.limits.limits(&mut record.limits);
        body.metadata.merge(&mut record.metadata);
        Ok(())
    })
    .await
}

/// Delete an organisation
///
/// With its memberships. It must have no teams any more.
#[utoipa::path(delete, path = "/api/v1/organisations/{id}", operation_id = "delete_organisation",
    tag = "Organisations", params(("id" = String, Path)),
    responses((status = 204, description = "Deleted"), DeleteErrors))]
async fn delete(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>, seen: IfMatch) -> Answer {
    records::delete::<Record>(&server, &caller, &id, seen).await
}
