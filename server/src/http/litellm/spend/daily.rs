//! `/user|team|tag|organization|customer/daily/activity[/aggregated]`: metrics by day, with what they are made of.

use std::collections::BTreeMap;

use axum::Json;
use serde_json::{Map, Value, json};
use tollgate_domain::report::{Dimension, Measures, UsageFilter};

use super::super::params::{Numbered, Params};
use super::super::{Answer, Call, LiteLlmError, money};
use super::keys::Keys;
use super::range::Range;

/// What a route's days are of, and by what it is asked for.
type Of = (Dimension, &'static [&'static str]);

const USER: Of = (Dimension::User, &["user_id", "user_ids"]);
const TEAM: Of = (Dimension::Team, &["team_ids", "team_id"]);
const TAG: Of = (Dimension::Tag, &["tags"]);
const ORGANISATION: Of = (Dimension::Organisation, &["organization_ids", "organization_id"]);
const CUSTOMER: Of = (Dimension::Customer, &["end_user_ids", "end_user_id"]);

macro_rules! routes {
    ($($paged:ident, $aggregated:ident => $of:ident;)*) => {$(
        pub async fn $paged(call: Call, params: Params) -> Answer {
            let page = Numbered::read(&params, "page_size", 1000, 10_000)?;
            daily(&call, &params, $of, page.page).await
        }

        /// The same, always with every day.
        pub async fn $aggregated(call: Call, params: Params) -> Answer {
            daily(&call, &params, $of, 1).await
        }
    )*};
}

routes! {
    user_daily, user_aggregated => USER;
    team_daily, team_aggregated => TEAM;
    tag_daily, tag_aggregated => TAG;
    organisation_daily, organisation_aggregated => ORGANISATION;
    customer_daily, customer_aggregated => CUSTOMER;
}

async fn daily(call: &Call, params: &Params, (entity, names): Of, page: u32) -> Answer {
    params.refuse(&["exclude_team_ids", "exclude_organization_ids", "exclude_end_user_ids", "exclude_tags"])?;
    let mut filter = Range::needed(params)?.filter();
    let wanted: Vec<String> = names.iter().flat_map(|name| params.all(name)).map(str::to_owned).collect();
    match entity {
        Dimension::User => filter.users = wanted,
        Dimension::Team => filter.teams = wanted,
        Dimension::Organisation => filter.organisations = wanted,
        Dimension::Customer => filter.customers = wanted,
        _ => filter.tags = wanted,
    }
    filter.models = params.all("model").into_iter().map(str::to_owned).collect();
    if let Some(key) = params.text("api_key") {
        filter.keys.push(call.ledger_key(key).await?);
    }
    let days = read(call, &filter, entity).await?;
    let mut total = Measures::default();
    for day in days.values() {
        total = plus(total, day.own);
    }
    // All the days are one page: there are few of them.
    let mut results = Vec::new();
    if page == 1 {
        for (date, day) in days.into_iter().rev() {
            results.push(json!({
                "date": date, "metrics": metrics(&day.own),
                "breakdown": Value::Object(day.breakdown.into_iter().map(|(n, m)| (n.to_owned(), m.into())).collect()),
            }));
        }
    }
    Ok(Json(json!({"results": results, "metadata": metadata(&total, page)})))
}

/// One day: its sums, and the parts of which they are made.
#[derive(Default)]
struct Day {
    own: Measures,
    breakdown: BTreeMap<&'static str, Map<String, Value>>,
}

