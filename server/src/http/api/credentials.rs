//! `/api/v1/credentials`: secrets that deployments share. They can be set and used, never read again.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tollgate_control::records::Filter;
use tollgate_control::{Control, ControlError};
use tollgate_domain::credential;
use tollgate_domain::ids::CredentialId;
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{CreateErrors, DeleteErrors, GetErrors, ListErrors, UpdateErrors};
use super::extract::{Caller, IfMatch, InBody, InPath, InQuery};
use super::list::{List, Order, wanted};
use super::records::{self, Answer, History};
use super::values::{Object, Patch};

type Record = credential::Credential;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

/// A provider's credential, without its values.
#[derive(Debug, Serialize, ToSchema)]
pub struct Credential {
    /// Its name.
    #[schema(value_type = String)]
    id: CredentialId,
    /// `openai`, `azure`, …
    provider: Option<String>,
    /// Which values are set: `api_key`, `api_base`, …
    value_names: Vec<String>,
    /// What is no secret: a description, …
    #[schema(value_type = Object)]
    info: Object,
    #[serde(flatten)]
    history: History,
}

impl From<Record> for Credential {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            provider: record.provider,
            value_names: record.values.into_keys().collect(),
            info: record.info,
            history: record.meta.into(),
        }
    }
}

/// A new credential.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCredential {
    /// Its name.
    #[schema(value_type = String)]
    id: CredentialId,
    provider: Option<String>,
    /// `api_key`, `api_base`, …: encrypted, and never shown again.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    values: BTreeMap<String, Secret>,
    #[serde(default)]
    #[schema(value_type = Object)]
    info: Object,
}

/// A change of a credential: what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    provider: Patch<String>,
    /// Merged: `null` takes a value away.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    values: Patch<BTreeMap<String, Option<Secret>>>,
    /// Merged: `null` takes a member away.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    info: Patch<Object>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CredentialQuery {
    /// Part of the name or the provider, whatever the case.
    search: Option<String>,
    #[param(inline)]
    order: Option<Order>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

fn put(
    control: &Control,
    record: &mut Record,
    values: impl IntoIterator<Item = (String, Option<Secret>)>,
) -> Result<(), ControlError> {
    for (name, value) in values {
        match value {
            Some(secret) => control.put_secret(record, &name, &secret)?,
            None => drop(record.values.remove(&name)),
        }
    }
    Ok(())
}

/// List credentials
#[utoipa::path(get, path = "/api/v1/credentials", operation_id = "list_credentials", tag = "Credentials",
    params(CredentialQuery),
    responses((status = 200, description = "A page", body = List<Credential>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<CredentialQuery>) -> Answer {
    let order = query.order.unwrap_or_default().into();
    let filter = Filter { search: query.search, order, ..Filter::default() };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    records::list::<Record, Credential>(&server, &caller, filter, wanted).await
}

/// Make a credential
#[utoipa::path(post, path = "/api/v1/credentials", operation_id = "create_credential", tag = "Credentials",
    request_body = NewCredential,
    responses((status = 201, description = "Made", body = Credential), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewCredential>) -> Answer {
    let mut new =
        Record { id: body.id, provider: body.provider, values: BTreeMap::new(), info: body.info, meta: no_meta() };
    let values = body.values.into_iter().map(|(name, secret)| (name, Some(secret)));
    put(server.control(), &mut new, values)?;
    records::create::<Record, Credential>(&server, &caller, "credentials", new).await
}

/// Get a credential
///
/// Without its values.
#[utoipa::path(get, path = "/api/v1/credentials/{id}", operation_id = "get_credential", tag = "Credentials",
    params(("id" = String, Path)),
    responses((status = 200, description = "The credential", body = Credential), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    records::get::<Record, Credential>(&server, &caller, &id).await
}

/// Change a credential
///
/// The deployments that use it have the new values with the next call.
#[utoipa::path(patch, path = "/api/v1/credentials/{id}", operation_id = "update_credential", tag = "Credentials",
    params(("id" = String, Path)), request_body = CredentialPatch,
    responses((status = 200, description = "Changed", body = Credential), UpdateErrors))]
async fn update(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    seen: IfMatch,
    InBody(body): InBody<CredentialPatch>,
) -> Answer {
    records::update::<Record, Credential>(&server, &caller, &id, seen, |record| {
        body.provider.optional(&mut record.provider);
        match body.values {
            Patch::Absent => {}
            Patch::Null => record.values.clear(),
            Patch::Value(values) => put(server.control(), record, values)?,
        }
        body.info.merge(&mut record.info);
        Ok(())
    })
    .await
}

/// Delete a credential
#[utoipa::path(delete, path = "/api/v1/credentials/{id}", operation_id = "delete_credential", tag = "Credentials",
    params(("id" = String, Path)), responses((status = 204, description = "Deleted"), DeleteErrors))]
async fn delete(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>, seen: IfMatch) -> Answer {
    records::delete::<Record>(&server, &caller, &id, seen).await
}
