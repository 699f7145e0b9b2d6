//! `/api/v1/deployments`: models that are kept in the database. `/api/v1/models` shows them beside those of the file.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate_control::models;
use tollgate_control::records::Filter;
use tollgate_control::secrets::is_secret_param;
use tollgate_control::{Control, ControlError};
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{CredentialId, DeploymentId};
use tollgate_domain::model::{ModelPattern, Origin};
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{CreateErrors, DeleteErrors, GetErrors, ListErrors, UpdateErrors};
use super::extract::{Caller, IfMatch, InBody, InPath, InQuery};
use super::list::{List, Order, wanted};
use super::records::{self, Answer, History, check_id};
use super::values::{Object, Patch, invalid};

type Record = StoredDeployment;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete)).routes(routes!(test))
}

/// A deployment that is kept in the database, without its secrets.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deployment {
    #[schema(value_type = String)]
    id: DeploymentId,
    /// What callers ask for; may have one `*`.
    #[schema(value_type = String)]
    model: ModelPattern,
    /// As LiteLLM's `litellm_params`, without the secrets: `model`, `api_base`, `weight`, prices, …
    #[schema(value_type = Object)]
    params: Object,
    /// Which secrets are set: `api_key`, …
    secret_names: Vec<String>,
    /// Where values come from that `params` do not have.
    #[schema(value_type = Option<String>)]
    credential_id: Option<CredentialId>,
    /// As LiteLLM's `model_info`: `base_model`, `mode`, …
    #[schema(value_type = Object)]
    info: Object,
    /// Gets no calls.
    blocked: bool,
    #[serde(flatten)]
    history: History,
}

impl From<Record> for Deployment {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            model: record.model,
            params: record.params,
            secret_names: record.secrets.into_keys().collect(),
            credential_id: record.credential,
            info: record.info,
            blocked: record.blocked,
            history: record.meta.into(),
        }
    }
}

/// A new deployment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeployment {
    /// Without one, an id is made.
    #[schema(value_type = Option<String>)]
    id: Option<DeploymentId>,
    #[schema(value_type = String)]
    model: ModelPattern,
    /// As LiteLLM's `litellm_params`; what is secret among them (`api_key`, …) is encrypted, and never shown again.
    #[schema(value_type = Object)]
    params: Object,
    #[schema(value_type = Option<String>)]
    credential_id: Option<CredentialId>,
    #[serde(default)]
    #[schema(value_type = Object)]
    info: Object,
    #[serde(default)]
    blocked: bool,
}

/// A change of a deployment: what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentPatch {
    #[serde(default)]
    #[schema(value_type = String)]
    model: Patch<String>,
    /// Merged: `null` takes a parameter away, secret ones, too.
    #[serde(default)]
    #[schema(value_type = Object)]
    params: Patch<Object>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    credential_id: Patch<CredentialId>,
    /// Merged: `null` takes a member away.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    info: Patch<Object>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    blocked: Patch<bool>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeploymentQuery {
    /// Part of the id, the model's or the upstream model's name, whatever the case.
    search: Option<String>,
    blocked: Option<bool>,
    #[param(inline)]
    order: Option<Order>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// Puts parameters where they belong: secrets go to the vault.
fn put(control: &Control, record: &mut Record, params: Object) -> Result<(), ControlError> {
    if params.contains_key("litellm_credential_name") {
        return Err(invalid("params", "the credential is named in `credential_id`"));
    }
    for (name, value) in params {
        match (is_secret_param(&name), value) {
            (true, Value::Null) => drop(record.secrets.remove(&name)),
            (true, Value::String(text)) => control.put_secret(record, &name, &Secret::new(text))?,
            // Headers and service accounts are objects; they are kept as their text.
            (true, other) => control.put_secret(record, &name, &Secret::new(other.to_string()))?,
            (false, Value::Null) => drop(record.params.remove(&name)),
            (false, other) => drop(record.params.insert(name, other)),
        }
    }
    Ok(())
}

