//! `/api/v1/scim-tokens`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tollgate_control::records::Filter;
use tollgate_control::scim::{self, NewToken};
use tollgate_domain::ids::ScimTokenId;
use tollgate_domain::scim::ScimToken as Record;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{CreateErrors, DeleteErrors, GetErrors, ListErrors};
use super::extract::{Caller, IfMatch, InBody, InPath, InQuery};
use super::list::{List, Order, wanted};
use super::records::{self, Answer, History, created};
use super::values::Moment;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, issue)).routes(routes!(get, revoke))
}

/// A token with which an identity provider comes to `/scim/v2`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScimToken {
    #[schema(value_type = String)]
    id: ScimTokenId,
    name: String,
    /// The single sign-on through which those people come whom it brings: `google`, `microsoft`, `generic`.
    provider: Option<String>,
    expires_at: Option<Moment>,
    /// To five minutes.
    last_used_at: Option<Moment>,
    #[serde(flatten)]
    history: History,
}

impl From<Record> for ScimToken {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            name: record.name,
            provider: record.provider,
            expires_at: record.expires_at.map(Moment),
            last_used_at: record.last_used_at.map(Moment),
            history: record.meta.into(),
        }
    }
}

/// A new token, with its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssuedScimToken {
    #[serde(flatten)]
    about: ScimToken,
    /// Shown once, and never again.
    token: String,
}

/// A token to be issued.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewScimToken {
    /// What the audit log calls it.
    name: String,
    provider: Option<String>,
    expires_at: Option<Moment>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScimTokenQuery {
    /// Part of the name, whatever the case.
    search: Option<String>,
    #[param(inline)]
    order: Option<Order>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// List SCIM tokens
#[utoipa::path(get, path = "/api/v1/scim-tokens", operation_id = "list_scim_tokens", tag = "SCIM tokens",
    params(ScimTokenQuery), responses((status = 200, description = "A page", body = List<ScimToken>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<ScimTokenQuery>) -> Answer {
    let filter = Filter { search: query.search, order: query.order.unwrap_or_default().into(), ..Filter::default() };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    records::list::<Record, ScimToken>(&server, &caller, filter, wanted).await
}

/// Issue a SCIM token
///
/// The answer holds the token itself: it is shown once, and never again.
#[utoipa::path(post, path = "/api/v1/scim-tokens", operation_id = "issue_scim_token", tag = "SCIM tokens",
    request_body = NewScimToken,
    responses((status = 201, description = "Issued", body = IssuedScimToken), CreateErrors))]
async fn issue(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewScimToken>) -> Answer {
    let new = NewToken { name: body.name, provider: body.provider, expires_at: body.expires_at.map(|at| at.0) };
    let issued = scim::issue(server.control(), caller.op(), new).await?;
    let (id, version) = (issued.token.id.to_string(), issued.token.meta.version);
    let body = IssuedScimToken { about: issued.token.into(), token: issued.plain.expose().to_owned() };
    Ok(created("scim-tokens", &id, version, &body))
}

/// Get a SCIM token
#[utoipa::path(get, path = "/api/v1/scim-tokens/{id}", operation_id = "get_scim_token", tag = "SCIM tokens",
    params(("id" = String, Path)), responses((status = 200, description = "The token", body = ScimToken), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    records::get::<Record, ScimToken>(&server, &caller, &id).await
}

/// Revoke a SCIM token
///
/// It stops working at once. Those whom it brought stay.
#[utoipa::path(delete, path = "/api/v1/scim-tokens/{id}", operation_id = "revoke_scim_token", tag = "SCIM tokens",
    params(("id" = String, Path)), responses((status = 204, description = "Revoked"), DeleteErrors))]
async fn revoke(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>, seen: IfMatch) -> Answer {
    records::delete::<Record>(&server, &caller, &id, seen).await
}
