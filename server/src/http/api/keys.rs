//! `/api/v1/keys`

mod body;
mod change;
mod rotate;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde::Deserialize;
use tollgate_control::keys::{self, KeyFilter, KeyRef};
use tollgate_control::{ControlError, Managed as _};
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::VirtualKey;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::problem::Problem;
use super::super::server::Server;
use super::errors::{CreateErrors, DeleteErrors, GetErrors, ListErrors, UpdateErrors};
use super::extract::{Caller, IfMatch, InBody, InPath, InQuery};
use super::list::{List, wanted};
use super::records::{Answer, created, one};
use super::values::{KeyStatus, Moment};

pub use body::{CollectedKey, CreatedKey, Key};
pub use change::{KeyPatch, NewKey};

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(block))
        .routes(routes!(unblock))
        .merge(rotate::router())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KeyQuery {
    /// Part of the alias or of the hint, whatever the case; or a whole id, user id or team id.
    search: Option<String>,
    /// Without it: every key that is not deleted.
    #[param(inline)]
    status: Option<KeyStatus>,
    alias: Option<String>,
    user_id: Option<String>,
    team_id: Option<String>,
    organisation_id: Option<String>,
    budget_id: Option<String>,
    created_by: Option<String>,
    /// Keys that end before then, and after now.
    #[param(inline)]
    expires_before: Option<Moment>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

pub fn reference(id: &str) -> Result<KeyRef, Problem> {
    KeyId::parse(id).map(KeyRef::Id).ok_or_else(|| Problem::not_found("key"))
}

/// A key's conflict, told apart: see [`super::records::stale`].
async fn stale(server: &Server, key: &KeyRef, expected: Option<i64>, error: ControlError) -> Problem {
    if matches!(error, ControlError::Conflict { .. })
        && let (Some(expected), KeyRef::Id(id)) = (expected, key)
        && let Ok(Some(found)) = server.store().find_key(*id).await
        && found.meta.version != expected
    {
        return Problem::changed(VirtualKey::NOUN, &found.meta);
    }
    error.into()
}

/// List keys
///
/// Newest first, with what they used: those that the caller may see.
#[utoipa::path(get, path = "/api/v1/keys", operation_id = "list_keys", tag = "Keys", params(KeyQuery),
    responses((status = 200, description = "A page", body = List<Key>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<KeyQuery>) -> Answer {
    let filter = KeyFilter {
        search: query.search,
        status: query.status.map(Into::into),
        alias: query.alias,
        user_id: query.user_id,
        team_id: query.team_id,
        organisation_id: query.organisation_id,
        budget_id: query.budget_id,
        expires_before: query.expires_before.map(|at| at.0),
        created_by: query.created_by,
    };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    let page = keys::list(server.control(), caller.op(), &filter, wanted.cursor, wanted.limit).await?;
    let now = server.control().clock().now();
    Ok(Json(List::of(page, |row| Key::of_row(row, now))).into_response())
}

/// Make a key
///
/// The answer holds the key itself: it is shown once, and never again.
#[utoipa::path(post, path = "/api/v1/keys", operation_id = "create_key", tag = "Keys", request_body = NewKey,
    responses((status = 201, description = "Made", body = CreatedKey), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewKey>) -> Answer {
    let now = server.control().clock().now();
    let new = body.read(&caller, now);
    let made = keys::create(server.control(), caller.op(), new).await?;
    let (id, version) = (made.key.id.to_string(), made.key.meta.version);
    let body = CreatedKey::of(Key::of(made.key, now), &made.plain);
    Ok(created("keys", &id, version, &body))
}

/// Get a key
///
/// With what it used. A deleted key is found, too, for the sake of what it did.
#[utoipa::path(get, path = "/api/v1/keys/{id}", operation_id = "get_key", tag = "Keys", params(("id" = String, Path)),
    responses((status = 200, description = "The key", body = Key), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    let row = keys::get(server.control(), caller.op(), &reference(&id)?).await?;
    let version = row.key.meta.version;
    Ok(one(StatusCode::OK, version, &Key::of_row(row, server.control().clock().now())))
}

/// Change a key
///
/// In force with the next call.
#[utoipa::path(patch, path = "/api/v1/keys/{id}", operation_id = "update_key", tag = "Keys",
    params(("id" = String, Path)), request_body = KeyPatch,
    responses((status = 200, description = "Changed", body = Key), UpdateErrors))]
async fn update(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    IfMatch(expected): IfMatch,
    InBody(body): InBody<KeyPatch>,
) -> Answer {
    let key = reference(&id)?;
    let changed = keys::update(server.control(), caller.op(), &key, expected, |record, now| {
        body.apply(record, now);
        Ok(())
    });
    match Box::pin(changed).await {
        Ok(saved) => Ok(one(StatusCode::OK, saved.meta.version, &Key::of(saved, server.control().clock().now()))),
        Err(error) => Err(stale(&server, &key, expected, error).await),
    }
}

/// Delete a key
///
/// It stops working at once, and keeps its history.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", operation_id = "delete_key", tag = "Keys",
    params(("id" = String, Path)), responses((status = 204, description = "Deleted"), DeleteErrors))]
async fn delete(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    IfMatch(expected): IfMatch,
) -> Answer {
    let key = reference(&id)?;
    match Box::pin(keys::delete_at(server.control(), caller.op(), &key, expected)).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error) => Err(stale(&server, &key, expected, error).await),
    }
}

async fn set_blocked(server: &Server, caller: &Caller, id: &str, blocked: bool) -> Answer {
    let saved = keys::set_blocked(server.control(), caller.op(), &reference(id)?, blocked).await?;
    Ok(one(StatusCode::OK, saved.meta.version, &Key::of(saved, server.control().clock().now())))
}

/// Block a key
///
/// It stops working at once, until it is unblocked.
#[utoipa::path(post, path = "/api/v1/keys/{id}/block", operation_id = "block_key", tag = "Keys",
    params(("id" = String, Path)), responses((status = 200, description = "Blocked", body = Key), CreateErrors))]
async fn block(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    set_blocked(&server, &caller, &id, true).await
}

/// Unblock a key
#[utoipa::path(post, path = "/api/v1/keys/{id}/unblock", operation_id = "unblock_key", tag = "Keys",
    params(("id" = String, Path)), responses((status = 200, description = "Unblocked", body = Key), CreateErrors))]
async fn unblock(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    set_blocked(&server, &caller, &id, false).await
}
