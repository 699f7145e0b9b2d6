//! `/global/spend*`: what was spent by everybody that whoever asks may see.

use std::collections::BTreeMap;

use axum::Json;
use serde_json::{Map, Value, json};
use tollgate_domain::Nanos;
use tollgate_domain::report::Dimension;
use tollgate_domain::team::Team;

use super::super::params::Params;
use super::super::{Answer, Call, LiteLlmError, money};
use super::range::Range;

pub async fn global_spend(call: Call) -> Answer {
    let rows = call.sums(&Range::always().filter(), &[]).await?;
    let spent = rows.first().map_or(Nanos::ZERO, |row| row.measures.cost);
    Ok(Json(json!({"spend": money::show(spent), "max_budget": 0.0})))
}

/// Spend of each of the last 30 days with calls.
pub async fn global_logs(call: Call, params: Params) -> Answer {
    let mut filter = Range::read(&params)?.filter();
    if let Some(key) = params.text("api_key") {
        filter.keys.push(call.ledger_key(key).await?);
    }
    let mut rows = call.sums(&filter, &[Dimension::Day]).await?;
    rows.sort_by(|a, b| a.group.cmp(&b.group));
    let days = rows.iter().map(|row| json!({"date": row.group.concat(), "spend": money::show(row.measures.cost)}));
    Ok(Json(days.collect()))
}

pub async fn global_keys(call: Call, params: Params) -> Answer {
    let limit = params.number("limit", 10, 1000)?;
    let rows = call.top(&Range::read(&params)?.filter(), &[Dimension::Key], limit).await?;
    let ids: Vec<&str> = rows.iter().filter_map(|row| row.group.first()).map(String::as_str).collect();
    let keys = call.keys_by_id(ids.iter().copied()).await?;
    let lines = rows.iter().filter(|row| row.group.first().is_some_and(|id| !id.is_empty())).map(|row| {
        let id = row.group.concat();
        json!({
            "api_key": keys.hash(&id), "key_alias": keys.alias(&id), "key_name": keys.name(&id),
            "total_spend": money::show(row.measures.cost),
        })
    });
    Ok(Json(lines.collect()))
}

pub async fn global_models(call: Call, params: Params) -> Answer {
    let limit = params.number("limit", 10, 1000)?;
    let rows = call.top(&Range::read(&params)?.filter(), &[Dimension::Model], limit).await?;
    let named = rows.iter().filter(|row| row.group.iter().all(|name| !name.is_empty()));
    let lines = named.map(|row| json!({"model": row.group.concat(), "total_spend": money::show(row.measures.cost)}));
    Ok(Json(lines.collect()))
}

pub async fn global_provider(call: Call, params: Params) -> Answer {
    let rows = call.sums(&Range::read(&params)?.filter(), &[Dimension::Provider]).await?;
    let named = rows.iter().filter(|row| row.group.iter().all(|name| !name.is_empty()));
    let lines = named.map(|row| json!({"provider": row.group.concat(), "spend": money::show(row.measures.cost)}));
    Ok(Json(lines.collect()))
}

pub async fn global_tags(call: Call, params: Params) -> Answer {
    let mut filter = Range::read(&params)?.filter();
    filter.tags = params.all("tags").into_iter().filter(|tag| *tag != "all-tags").map(str::to_owned).collect();
    let rows = call.sums(&filter, &[Dimension::Tag]).await?;
    let tags: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "name": row.group.concat(), "spend": money::show(row.measures.cost),
                "log_count": row.measures.calls,
            })
        })
        .collect();
    Ok(Json(json!({ "spend_per_tag": tags })))
}

impl Call {
    /// The names of teams by their ids: the id itself where there is no name, or nobody to know it.
    pub(super) async fn team_names(&self, ids: Vec<String>) -> Result<BTreeMap<String, String>, LiteLlmError> {
        let mut names: BTreeMap<String, String> = ids.iter().map(|id| (id.clone(), id.clone())).collect();
        for ids in ids.chunks(500) {
            let found: Vec<Team> = self.by_ids(ids.to_vec()).await?;
            names.extend(found.into_iter().map(|team| (team.id.to_string(), team.name)));
        }
        Ok(names)
    }
}

pub async fn global_teams(call: Call, params: Params) -> Answer {
    let filter = Range::read(&params)?.filter();
    let mut by_day = call.sums(&filter, &[Dimension::Day, Dimension::Team]).await?;
    by_day.retain(|row| row.group.last().is_some_and(|team| !team.is_empty()));
    let mut ids: Vec<String> = by_day.iter().filter_map(|row| row.group.last()).cloned().collect();
    ids.sort();
    ids.dedup();
    let names = call.team_names(ids).await?;
    let mut days: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut totals: BTreeMap<&str, Nanos> = BTreeMap::new();
    for row in &by_day {
        let [date, team] = row.group.as_slice() else { continue };
        let name = names.get(team).unwrap_or(team);
        let day = days.entry(date).or_insert_with(|| Map::from_iter([("date".to_owned(), json!(date))]));
        day.insert(name.clone(), money::show(row.measures.cost));
        let total = totals.entry(team).or_default();
        *total = total.checked_add(row.measures.cost).unwrap_or(*total);
    }
    let mut totals: Vec<(&str, Nanos)> = totals.into_iter().collect();
    totals.sort_by_key(|(_, spent)| std::cmp::Reverse(*spent));
    let name = |team: &str| names.get(team).cloned().unwrap_or_else(|| team.to_owned());
    Ok(Json(json!({
        "daily_spend": days.into_values().map(Value::Object).collect::<Vec<_>>(),
        "teams": totals.iter().map(|(team, _)| name(team)).collect::<Vec<_>>(),
        "total_spend_per_team": totals
            .iter()
            .map(|(team, spent)| json!({"team_id": team, "name": name(team), "total_spend": money::show(*spent)}))
            .collect::<Vec<_>>(),
    })))
}