/// A file's deployment has the id already, and would hide this one.
fn not_of_file(server: &Server, id: &DeploymentId) -> Result<(), ControlError> {
    let catalog = server.gateway().catalog();
    let taken = catalog.deployments().iter().any(|one| one.id == id.as_str() && one.origin != Origin::Database);
    if taken { Err(invalid("id", "a deployment of the configuration has this id")) } else { Ok(()) }
}

/// List the database's deployments
#[utoipa::path(get, path = "/api/v1/deployments", operation_id = "list_deployments", tag = "Deployments",
    params(DeploymentQuery),
    responses((status = 200, description = "A page", body = List<Deployment>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<DeploymentQuery>) -> Answer {
    let filter = Filter {
        search: query.search,
        blocked: query.blocked,
        order: query.order.unwrap_or_default().into(),
        ..Filter::default()
    };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    records::list::<Record, Deployment>(&server, &caller, filter, wanted).await
}

/// Make a deployment
///
/// It can be called when this answers.
#[utoipa::path(post, path = "/api/v1/deployments", operation_id = "create_deployment", tag = "Deployments",
    request_body = NewDeployment,
    responses((status = 201, description = "Made", body = Deployment), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewDeployment>) -> Answer {
    let mut new = Record {
        id: body.id.unwrap_or_else(|| DeploymentId::new(server.control().clock().as_ref(), &SystemEntropy)),
        model: body.model,
        params: Object::new(),
        secrets: BTreeMap::new(),
        credential: body.credential_id,
        info: body.info,
        blocked: body.blocked,
        meta: no_meta(),
    };
    not_of_file(&server, &new.id)?;
    put(server.control(), &mut new, body.params)?;
    records::create::<Record, Deployment>(&server, &caller, "deployments", new).await
}

/// Get a deployment of the database
#[utoipa::path(get, path = "/api/v1/deployments/{id}", operation_id = "get_deployment", tag = "Deployments",
    params(("id" = String, Path)),
    responses((status = 200, description = "The deployment", body = Deployment), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    records::get::<Record, Deployment>(&server, &caller, &id).await
}

/// Change a deployment of the database
///
/// In force with the next call.
#[utoipa::path(patch, path = "/api/v1/deployments/{id}", operation_id = "update_deployment", tag = "Deployments",
    params(("id" = String, Path)), request_body = DeploymentPatch,
    responses((status = 200, description = "Changed", body = Deployment), UpdateErrors))]
async fn update(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    seen: IfMatch,
    InBody(body): InBody<DeploymentPatch>,
) -> Answer {
    records::update::<Record, Deployment>(&server, &caller, &id, seen, |record| {
        body.model.map(ModelPattern::new).required("model", &mut record.model)?;
        match body.params {
            Patch::Absent => {}
            Patch::Null => return Err(invalid("params", "can't be null")),
            Patch::Value(params) => put(server.control(), record, params)?,
        }
        body.credential_id.optional(&mut record.credential);
        body.info.merge(&mut record.info);
        body.blocked.or_default(&mut record.blocked);
        Ok(())
    })
    .await
}

/// Delete a deployment of the database
#[utoipa::path(delete, path = "/api/v1/deployments/{id}", operation_id = "delete_deployment", tag = "Deployments",
    params(("id" = String, Path)), responses((status = 204, description = "Deleted"), DeleteErrors))]
async fn delete(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>, seen: IfMatch) -> Answer {
    records::delete::<Record>(&server, &caller, &id, seen).await
}

/// What came of a test.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeploymentTest {
    works: bool,
    /// What the provider or the network said.
    message: String,
    milliseconds: u64,
}

/// Test a deployment of the database
///
/// Calls the provider once, with the smallest request there is. The call is not in the ledger; the test is in the audit
/// log.
#[utoipa::path(post, path = "/api/v1/deployments/{id}/test", operation_id = "test_deployment", tag = "Deployments",
    params(("id" = String, Path)),
    responses((status = 200, description = "What came of it", body = DeploymentTest), CreateErrors))]
async fn test(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    check_id(&id, "model")?;
    let outcome = models::test(server.control(), caller.op(), &id).await?;
    let tollgate_control::TestOutcome { works, message, milliseconds } = outcome;
    Ok(Json(DeploymentTest { works, message, milliseconds }).into_response())
}
