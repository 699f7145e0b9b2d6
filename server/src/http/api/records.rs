//! What the routes of every kind of record do alike.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tollgate_control::records::{self, Filter};
use tollgate_control::{ControlError, Managed};
use tollgate_domain::record::{Meta, Record};
use tollgate_store::Table;
use utoipa::ToSchema;

use super::super::problem::Problem;
use super::super::server::Server;
use super::extract::{Caller, IfMatch};
use super::list::{List, Wanted};
use super::values::Moment;

pub type Answer = Result<Response, Problem>;

/// Who made a thing and who changed it last.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct History {
    created_at: Moment,
    /// A user's or key's id, or `master_key`, `system`.
    created_by: String,
    updated_at: Moment,
    updated_by: String,
    /// Counts up with every change: the `ETag` without its quotes.
    version: i64,
}

impl From<Meta> for History {
    fn from(meta: Meta) -> Self {
        Self {
            created_at: Moment(meta.created_at),
            created_by: meta.created_by,
            updated_at: Moment(meta.updated_at),
            updated_by: meta.updated_by,
            version: meta.version,
        }
    }
}

/// An answer with one thing, its version as the `ETag`.
pub fn one(status: StatusCode, version: i64, body: &impl Serialize) -> Response {
    (status, [(header::ETAG, format!("\"{version}\""))], Json(body)).into_response()
}

/// An answer with one thing that has no version: the `ETag` is that of what is shown.
pub fn one_by_content(body: &impl Serialize) -> Response {
    let mut response = Json(body).into_response();
    let told = serde_json::to_vec(body).unwrap_or_default();
    let tag = format!("\"{}\"", &hex::encode(Sha256::digest(&told))[..32]);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The same for something new, with its address under `collection`.
pub fn created(collection: &str, id: &str, version: i64, body: &impl Serialize) -> Response {
    let mut response = one(StatusCode::CREATED, version, body);
    if let Ok(address) = HeaderValue::try_from(format!("/api/v1/{collection}/{}", encoded(id))) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}

/// An id as a part of a path.
pub fn encoded(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Nothing can have an id with control characters in it, and no database needs to be asked.
pub fn check_id(id: &str, noun: &str) -> Result<(), Problem> {
    if id.chars().any(char::is_control) { Err(Problem::not_found(noun)) } else { Ok(()) }
}

pub async fn list<R, V>(server: &Server, caller: &Caller, filter: Filter, wanted: Wanted) -> Answer
where
    R: Managed + Table,
    V: From<R> + Serialize,
{
    let page = records::list::<R>(server.control(), caller.op(), &filter, wanted.cursor.as_ref(), wanted.limit).await?;
    Ok(Json(List::of(page, V::from)).into_response())
}

pub async fn get<R, V>(server: &Server, caller: &Caller, id: &str) -> Answer
where
    R: Managed + Table,
    V: From<R> + Serialize,
{
    check_id(id, R::NOUN)?;
    let found = records::get::<R>(server.control(), caller.op(), id).await?;
    Ok(shown::<R, V>(StatusCode::OK, found))
}

pub async fn create<R, V>(server: &Server, caller: &Caller, collection: &str, new: R) -> Answer
where
    R: Managed + Record,
    V: From<R> + Serialize,
{
    let made = records::create(server.control(), caller.op(), new).await?;
    Ok(shown_new::<R, V>(collection, made))
}

pub async fn update<R, V>(
    server: &Server,
    caller: &Caller,
    id: &str,
    IfMatch(expected): IfMatch,
    apply: impl FnOnce(&mut R) -> Result<(), ControlError>,
) -> Answer
where
    R: Managed + Table,
    V: From<R> + Serialize,
{
    check_id(id, R::NOUN)?;
    match Box::pin(records::update(server.control(), caller.op(), id, expected, apply)).await {
        Ok(saved) => Ok(shown::<R, V>(StatusCode::OK, saved)),
        Err(error) => Err(stale::<R>(server, id, expected, error).await),
    }
}

pub async fn delete<R: Managed + Table>(
    server: &Server,
    caller: &Caller,
    id: &str,
    IfMatch(expected): IfMatch,
) -> Answer {
    check_id(id, R::NOUN)?;
    match Box::pin(records::delete::<R>(server.control(), caller.op(), id, expected)).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error) => Err(stale::<R>(server, id, expected, error).await),
    }
}

pub fn shown<R: Record, V: From<R> + Serialize>(status: StatusCode, record: R) -> Response {
    let version = record.meta().version;
    one(status, version, &V::from(record))
}

pub fn shown_new<R: Record, V: From<R> + Serialize>(collection: &str, record: R) -> Response {
    let (id, version) = (record.id().to_owned(), record.meta().version);
    created(collection, &id, version, &V::from(record))
}

/// A conflict, told apart: the thing is at another version than the client saw, or something else is in the way.
pub async fn stale<R: Managed + Table>(
    server: &Server,
    id: &str,
    expected: Option<i64>,
    error: ControlError,
) -> Problem {
    if matches!(error, ControlError::Conflict { .. })
        && let Some(expected) = expected
        && let Ok(Some(found)) = server.store().find::<R>(id).await
    {
        let meta = Record::meta(&found);
        if meta.version != expected {
            return Problem::changed(R::NOUN, meta);
        }
    }
    error.into()
}
