//! `/key/*`

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tollgate_control::keys::{self, KeyChange, KeyFilter, KeyRef, NewKey};
use tollgate_domain::key::{KEY_PREFIX, KeyDigest};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::page::Cursor;
use tollgate_domain::secret::Secret;
use tollgate_gateway::CallError;

use super::super::caller::ManagementCaller;
use super::super::server::Server;
use super::LiteLlmError;
use super::fields;

/// Names fields that were kept and limit nothing yet.
const NOT_ENFORCED: HeaderName = HeaderName::from_static("x-tollgate-not-enforced");

type Answer = Result<Response, LiteLlmError>;

fn bad_request(message: impl Into<String>, param: &'static str) -> LiteLlmError {
    CallError::management(StatusCode::BAD_REQUEST, message, Some(param)).into()
}

/// Reads a body that must be a JSON object; an empty one counts as `{}`, as in LiteLLM.
fn object(body: &[u8]) -> Result<Map<String, Value>, LiteLlmError> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(CallError::bad_request("The body must be a JSON object.").into()),
        Err(error) => Err(CallError::bad_request(format!("The body is not valid JSON: {error}.")).into()),
    }
}

fn text(body: &Map<String, Value>, name: &'static str) -> Result<Option<String>, LiteLlmError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(bad_request(format!("`{name}` must be a text."), name)),
    }
}

fn models(body: &Map<String, Value>) -> Result<Option<Vec<ModelPattern>>, LiteLlmError> {
    let wrong = || bad_request("`models` must be a list of texts.", "models");
    match body.get("models") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(ModelPattern::new).ok_or_else(wrong))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(wrong()),
    }
}

fn metadata(body: &Map<String, Value>) -> Result<Option<Map<String, Value>>, LiteLlmError> {
    match body.get("metadata") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map.clone())),
        Some(_) => Err(bad_request("`metadata` must be an object.", "metadata")),
    }
}

/// `30s`, `30m`, `30h`, `30d`, `2w`, `1mo`: as seconds; a month counts as 30 days.
fn duration(body: &Map<String, Value>) -> Result<Option<i64>, LiteLlmError> {
    let Some(given) = text(body, "duration")? else { return Ok(None) };
    let split = given.find(|c: char| !c.is_ascii_digit()).unwrap_or(given.len());
    let (count, unit) = given.split_at(split);
    let seconds = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        "w" => Some(7 * 86_400),
        "mo" => Some(30 * 86_400),
        _ => None,
    };
    count
        .parse::<i64>()
        .ok()
        .zip(seconds)
        .and_then(|(count, seconds)| count.checked_mul(seconds))
        .filter(|seconds| *seconds > 0)
        .map(Some)
        .ok_or_else(|| bad_request("`duration` must be a number and one of s, m, h, d, w, mo: `30d`.", "duration"))
}

/// A key as its plain text, or as its SHA-256.
fn key_ref(given: &str) -> KeyRef {
    let digest = if given.starts_with(KEY_PREFIX) { None } else { KeyDigest::parse_hex(given) };
    KeyRef::Digest(digest.unwrap_or_else(|| KeyDigest::of(given)))
}

fn answer(body: Map<String, Value>, kept: &Map<String, Value>) -> Response {
    let mut response = Json(Value::Object(body)).into_response();
    if let Some(names) = fields::unenforced(kept).and_then(|names| HeaderValue::from_str(&names).ok()) {
        response.headers_mut().insert(NOT_ENFORCED, names);
    }
    response
}

pub async fn generate(State(server): State<Server>, caller: ManagementCaller, body: bytes::Bytes) -> Answer {
    let op = &caller.op;
    let body = object(&body)?;
    let kept = fields::kept(&body)?;
    let new = NewKey {
        alias: text(&body, "key_alias")?,
        models: models(&body)?.unwrap_or_default(),
        expires_at: None,
        duration_seconds: duration(&body)?,
        user_id: text(&body, "user_id")?,
        team_id: text(&body, "team_id")?,
        metadata: metadata(&body)?.unwrap_or_default(),
        settings: kept.clone(),
        blocked: body.get("blocked").and_then(Value::as_bool).unwrap_or(false),
        custom_key: text(&body, "key")?.map(Secret::new),
    };
    let created = keys::create(server.control(), op, new).await?;
    let mut out = fields::describe(&created.key);
    let token = created.key.digest.to_hex();
    out.insert("key".to_owned(), created.plain.expose().into());
    out.insert("token".to_owned(), token.clone().into());
    out.insert("token_id".to_owned(), token.into());
    Ok(answer(out, &kept))
}

pub async fn update(State(server): State<Server>, caller: ManagementCaller, body: bytes::Bytes) -> Answer {
    let op = &caller.op;
    let body = object(&body)?;
    let kept = fields::kept(&body)?;
    let given = text(&body, "key")?.ok_or_else(|| bad_request("`key` is needed: which key to update.", "key"))?;
    let reference = key_ref(&given);
    let change = KeyChange {
        alias: text(&body, "key_alias")?.map(Some),
        models: models(&body)?,
        expires_at: None,
        duration_seconds: duration(&body)?,
        user_id: text(&body, "user_id")?.map(Some),
        team_id: text(&body, "team_id")?.map(Some),
        metadata: metadata(&body)?,
        settings: Some(kept.clone()),
        blocked: body.get("blocked").and_then(Value::as_bool),
    };
    let key = keys::update(server.control(), op, reference, change, None).await?;
    let mut out = fields::describe(&key);
    out.insert("key".to_owned(), given.into());
    Ok(answer(out, &kept))
}

