//! `/api/v1/keys`

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use tollgate_control::keys::{self, KeyChange, KeyFilter, KeyRef, NewKey};
use tollgate_domain::Timestamp;
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::{KeyStatus, VirtualKey};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::secret::Secret;
use tollgate_domain::summary::KeyRow;

use super::super::caller::ManagementCaller;
use super::super::server::Server;
use super::{Problem, cursor, limit};

/// A key, without the key itself. Moments are RFC 3339, money is a decimal number of dollars as text.
#[derive(Debug, Serialize)]
struct KeyBody {
    id: KeyId,
    hint: String,
    alias: Option<String>,
    models: Vec<ModelPattern>,
    status: KeyStatus,
    expires_at: Option<String>,
    user_id: Option<String>,
    team_id: Option<String>,
    metadata: Map<String, Value>,
    settings: Map<String, Value>,
    created_at: String,
    created_by: String,
    updated_at: String,
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageBody>,
    /// The key itself: only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Debug, Serialize)]
struct UsageBody {
    calls: i64,
    spent: String,
    last_used_at: Option<String>,
}

fn body_of(key: VirtualKey, now: Timestamp) -> KeyBody {
    KeyBody {
        status: key.status(now),
        id: key.id,
        hint: key.hint,
        alias: key.alias,
        models: key.models,
        expires_at: key.expires_at.map(Timestamp::to_rfc3339),
        user_id: key.user_id,
        team_id: key.team_id,
        metadata: key.metadata,
        settings: key.settings,
        created_at: key.created_at.to_rfc3339(),
        created_by: key.created_by,
        updated_at: key.updated_at.to_rfc3339(),
        version: key.version,
        usage: None,
        key: None,
    }
}

fn body_of_row(row: KeyRow, now: Timestamp) -> KeyBody {
    let usage = UsageBody {
        calls: row.calls,
        spent: row.spent.to_decimal(),
        last_used_at: row.last_used_at.map(Timestamp::to_rfc3339),
    };
    KeyBody { usage: Some(usage), ..body_of(row.key, now) }
}

/// An answer with the key's version as its `ETag`.
fn tagged(status: StatusCode, body: KeyBody) -> Response {
    let tag = format!("\"{}\"", body.version);
    (status, [(header::ETAG, tag)], Json(body)).into_response()
}

fn reference(id: &str) -> Result<KeyRef, Problem> {
    KeyId::parse(id).map(KeyRef::Id).ok_or_else(|| Problem::not_found("key"))
}

fn moment(text: &str) -> Result<Timestamp, Problem> {
    Timestamp::parse_rfc3339(text)
        .ok_or_else(|| Problem::invalid("expires_at", "`expires_at` must be a moment such as 2027-01-31T00:00:00Z."))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateBody {
    alias: Option<String>,
    #[serde(default)]
    models: Vec<ModelPattern>,
    expires_at: Option<String>,
    user_id: Option<String>,
    team_id: Option<String>,
    #[serde(default)]
    metadata: Map<String, Value>,
    #[serde(default)]
    blocked: bool,
    /// A key of one's own choice.
    key: Option<Secret>,
}

pub async fn create(
    State(server): State<Server>,
    caller: ManagementCaller,
    body: Result<Json<CreateBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(|error| Problem::invalid("body", error.body_text()))?;
    let new = NewKey {
        alias: body.alias,
        models: body.models,
        expires_at: body.expires_at.as_deref().map(moment).transpose()?,
        duration_seconds: None,
        user_id: body.user_id,
        team_id: body.team_id,
        metadata: body.metadata,
        settings: Map::new(),
        blocked: body.blocked,
        custom_key: body.key,
    };
    let created = keys::create(server.control(), &caller.op, new).await?;
    let mut out = body_of(created.key, server.control().clock().now());
    out.key = Some(created.plain.expose().to_owned());
    Ok(tagged(StatusCode::CREATED, out))
}

#[derive(Debug, Deserialize)]
pub struct ListQuery {
    search: Option<String>,
    status: Option<KeyStatus>,
    cursor: Option<String>,
    limit: Option<u32>,
}

pub async fn list(
    State(server): State<Server>,
    caller: ManagementCaller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::invalid("query", error.body_text()))?;
    let filter = KeyFilter { search: query.search, status: query.status, ..KeyFilter::default() };
    let cursor = cursor(query.cursor.as_deref())?;
    let page = keys::list(server.control(), &caller.op, &filter, cursor, limit(query.limit)?).await?;
    let now = server.control().clock().now();
    let items: Vec<KeyBody> = page.items.into_iter().map(|row| body_of_row(row, now)).collect();
    Ok(Json(serde_json::json!({"items": items, "next": page.next})).into_response())
}

pub async fn get(
    State(server): State<Server>,
    caller: ManagementCaller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let row = keys::get(server.control(), &caller.op, reference(&id)?).await?;
    Ok(tagged(StatusCode::OK, body_of_row(row, server.control().clock().now())))
}

/// Tells a field that is `null` (clear it) from one that is absent (leave it).
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub struct UpdateBody {
    #[serde(default, deserialize_with = "given")]
    alias: Option<Option<String>>,
    models: Option<Vec<ModelPattern>>,
    #[serde(default, deserialize_with = "given")]
    expires_at: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    user_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    team_id: Option<Option<String>>,
    metadata: Option<Map<String, Value>>,
    blocked: Option<bool>,
}

pub async fn update(
    State(server): State<Server>,
    caller: ManagementCaller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Json<UpdateBody>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(body) = body.map_err(|error| Problem::invalid("body", error.body_text()))?;
    let expected = match headers.get(header::IF_MATCH).and_then(|tag| tag.to_str().ok()) {
        None | Some("*") => None,
        Some(tag) => Some(
            tag.trim_matches('"')
                .parse()
                .map_err(|_| Problem::invalid("if-match", "`If-Match` must be the `ETag` of an earlier answer."))?,
        ),
    };
    let change = KeyChange {
        alias: body.alias,
        models: body.models,
        expires_at: match body.expires_at {
            None => None,
            Some(None) => Some(None),
            Some(Some(text)) => Some(Some(moment(&text)?)),
        },
        duration_seconds: None,
        user_id: body.user_id,
        team_id: body.team_id,
        metadata: body.metadata,
        settings: None,
        blocked: body.blocked,
    };
    let key = keys::update(server.control(), &caller.op, reference(&id)?, change, expected).await?;
    Ok(tagged(StatusCode::OK, body_of(key, server.control().clock().now())))
}

pub async fn delete(
    State(server): State<Server>,
    caller: ManagementCaller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    keys::delete(server.control(), &caller.op, &[reference(&id)?]).await?;
    Ok(StatusCode::NO_CONTENT)
}
