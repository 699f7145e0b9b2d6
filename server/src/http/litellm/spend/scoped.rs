//! `/key|user|team|organization/spend/report`: what was spent with each key, of one of them or of all that may be seen.

use std::collections::BTreeMap;

use axum::Json;
use serde_json::{Value, json};
use tollgate_control::keys::{self, KeyRef};
use tollgate_control::records;
use tollgate_domain::Nanos;
use tollgate_domain::ids::KeyId;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::report::{Dimension, Measures};
use tollgate_domain::user::User;

use super::super::params::Params;
use super::super::{Answer, Call, LiteLlmError, money};
use super::range::Range;

/// Without `api_key`: the key that asks, and for those who see everything every key.
pub async fn key_report(call: Call, params: Params) -> Answer {
    let id = match (params.text("api_key"), &call.key) {
        (Some(given), _) => {
            let id = call.ledger_key(given).await?;
            if let Some(id) = KeyId::parse(&id) {
                keys::get(call.control(), &call.op, &KeyRef::Id(id)).await?;
            }
            Some(id)
        }
        (None, Some(key)) if !call.is_admin() => Some(key.id.to_string()),
        (None, _) => None,
    };
    report(&call, &params, Dimension::Key, id).await
}

/// Without `internal_user_id`: whoever asks, and for those who see everything everybody.
pub async fn user_report(call: Call, params: Params) -> Answer {
    let id = match params.text("internal_user_id") {
        Some(id) => Some(records::get::<User>(call.control(), &call.op, id).await?.id.to_string()),
        None if call.is_admin() => None,
        None => call.user().map(ToString::to_string),
    };
    report(&call, &params, Dimension::User, id).await
}

pub async fn team_report(call: Call, params: Params) -> Answer {
    let id = match params.text("team_id") {
        Some(id) => Some(call.team(id).await?.id.to_string()),
        None => None,
    };
    report(&call, &params, Dimension::Team, id).await
}

pub async fn organisation_report(call: Call, params: Params) -> Answer {
    let id = match params.text("organization_id") {
        Some(id) => Some(records::get::<Organisation>(call.control(), &call.op, id).await?.id.to_string()),
        None => None,
    };
    report(&call, &params, Dimension::Organisation, id).await
}

/// What was spent with one key, by model and team.
#[derive(Default)]
struct Spending(BTreeMap<(String, String), (Nanos, i64, i64)>);

impl Spending {
    fn add(&mut self, model: &str, team: &str, used: &Measures) {
        let (cost, input, output) = self.0.entry((model.to_owned(), team.to_owned())).or_default();
        *cost = cost.checked_add(used.cost).unwrap_or(*cost);
        *input += used.input_tokens;
        *output += used.output_tokens;
    }

    fn cost(&self) -> Nanos {
        self.0.values().fold(Nanos::ZERO, |sum, (cost, ..)| sum.checked_add(*cost).unwrap_or(sum))
    }

    fn details(&self) -> Value {
        let detail = |((model, team), (cost, input, output)): (&(String, String), &(Nanos, i64, i64))| {
            json!({
                "model": model, "total_cost": money::show(*cost), "total_input_tokens": input,
                "total_output_tokens": output, "team_id": (!team.is_empty()).then_some(team),
            })
        };
        self.0.iter().map(detail).collect()
    }
}

/// `[{api_key, total_cost, total_input_tokens, total_output_tokens, model_details: […]}]` of calls that are some
/// `entity`'s; with `id`, of that one's.
async fn report(call: &Call, params: &Params, entity: Dimension, id: Option<String>) -> Answer {
    let mut filter = Range::needed(params)?.filter();
    let wanted = match entity {
        Dimension::User => &mut filter.users,
        Dimension::Team => &mut filter.teams,
        Dimension::Organisation => &mut filter.organisations,
        _ => &mut filter.keys,
    };
    wanted.extend(id);
    let mut dimensions = vec![Dimension::Key, Dimension::Model, Dimension::Team];
    if !dimensions.contains(&entity) {
        dimensions.push(entity);
    }
    let place = dimensions.iter().position(|dimension| *dimension == entity).unwrap_or_default();
    let mut keys: BTreeMap<String, Spending> = BTreeMap::new();
    for row in call.sums(&filter, &dimensions).await? {
        let [key, model, team, ..] = row.group.as_slice() else { continue };
        if row.measures.calls > 0 && row.group.get(place).is_some_and(|whose| !whose.is_empty()) {
            keys.entry(key.clone()).or_default().add(model, team, &row.measures);
        }
    }
    Ok(Json(describe(call, keys).await?))
}

async fn describe(call: &Call, spent: BTreeMap<String, Spending>) -> Result<Value, LiteLlmError> {
    let keys = call.keys_by_id(spent.keys().map(String::as_str)).await?;
    let mut lines: Vec<(String, Spending)> = spent.into_iter().collect();
    lines.sort_by_key(|(_, spent)| std::cmp::Reverse(spent.cost()));
    let line = |(id, spent): &(String, Spending)| {
        json!({
            "api_key": keys.hash(id),
            "total_cost": money::show(spent.cost()),
            "total_input_tokens": spent.0.values().map(|(_, input, _)| input).sum::<i64>(),
            "total_output_tokens": spent.0.values().map(|(.., output)| output).sum::<i64>(),
            "model_details": spent.details(),
        })
    };
    Ok(lines.iter().map(line).collect())
}