pub async fn delete(State(server): State<Server>, caller: ManagementCaller, body: bytes::Bytes) -> Answer {
    #[derive(Deserialize)]
    struct Delete {
        #[serde(default)]
        keys: Vec<String>,
        #[serde(default)]
        key_aliases: Vec<String>,
    }
    let op = &caller.op;
    let wrong = |_| bad_request("The body must be {\"keys\": [...]} or {\"key_aliases\": [...]}.", "keys");
    let Delete { keys: given, key_aliases } = serde_json::from_slice(&body).map_err(wrong)?;
    let mut references: Vec<KeyRef> = given.iter().map(|key| key_ref(key)).collect();
    for alias in &key_aliases {
        references.push(by_alias(&server, &caller, alias).await?);
    }
    if references.is_empty() {
        return Err(bad_request("`keys` or `key_aliases` is needed: which keys to delete.", "keys"));
    }
    keys::delete(server.control(), op, &references).await?;
    let deleted: Vec<String> = given.into_iter().chain(key_aliases).collect();
    Ok(Json(json!({"deleted_keys": deleted})).into_response())
}

async fn by_alias(server: &Server, caller: &ManagementCaller, alias: &str) -> Result<KeyRef, LiteLlmError> {
    let filter = KeyFilter { alias: Some(alias.to_owned()), ..KeyFilter::default() };
    let found = keys::list(server.control(), &caller.op, &filter, None, 1).await?;
    found
        .items
        .into_iter()
        .next()
        .map(|row| KeyRef::Id(row.key.id))
        .ok_or_else(|| CallError::management(StatusCode::NOT_FOUND, format!("There is no key `{alias}`."), None).into())
}

async fn set_blocked(server: &Server, caller: &ManagementCaller, body: &[u8], blocked: bool) -> Answer {
    let op = &caller.op;
    let body = object(body)?;
    let given = text(&body, "key")?.ok_or_else(|| bad_request("`key` is needed: which key.", "key"))?;
    let key = keys::set_blocked(server.control(), op, key_ref(&given), blocked).await?;
    let mut out = fields::describe(&key);
    out.insert("token".to_owned(), key.digest.to_hex().into());
    out.insert("blocked".to_owned(), blocked.into());
    Ok(Json(Value::Object(out)).into_response())
}

pub async fn block(State(server): State<Server>, caller: ManagementCaller, body: bytes::Bytes) -> Answer {
    set_blocked(&server, &caller, &body, true).await
}

pub async fn unblock(State(server): State<Server>, caller: ManagementCaller, body: bytes::Bytes) -> Answer {
    set_blocked(&server, &caller, &body, false).await
}

#[derive(Debug, Deserialize)]
pub struct InfoQuery {
    key: Option<String>,
}

pub async fn info(State(server): State<Server>, caller: ManagementCaller, Query(query): Query<InfoQuery>) -> Answer {
    let (shown, reference) = match (&query.key, &caller) {
        (Some(given), ManagementCaller::MasterKey(_)) => (given.clone(), key_ref(given)),
        (None, ManagementCaller::MasterKey(_)) => {
            return Err(bad_request("`?key=` is needed: the master key is no virtual key.", "key"));
        }
        (given, ManagementCaller::Key(key)) => {
            let reference = KeyRef::Digest(key.digest);
            if given.as_deref().is_some_and(|given| key_ref(given) != reference) {
                return Err(CallError::management_denied().into());
            }
            (given.clone().unwrap_or_else(|| key.digest.to_hex()), reference)
        }
    };
    let row = match &caller {
        ManagementCaller::MasterKey(op) => keys::get(server.control(), op, reference).await?,
        // A key may always see itself.
        ManagementCaller::Key(key) => keys::own(server.control(), key.id).await?,
    };
    Ok(Json(json!({"key": shown, "info": fields::describe_row(&row)})).into_response())
}

#[derive(Debug, Deserialize)]
pub struct ListQuery {
    page: Option<u32>,
    size: Option<u32>,
    key_alias: Option<String>,
    search: Option<String>,
    #[serde(default)]
    return_full_object: bool,
}

pub async fn list(State(server): State<Server>, caller: ManagementCaller, Query(query): Query<ListQuery>) -> Answer {
    let op = &caller.op;
    let page = query.page.unwrap_or(1).max(1);
    let size = query.size.unwrap_or(10).clamp(1, 100);
    let filter = KeyFilter { search: query.search.or(query.key_alias), ..KeyFilter::default() };
    let total = keys::count(server.control(), op, &filter).await?;
    // LiteLLM numbers its pages; ours are found by the last row of the one before.
    let mut cursor: Option<Cursor> = None;
    let mut rows = Vec::new();
    for at in 1..=page {
        let found = keys::list(server.control(), op, &filter, cursor.take(), size).await?;
        if at == page {
            rows = found.items;
        } else {
            match found.next.and_then(|next| Cursor::decode(&next)) {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
    }
    let keys: Vec<Value> = rows
        .iter()
        .map(|row| {
            let token = row.key.digest.to_hex();
            if !query.return_full_object {
                return token.into();
            }
            let mut out = fields::describe_row(row);
            out.insert("token".to_owned(), token.into());
            Value::Object(out)
        })
        .collect();
    let body = json!({"keys": keys, "total_count": total, "current_page": page, "total_pages": total.div_ceil(u64::from(size))});
    Ok(Json(body).into_response())
}
