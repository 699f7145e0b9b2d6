//! `/global/activity*`: calls, tokens and what went wrong, day by day.

use std::collections::BTreeMap;

use axum::Json;
use serde_json::{Value, json};
use tollgate_domain::charge::Operation;
use tollgate_domain::report::{Dimension, Measures, UsageRow};
use tollgate_domain::summary::{RequestFilter, StatusFilter};

use super::super::params::Params;
use super::super::{Answer, Call};
use super::each::day;
use super::range::Range;
use super::rows::call_type;

/// The status of an answer that tells to slow down.
const TOO_MANY: i16 = 429;

fn requests(measures: &Measures) -> i64 {
    measures.calls + measures.refused
}

fn tokens(measures: &Measures) -> i64 {
    measures.input_tokens + measures.output_tokens
}

/// `{daily_data, sum_api_requests, sum_total_tokens}` of lines that begin with a day.
fn describe(rows: &mut [&UsageRow]) -> Value {
    rows.sort_by(|a, b| a.group.cmp(&b.group));
    let day = |row: &&mut &UsageRow| {
        let (requests, tokens) = (requests(&row.measures), tokens(&row.measures));
        json!({"date": row.group.first(), "api_requests": requests, "total_tokens": tokens})
    };
    let days: Vec<Value> = rows.iter_mut().map(|row| day(&row)).collect();
    json!({
        "daily_data": days,
        "sum_api_requests": rows.iter().map(|row| requests(&row.measures)).sum::<i64>(),
        "sum_total_tokens": rows.iter().map(|row| tokens(&row.measures)).sum::<i64>(),
    })
}

pub async fn global_activity(call: Call, params: Params) -> Answer {
    let rows = call.sums(&Range::read(&params)?.filter(), &[Dimension::Day]).await?;
    Ok(Json(describe(&mut rows.iter().collect::<Vec<_>>())))
}

pub async fn global_activity_model(call: Call, params: Params) -> Answer {
    let rows = call.sums(&Range::read(&params)?.filter(), &[Dimension::Day, Dimension::Model]).await?;
    let mut models: BTreeMap<&str, Vec<&UsageRow>> = BTreeMap::new();
    for row in &rows {
        if let Some(model) = row.group.last().filter(|model| !model.is_empty()) {
            models.entry(model).or_default().push(row);
        }
    }
    let mut lines: Vec<Value> = Vec::with_capacity(models.len());
    for (model, mut rows) in models {
        let mut line = describe(&mut rows);
        line["model"] = model.into();
        lines.push(line);
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line["sum_api_requests"].as_i64()));
    Ok(Json(lines.into()))
}

/// Answers of providers that told to slow down, by day; with `model_group`, of one model.
pub async fn global_exceptions(call: Call, params: Params) -> Answer {
    let range = Range::read(&params)?;
    let filter = RequestFilter {
        model: params.owned("model_group"),
        status: Some(StatusFilter::Failed),
        since: Some(range.since),
        until: Some(range.until),
        ..RequestFilter::default()
    };
    let mut days: BTreeMap<String, i64> = BTreeMap::new();
    call.each_call(&filter, "start_date", |charge| {
        if charge.status == TOO_MANY {
            *days.entry(day(charge.started_at)).or_default() += 1;
        }
    })
    .await?;
    let sum: i64 = days.values().sum();
    let line = |(date, count): (String, i64)| json!({"date": date, "num_rate_limit_exceptions": count});
    let days: Vec<Value> = days.into_iter().map(line).collect();
    Ok(Json(json!({"daily_data": days, "sum_num_rate_limit_exceptions": sum})))
}

/// Calls by key, kind and model. None is answered from a cache: there is none.
pub async fn global_cache_hits(call: Call, params: Params) -> Answer {
    let range = Range::needed(&params)?;
    let filter = RequestFilter { since: Some(range.since), until: Some(range.until), ..RequestFilter::default() };
    let mut lines: BTreeMap<(String, String, String), (i64, i64)> = BTreeMap::new();
    call.each_call(&filter, "start_date", |charge| {
        let place = (charge.key_id.to_owned(), charge.operation.to_owned(), charge.model.to_owned());
        let (calls, tokens) = lines.entry(place).or_default();
        *calls += 1;
        *tokens += charge.output_tokens;
    })
    .await?;
    let keys = call.keys_by_id(lines.keys().map(|(key, ..)| key.as_str())).await?;
    let line = |((key, operation, model), (calls, tokens)): (&(String, String, String), &(i64, i64))| {
        let operation = Operation::parse(operation).unwrap_or(Operation::Other);
        json!({
            "api_key": keys.get(key).and_then(|key| key.alias.as_deref()).unwrap_or("Unnamed Key"),
            "call_type": call_type(operation), "model": model, "total_rows": calls, "cache_hit_true_rows": 0,
            "cached_completion_tokens": 0, "generated_completion_tokens": tokens,
        })
    };
    Ok(Json(lines.iter().map(line).collect()))
}
