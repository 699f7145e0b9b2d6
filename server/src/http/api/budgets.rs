//! `/api/v1/budgets`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tollgate_control::records::Filter;
use tollgate_domain::budget;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::BudgetId;
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
use super::values::Patch;

type Record = budget::Budget;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

/// Limits that organisations, teams, keys, customers, tags and members can share. Each has its own spend.
#[derive(Debug, Serialize, ToSchema)]
pub struct Budget {
    #[schema(value_type = String)]
    id: BudgetId,
    name: String,
    limits: Limits,
    #[serde(flatten)]
    history: History,
}

impl From<Record> for Budget {
    fn from(record: Record) -> Self {
        Self { id: record.id, name: record.name, limits: record.limits.into(), history: record.meta.into() }
    }
}

/// A new budget.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBudget {
    /// Without one, an id is made.
    #[schema(value_type = Option<String>)]
    id: Option<BudgetId>,
    name: String,
    #[serde(default)]
    limits: Limits,
}

/// A change of a budget: what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetPatch {
    #[serde(default)]
    #[schema(value_type = String)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<LimitsPatch>)]
    limits: Patch<LimitsPatch>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BudgetQuery {
    /// Part of the id or the name, whatever the case.
    search: Option<String>,
    #[param(inline)]
    order: Option<Order>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// List budgets
#[utoipa::path(get, path = "/api/v1/budgets", operation_id = "list_budgets", tag = "Budgets", params(BudgetQuery),
    responses((status = 200, description = "A page", body = List<Budget>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<BudgetQuery>) -> Answer {
    let order = query.order.unwrap_or_default().into();
    let filter = Filter { search: query.search, order, ..Filter::default() };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    records::list::<Record, Budget>(&server, &caller, filter, wanted).await
}

/// Make a budget
#[utoipa::path(post, path = "/api/v1/budgets", operation_id = "create_budget", tag = "Budgets",
    request_body = NewBudget, responses((status = 201, description = "Made", body = Budget), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewBudget>) -> Answer {
    let new = Record {
        id: body.id.unwrap_or_else(|| BudgetId::new(server.control().clock().as_ref(), &SystemEntropy)),
        name: body.name,
        limits: body.limits.into(),
        meta: no_meta(),
    };
    records::create::<Record, Budget>(&server, &caller, "budgets", new).await
}

/// Get a budget
#[utoipa::path(get, path = "/api/v1/budgets/{id}", operation_id = "get_budget", tag = "Budgets",
    params(("id" = String, Path)), responses((status = 200, description = "The budget", body = Budget), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    records::get::<Record, Budget>(&server, &caller, &id).await
}

/// Change a budget
#[utoipa::path(patch, path = "/api/v1/budgets/{id}", operation_id = "update_budget", tag = "Budgets",
    params(("id" = String, Path)), request_body = BudgetPatch,
    responses((status = 200, description = "Changed", body = Budget), UpdateErrors))]
async fn update(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    seen: IfMatch,
    InBody(body): InBody<BudgetPatch>,
) -> Answer {
    records::update::<Record, Budget>(&server, &caller, &id, seen, |record| {
        body.name.required("name", &mut record.name)?;
        body.limits.limits(&mut record.limits);
        Ok(())
    })
    .await
}

/// Delete a budget
#[utoipa::path(delete, path = "/api/v1/budgets/{id}", operation_id = "delete_budget", tag = "Budgets",
    params(("id" = String, Path)), responses((status = 204, description = "Deleted"), DeleteErrors))]
async fn delete(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>, seen: IfMatch) -> Answer {
    records::delete::<Record>(&server, &caller, &id, seen).await
}
