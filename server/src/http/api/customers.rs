//! `/api/v1/customers`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tollgate_control::records::Filter;
use tollgate_domain::customer;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{BudgetId, CustomerId};
use tollgate_domain::model::ModelPattern;
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

type Record = customer::Customer;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

/// An end customer: somebody whom an application calls for, named in a call's `user`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Customer {
    #[schema(value_type = String)]
    id: CustomerId,
    name: Option<String>,
    blocked: bool,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    limits: Limits,
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    default_model: Option<String>,
    /// `eu` or `us`
    allowed_model_region: Option<String>,
    #[schema(value_type = Object)]
    metadata: Object,
    #[serde(flatten)]
    history: History,
}

impl From<Record> for Customer {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            name: record.name,
            blocked: record.blocked,
            budget_id: record.budget_id,
            limits: record.limits.into(),
            models: record.models,
            default_model: record.default_model,
            allowed_model_region: record.allowed_model_region,
            metadata: record.metadata,
            history: record.meta.into(),
        }
    }
}

/// A new customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomer {
    /// What calls have as `user`. Without one, an id is made.
    #[schema(value_type = Option<String>)]
    id: Option<CustomerId>,
    name: Option<String>,
    #[serde(default)]
    blocked: bool,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    default_model: Option<String>,
    /// `eu` or `us`
    allowed_model_region: Option<String>,
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Object,
}

/// A change of a customer: what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    blocked: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    budget_id: Patch<BudgetId>,
    #[serde(default)]
    #[schema(value_type = Option<LimitsPatch>)]
    limits: Patch<LimitsPatch>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    models: Patch<Vec<ModelPattern>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    default_model: Patch<String>,
    /// `eu` or `us`
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    allowed_model_region: Patch<String>,
    /// Merged: `null` takes a member away.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Patch<Object>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomerQuery {
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

/// List customers
#[utoipa::path(get, path = "/api/v1/customers", operation_id = "list_customers", tag = "Customers",
    params(CustomerQuery), responses((status = 200, description = "A page", body = List<Customer>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<CustomerQuery>) -> Answer {
    let filter = Filter {
        search: query.search,
        blocked: query.blocked,
        budget_id: query.budget_id,
        order: query.order.unwrap_or_default().into(),
        ..Filter::default()
    };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    records::list::<Record, Customer>(&server, &caller, filter, wanted).await
}

/// Make a customer
#[utoipa::path(post, path = "/api/v1/customers", operation_id = "create_customer", tag = "Customers",
    request_body = NewCustomer, responses((status = 201, description = "Made", body = Customer), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewCustomer>) -> Answer {
    let new = Record {
        id: body.id.unwrap_or_else(|| CustomerId::new(server.control().clock().as_ref(), &SystemEntropy)),
        name: body.name,
        blocked: body.blocked,
        budget_id: body.budget_id,
        limits: body.limits.into(),
        models: body.models,
        default_model: body.default_model,
        allowed_model_region: body.allowed_model_region,
        metadata: body.metadata,
        settings: Object::new(),
        meta: no_meta(),
    };
    records::create::<Record, Customer>(&server, &caller, "customers", new).await
}

/// Get a customer
#[utoipa::path(get, path = "/api/v1/customers/{id}", operation_id = "get_customer", tag = "Customers",
    params(("id" = String, Path)),
    responses((status = 200, description = "The customer", body = Customer), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    records::get::<Record, Customer>(&server, &caller, &id).await
}

/// Change a customer
#[utoipa::path(patch, path = "/api/v1/customers/{id}", operation_id = "update_customer", tag = "Customers",
    params(("id" = String, Path)), request_body = CustomerPatch,
    responses((status = 200, description = "Changed", body = Customer), UpdateErrors))]
async fn update(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    seen: IfMatch,
    InBody(body): InBody<CustomerPatch>,
) -> Answer {
    records::update::<Record, Customer>(&server, &caller, &id, seen, |record| {
        body.name.optional(&mut record.name);
        body.blocked.or_default(&mut record.blocked);
        body.budget_id.optional(&mut record.budget_id);
        body.limits.limits(&mut record.limits);
        body.models.or_default(&mut record.models);
        body.default_model.optional(&mut record.default_model);
        body.allowed_model_region.optional(&mut record.allowed_model_region);
        body.metadata.merge(&mut record.metadata);
        Ok(())
    })
    .await
}

/// Delete a customer
#[utoipa::path(delete, path = "/api/v1/customers/{id}", operation_id = "delete_customer", tag = "Customers",
    params(("id" = String, Path)), responses((status = 204, description = "Deleted"), DeleteErrors))]
async fn delete(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>, seen: IfMatch) -> Answer {
    records::delete::<Record>(&server, &caller, &id, seen).await
}
