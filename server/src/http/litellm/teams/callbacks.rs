//! Where a team's calls are logged beside the ledger: `/team/{id}/callback`, `/team/{id}/disable_logging`.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::Path;
use serde_json::{Map, Value, json};
use tollgate_control::callbacks::{self, NewCallback, shown};
use tollgate_domain::charge::Outcome;
use tollgate_domain::secret::Secret;
use tollgate_domain::team::Team;

use super::super::body::{Fields, invalid};
use super::super::{Answer, Call};

/// Without secrets. Variables of several callbacks are one object, as in LiteLLM.
pub async fn callbacks(call: Call, Path(team): Path<String>) -> Answer {
    let team = call.team(&team).await?;
    let mut data = names(&team);
    let vars: BTreeMap<String, String> = shown(&team).into_iter().flat_map(|callback| callback.vars).collect();
    data.insert("callback_vars".to_owned(), json!(vars));
    Ok(Json(json!({"status": "success", "data": data})))
}

pub async fn callback_add(call: Call, Path(team): Path<String>, mut fields: Fields) -> Answer {
    let name = fields.needed("callback_name")?;
    let kind = fields.word("callback_type")?.value().unwrap_or_else(|| "success_and_failure".to_owned());
    let vars: BTreeMap<String, Secret> = fields
        .take("callback_vars", "an object of texts")?
        .value()
        .ok_or_else(|| invalid("callback_vars", "is missing"))?;
    fields.finish()?;
    let team = callbacks::add(call.control(), &call.op, &team, NewCallback { name, kind, vars }).await?;
    Ok(Json(json!({"status": "success", "data": call.describe_team(&team).await?})))
}

pub async fn callback_delete(call: Call, Path((team, name)): Path<(String, String)>) -> Answer {
    let team = callbacks::remove(call.control(), &call.op, &team, &name).await?;
    let message = format!("Callback {name} removed for team {}", team.id);
    Ok(Json(json!({"status": "success", "message": message, "data": names(&team)})))
}

pub async fn disable_logging(call: Call, Path(team): Path<String>) -> Answer {
    let team = callbacks::disable(call.control(), &call.op, &team).await?;
    let message = format!("Logging disabled for team {}", team.id);
    Ok(Json(json!({"status": "success", "message": message, "data": names(&team)})))
}

/// What is told of calls that went well, and of those that did not.
fn names(team: &Team) -> Map<String, Value> {
    let told = |outcome: Outcome| {
        let wanted = team.logging.callbacks.iter().filter(move |callback| callback.kind.wants(outcome));
        wanted.map(|callback| callback.name.as_str()).collect::<BTreeSet<_>>()
    };
    let (success, failure) = (told(Outcome::Success), told(Outcome::UpstreamError));
    Map::from_iter([
        ("team_id".to_owned(), json!(team.id)),
        ("success_callbacks".to_owned(), json!(success)),
        ("failure_callbacks".to_owned(), json!(failure)),
    ])
}
