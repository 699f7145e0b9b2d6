//! `/spend/logs`, `/spend/logs/v2`, `/spend/logs/ui`, `/spend/logs/ui/{request_id}`, `/spend/logs/session/ui`

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};
use tollgate_control::{ControlError, keys, requests};
use tollgate_domain::Nanos;
use tollgate_domain::report::Dimension;
use tollgate_domain::summary::{RequestDetail, RequestFilter, RequestRow};

use super::super::body::invalid;
use super::super::params::{Numbered, Params};
use super::super::{Answer, Call, LiteLlmError, duration, money};
use super::range::Range;
use super::rows::MOST;

/// Tells that there were more lines than the answer has.
const TRUNCATED: HeaderName = HeaderName::from_static("x-litellm-spend-logs-truncated");

/// What a call is filtered by on both routes.
async fn filter(call: &Call, params: &Params) -> Result<RequestFilter, LiteLlmError> {
    let mut filter = RequestFilter {
        user: params.owned("user_id"),
        team: params.owned("team_id"),
        organisation: params.owned("organization_id"),
        end_user: params.owned("end_user"),
        deployment: params.owned("model_id"),
        model: params.owned("model_group").or_else(|| params.owned("model")),
        since: params.text("start_date").map(|text| duration::moment("start_date", text)).transpose()?,
        until: params.text("end_date").map(|text| duration::end("end_date", text)).transpose()?,
        ..RequestFilter::default()
    };
    if let Some(key) = params.text("api_key") {
        filter.key = Some(call.ledger_key(key).await?);
    } else if let Some(alias) = params.text("key_alias") {
        let reference = keys::KeyRef::Alias(alias.to_owned());
        filter.key = Some(keys::get(call.control(), &call.op, &reference).await?.key.id.to_string());
    }
    Ok(filter)
}

pub async fn logs(call: Call, params: Params) -> Result<Response, LiteLlmError> {
    let filter = filter(&call, &params).await?;
    if let Some(id) = params.text("request_id") {
        let rows = by_id(&call, &filter, id).await?;
        return Ok(Json(call.describe_calls(&filter, &rows).await?).into_response());
    }
    let dated = filter.since.is_some() && filter.until.is_some();
    if dated && params.text("summarize").is_none_or(|text| !text.eq_ignore_ascii_case("false")) {
        return Ok(summary(&call, &params, &filter).await?.into_response());
    }
    let (rows, more) = call.newest(&filter, None).await?;
    let mut response = Json(call.describe_calls(&filter, &rows).await?).into_response();
    if more {
        response.headers_mut().insert(TRUNCATED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// A call by its own id, by the one in `x-litellm-call-id`, or, among the newest, by the provider's: the answer's `id`.
async fn by_id(call: &Call, filter: &RequestFilter, id: &str) -> Result<Vec<RequestRow>, LiteLlmError> {
    match requests::get(call.control(), &call.op, id).await {
        Ok(RequestDetail { row, .. }) => return Ok(vec![row]),
        Err(ControlError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let (mut rows, _) = call.newest(filter, None).await?;
    let more = call.more_of(filter, &rows).await?;
    rows.retain(|row| more.get(&row.id).is_some_and(|more| more.upstream_id == id));
    Ok(rows)
}

/// A day's sums.
#[derive(Default)]
struct Day {
    spend: Nanos,
    users: Map<String, Value>,
    models: Map<String, Value>,
}

/// `[{startTime, spend, users: {}, models: {}}]`, a line for each day with calls.
async fn summary(call: &Call, params: &Params, filter: &RequestFilter) -> Answer {
    let mut usage = Range::read(params)?.filter();
    usage.keys.extend(filter.key.clone());
    usage.users.extend(filter.user.clone());
    usage.teams.extend(filter.team.clone());
    usage.models.extend(filter.model.clone());
    let mut days: BTreeMap<String, Day> = BTreeMap::new();
    for row in call.sums(&usage, &[Dimension::Day]).await? {
        days.entry(row.group.concat()).or_default().spend = row.measures.cost;
    }
    for (dimension, models) in [(Dimension::User, false), (Dimension::Model, true)] {
        for row in call.sums(&usage, &[Dimension::Day, dimension]).await? {
            let [date, name] = row.group.as_slice() else { continue };
            let day = days.entry(date.clone()).or_default();
            let map = if models { &mut day.models } else { &mut day.users };
            map.insert(name.clone(), money::show(row.measures.cost));
        }
    }
    let line = |(date, day): (String, Day)| json!({"startTime": date, "spend": money::show(day.spend), "users": day.users, "models": day.models});
    Ok(Json(days.into_iter().map(line).collect()))
}

/// In pages; of all lines the newest 10,000 are counted, as in LiteLLM.
pub async fn logs_v2(call: Call, params: Params) -> Answer {
    params.refuse(&[
        "session_id",
        "min_spend",
        "max_spend",
        "cache_hit_filter",
        "error_code",
        "error_message",
        "span_type",
        "group_by_session",
    ])?;
    let by = params.text("sort_by").is_none_or(|by| by == "startTime");
    if !by || params.text("sort_order").is_some_and(|order| !order.eq_ignore_ascii_case("desc")) {
        return Err(invalid("sort_by", "only `startTime`, `desc`: newest first").into());
    }
    let status = match params.text("status_filter") {
        Some(status) if !matches!(status, "success" | "failure") => {
            return Err(invalid("status_filter", "must be `success` or `failure`").into());
        }
        status => status,
    };
    let page = Numbered::read(&params, "page_size", 50, 1000)?;
    let filter = filter(&call, &params).await?;
    let (rows, capped) = match params.text("request_id") {
        Some(id) => (by_id(&call, &filter, id).await?, false),
        None => call.newest(&filter, status).await?,
    };
    show_page(&call, &filter, page, (rows, capped)).await
}

async fn show_page(
    call: &Call,
    filter: &RequestFilter,
    page: Numbered,
    (rows, capped): (Vec<RequestRow>, bool),
) -> Answer {
    let start = (page.page as usize - 1).saturating_mul(page.size as usize).min(MOST);
    let shown: Vec<RequestRow> = rows.iter().skip(start).take(page.size as usize).cloned().collect();
    let total = rows.len() as u64;
    Ok(Json(json!({
        "data": call.describe_calls(filter, &shown).await?, "total": total, "total_is_capped": capped,
        "page": page.page, "page_size": page.size, "total_pages": page.pages(total),
    })))
}

/// One call, found like those of `/spend/logs?request_id=`. What was asked and answered is not kept.
pub async fn log_one(call: Call, Path(id): Path<String>, params: Params) -> Answer {
    let filter = filter(&call, &params).await?;
    let mut rows = by_id(&call, &filter, &id).await?;
    rows.truncate(1);
    let Some(mut line) = call.describe_calls(&filter, &rows).await?.pop() else {
        return Err(LiteLlmError::new(StatusCode::NOT_FOUND, "the request was not found", Some("request_id")));
    };
    line["proxy_server_request"] = json!({});
    Ok(Json(line))
}

/// The calls of a session: here, the attempts of one call, by the id in its `x-litellm-call-id`.
pub async fn log_of_session(call: Call, params: Params) -> Answer {
    let page = Numbered::read(&params, "page_size", 50, 1000)?;
    let filter = RequestFilter { call_id: Some(params.needed("session_id")?.to_owned()), ..RequestFilter::default() };
    let found = call.newest(&filter, None).await?;
    show_page(&call, &filter, page, found).await
}
