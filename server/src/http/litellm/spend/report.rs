//! `/global/spend/report`: day by day, by team, customer or key.

use std::collections::BTreeMap;

use axum::Json;
use serde_json::{Value, json};
use tollgate_domain::Nanos;
use tollgate_domain::report::{Dimension, UsageFilter, UsageRow};

use super::super::body::invalid;
use super::super::params::Params;
use super::super::{Answer, Call, LiteLlmError, money};
use super::keys::Keys;
use super::range::Range;

pub async fn global_report(call: Call, params: Params) -> Answer {
    let range = Range::needed(&params)?;
    let mut filter = range.filter();
    if let Some(key) = params.text("api_key") {
        filter.keys.push(call.ledger_key(key).await?);
    }
    filter.users.extend(params.owned("internal_user_id"));
    filter.teams.extend(params.owned("team_id"));
    filter.customers.extend(params.owned("customer_id"));
    match params.text("group_by").unwrap_or("team") {
        "team" => by_day(&call, range, &filter, Dimension::Team).await,
        "customer" => by_day(&call, range, &filter, Dimension::Customer).await,
        "api_key" => by_key(&call, &filter).await,
        _ => Err(invalid("group_by", "must be `team`, `customer` or `api_key`").into()),
    }
}

fn sum(rows: &[&UsageRow]) -> Nanos {
    let cost = rows.iter().map(|row| i128::from(row.measures.cost.0)).sum::<i128>();
    Nanos(i64::try_from(cost).unwrap_or(i64::MAX))
}

/// `[{group_by_day, teams: [{team_name, total_spend, metadata: [{model, spend, total_tokens, api_key}]}]}]`
async fn by_day(call: &Call, range: Range, filter: &UsageFilter, group: Dimension) -> Answer {
    let mut days = Vec::new();
    for day in range.days() {
        let filter = UsageFilter { since: day.since, until: day.until, ..filter.clone() };
        let mut rows = call.sums(&filter, &[group, Dimension::Model, Dimension::Key]).await?;
        // Calls of nobody's: keys without a team.
        rows.retain(|row| row.measures.calls > 0);
        if rows.is_empty() {
            continue;
        }
        days.push(describe_day(call, &day.date(), group, &rows).await?);
    }
    Ok(Json(days.into()))
}

async fn describe_day(call: &Call, date: &str, group: Dimension, rows: &[UsageRow]) -> Result<Value, LiteLlmError> {
    let part = |row: &UsageRow, place: usize| row.group.get(place).cloned().unwrap_or_default();
    let mut ids: Vec<String> = rows.iter().map(|row| part(row, 0)).collect();
    ids.sort();
    ids.dedup();
    let keys: Vec<String> = rows.iter().map(|row| part(row, 2)).collect();
    let keys = call.keys_by_id(keys.iter().map(String::as_str)).await?;
    let is_team = group == Dimension::Team;
    let names = if is_team { call.team_names(ids.clone()).await? } else { BTreeMap::new() };
    let groups: Vec<Value> = ids
        .iter()
        .map(|id| {
            let own: Vec<&UsageRow> = rows.iter().filter(|row| part(row, 0) == *id).collect();
            let metadata: Vec<Value> = own.iter().map(|row| detail(row, &keys)).collect();
            let name = names.get(id).unwrap_or(id);
            let label = if is_team { "team_name" } else { "customer" };
            json!({label: name, "total_spend": money::show(sum(&own)), "metadata": metadata})
        })
        .collect();
    Ok(json!({"group_by_day": date, if is_team { "teams" } else { "customers" }: groups}))
}

fn detail(row: &UsageRow, keys: &Keys) -> Value {
    let key = row.group.get(2).map_or("", String::as_str);
    json!({
        "model": row.group.get(1),
        "spend": money::show(row.measures.cost),
        "total_tokens": row.measures.input_tokens + row.measures.output_tokens,
        "api_key": keys.hash(key),
    })
}

/// `[{api_key, total_cost, total_input_tokens, total_output_tokens, model_details: […]}]`
async fn by_key(call: &Call, filter: &UsageFilter) -> Answer {
    let rows = call.sums(filter, &[Dimension::Key, Dimension::Model]).await?;
    let mut ids: Vec<&str> = Vec::new();
    for row in rows.iter().filter(|row| row.measures.calls > 0) {
        let id = row.group.first().map_or("", String::as_str);
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let keys = call.keys_by_id(ids.iter().copied()).await?;
    let describe = |id: &&str| {
        let own: Vec<&UsageRow> = rows
            .iter()
            .filter(|row| row.group.first().is_some_and(|key| key == id) && row.measures.calls > 0)
            .collect();
        let models: Vec<Value> = own
            .iter()
            .map(|row| {
                json!({
                    "model": row.group.get(1), "total_cost": money::show(row.measures.cost),
                    "total_input_tokens": row.measures.input_tokens,
                    "total_output_tokens": row.measures.output_tokens,
                })
            })
            .collect();
        json!({
            "api_key": keys.hash(id),
            "total_cost": money::show(sum(&own)),
            "total_input_tokens": own.iter().map(|row| row.measures.input_tokens).sum::<i64>(),
            "total_output_tokens": own.iter().map(|row| row.measures.output_tokens).sum::<i64>(),
            "model_details": models,
        })
    };
    Ok(Json(ids.iter().map(describe).collect()))
}