async fn read(call: &Call, filter: &UsageFilter, entity: Dimension) -> Result<BTreeMap<String, Day>, LiteLlmError> {
    let mut days: BTreeMap<String, Day> = BTreeMap::new();
    let by_entity = call.sums(filter, &[Dimension::Day, entity]).await?;
    if matches!(entity, Dimension::Tag | Dimension::Customer) {
        // Calls without one are no part of this. A call with several tags counts in each, and so in the day's sum.
        for row in &by_entity {
            let Some(date) = row.group.first() else { continue };
            let day = days.entry(date.clone()).or_default();
            day.own = plus(day.own, row.measures);
        }
    } else {
        for row in call.sums(filter, &[Dimension::Day]).await? {
            days.entry(row.group.concat()).or_default().own = row.measures;
        }
    }
    for day in days.values_mut() {
        for name in ["models", "model_groups", "providers", "endpoints", "api_keys", "entities", "mcp_servers"] {
            day.breakdown.insert(name, Map::new());
        }
    }
    let names = match entity {
        Dimension::Team => {
            let mut ids: Vec<String> = by_entity.iter().filter_map(|row| row.group.last()).cloned().collect();
            ids.sort();
            ids.dedup();
            call.team_names(ids).await?
        }
        _ => BTreeMap::new(),
    };
    for row in &by_entity {
        let [date, id] = row.group.as_slice() else { continue };
        if id.is_empty() {
            continue;
        }
        let metadata = names.get(id).map_or_else(|| json!({}), |name| json!({ "team_alias": name }));
        put(&mut days, date, "entities", id, part(&row.measures, &metadata));
    }
    // Sums of tags or customers are kept apart from the others: a filter by them reaches each part.
    let narrowed = narrow(filter, entity, &by_entity);
    for row in call.sums(&narrowed, &[Dimension::Day, Dimension::Model]).await? {
        let [date, model] = row.group.as_slice() else { continue };
        if !model.is_empty() {
            put(&mut days, date, "models", model, part(&row.measures, &json!({})));
            put(&mut days, date, "model_groups", model, part(&row.measures, &json!({})));
        }
    }
    for row in call.sums(&narrowed, &[Dimension::Day, Dimension::Provider]).await? {
        let [date, provider] = row.group.as_slice() else { continue };
        if !provider.is_empty() {
            put(&mut days, date, "providers", provider, part(&row.measures, &json!({})));
        }
    }
    let by_key = call.sums(&narrowed, &[Dimension::Day, Dimension::Key]).await?;
    let ids: Vec<&str> = by_key.iter().filter_map(|row| row.group.last()).map(String::as_str).collect();
    let keys: Keys = call.keys_by_id(ids.into_iter()).await?;
    for row in &by_key {
        let [date, id] = row.group.as_slice() else { continue };
        if id.is_empty() {
            continue;
        }
        let team = keys.get(id).and_then(|key| key.team_id.clone());
        let metadata = json!({"key_alias": keys.alias(id), "team_id": team});
        put(&mut days, date, "api_keys", &keys.hash(id), part(&row.measures, &metadata));
    }
    Ok(days)
}

/// The filter under which parts are read: where only calls with a tag or a customer count, by all that were found.
fn narrow(filter: &UsageFilter, entity: Dimension, found: &[tollgate_domain::report::UsageRow]) -> UsageFilter {
    let mut narrowed = filter.clone();
    let all = || {
        let mut ids: Vec<String> = found.iter().filter_map(|row| row.group.last()).cloned().collect();
        ids.sort();
        ids.dedup();
        ids
    };
    match entity {
        Dimension::Tag => narrowed.tags = all(),
        Dimension::Customer => narrowed.customers = all(),
        _ => {}
    }
    narrowed
}

fn put(days: &mut BTreeMap<String, Day>, date: &str, kind: &'static str, name: &str, value: Value) {
    let day = days.entry(date.to_owned()).or_default();
    day.breakdown.entry(kind).or_default().insert(name.to_owned(), value);
}

fn part(measures: &Measures, metadata: &Value) -> Value {
    json!({"metrics": metrics(measures), "metadata": metadata, "api_key_breakdown": {}})
}

pub fn plus(a: Measures, b: Measures) -> Measures {
    Measures {
        calls: a.calls + b.calls,
        errors: a.errors + b.errors,
        refused: a.refused + b.refused,
        uncertain: a.uncertain + b.uncertain,
        input_tokens: a.input_tokens + b.input_tokens,
        output_tokens: a.output_tokens + b.output_tokens,
        cache_read_tokens: a.cache_read_tokens + b.cache_read_tokens,
        cache_write_tokens: a.cache_write_tokens + b.cache_write_tokens,
        cost: a.cost.checked_add(b.cost).unwrap_or(a.cost),
    }
}

fn metrics(measures: &Measures) -> Value {
    json!({
        "spend": money::show(measures.cost),
        "prompt_tokens": measures.input_tokens,
        "completion_tokens": measures.output_tokens,
        "cache_read_input_tokens": measures.cache_read_tokens,
        "cache_creation_input_tokens": measures.cache_write_tokens,
        "total_tokens": measures.input_tokens + measures.output_tokens,
        "successful_requests": measures.calls - measures.errors,
        "failed_requests": measures.errors + measures.refused,
        "api_requests": measures.calls + measures.refused,
    })
}

fn metadata(total: &Measures, page: u32) -> Value {
    json!({
        "total_spend": money::show(total.cost),
        "total_prompt_tokens": total.input_tokens,
        "total_completion_tokens": total.output_tokens,
        "total_tokens": total.input_tokens + total.output_tokens,
        "total_api_requests": total.calls + total.refused,
        "total_successful_requests": total.calls - total.errors,
        "total_failed_requests": total.errors + total.refused,
        "total_cache_read_input_tokens": total.cache_read_tokens,
        "total_cache_creation_input_tokens": total.cache_write_tokens,
        "page": page,
        "total_pages": 1,
        "has_more": false,
    })
}
