//! `/api/v1/requests` and `/api/v1/overview`: what was called, and what it came to.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tollgate_control::{overview, requests};
use tollgate_domain::Timestamp;
use tollgate_domain::summary::{Period, RequestFilter, StatusFilter};

use super::super::caller::ManagementCaller;
use super::super::server::Server;
use super::{Problem, cursor, limit};

#[derive(Debug, Deserialize)]
pub struct ListQuery {
    key: Option<String>,
    model: Option<String>,
    status: Option<StatusFilter>,
    call_id: Option<String>,
    since: Option<String>,
    until: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

fn moment(name: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let wrong = || Problem::invalid(name, format!("`{name}` must be a moment such as 2027-01-31T00:00:00Z."));
    text.map(|text| Timestamp::parse_rfc3339(text).ok_or_else(wrong)).transpose()
}

pub async fn list(
    State(server): State<Server>,
    caller: ManagementCaller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| Problem::invalid("query", error.body_text()))?;
    let filter = RequestFilter {
        key: query.key,
        model: query.model,
        status: query.status,
        call_id: query.call_id,
        since: moment("since", query.since.as_deref())?,
        until: moment("until", query.until.as_deref())?,
        ..RequestFilter::default()
    };
    let cursor = cursor(query.cursor.as_deref())?;
    let page = requests::list(server.control(), &caller.op, &filter, cursor, limit(query.limit)?).await?;
    Ok(Json(page).into_response())
}

pub async fn get(
    State(server): State<Server>,
    caller: ManagementCaller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Ok(Json(requests::get(server.control(), &caller.op, &id).await?).into_response())
}

#[derive(Debug, Deserialize)]
pub struct OverviewQuery {
    period: Option<String>,
}

pub async fn overview(
    State(server): State<Server>,
    caller: ManagementCaller,
    Query(query): Query<OverviewQuery>,
) -> Result<Response, Problem> {
    let period = match query.period.as_deref() {
        None => Period::default(),
        Some(text) => {
            Period::parse(text).ok_or_else(|| Problem::invalid("period", "`period` must be 1h, 24h, 7d or 30d."))?
        }
    };
    Ok(Json(overview::overview(server.control(), &caller.op, period).await?).into_response())
}
