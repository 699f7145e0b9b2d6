//! Tollgate's own REST API, `/api/v1`.

mod requests;

use axum::Router;
use axum::routing::get;

use super::problem::Problem;
use super::server::Server;

/// Rows of a page where the request names no number.
const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

pub fn router() -> Router<Server> {
    Router::new()
        .route("/api/v1/requests", get(requests::list))
        .route("/api/v1/requests/{id}", get(requests::get))
        .route("/api/v1/overview", get(requests::overview))
}

/// `?limit=`, checked.
fn limit(given: Option<u32>) -> Result<u32, Problem> {
    match given.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        _ => Err(Problem::invalid("limit", format!("`limit` must be between 1 and {MAX_LIMIT}."))),
    }
}

/// `?cursor=`, checked.
fn cursor(given: Option<&str>) -> Result<Option<tollgate_domain::page::Cursor>, Problem> {
    given
        .map(|text| {
            tollgate_domain::page::Cursor::decode(text)
                .ok_or_else(|| Problem::invalid("cursor", "`cursor` must be the `next` of an earlier page."))
        })
        .transpose()
}
