//! `/team/spend/by_user`: what each member of some teams called and spent through them.

use std::collections::HashMap;

use axum::Json;
use serde_json::{Value, json};
use tollgate_domain::actor::Visible;
use tollgate_domain::report::Dimension;
use tollgate_domain::user::User;
use tollgate_store::RecordFilter;

use super::super::body::invalid;
use super::super::params::Params;
use super::super::{Answer, Call, LiteLlmError, money};
use super::range::Range;

/// The most teams of an answer.
const MOST: usize = 100;

pub async fn by_user(call: Call, params: Params) -> Answer {
    let mut ids = params.all("team_ids");
    ids.extend(params.all("team_id"));
    if ids.is_empty() || ids.len() > MOST {
        return Err(invalid("team_ids", format!("from 1 to {MOST} teams")).into());
    }
    let mut filter = Range::needed(&params)?.filter();
    let mut names: HashMap<String, String> = HashMap::new();
    for id in ids {
        let team = call.team(id).await?;
        filter.teams.push(team.id.to_string());
        names.insert(team.id.to_string(), team.name);
    }
    let mut rows = call.sums(&filter, &[Dimension::Team, Dimension::User]).await?;
    rows.retain(|row| row.group.last().is_some_and(|user| !user.is_empty()));
    rows.sort_by_key(|row| std::cmp::Reverse(row.measures.cost));
    let users = call.users_by_id(rows.iter().filter_map(|row| row.group.last())).await?;
    let line = |row: &tollgate_domain::report::UsageRow| {
        let [team, id] = row.group.as_slice() else { return Value::Null };
        let (user, used) = (users.get(id), &row.measures);
        json!({
            "user_id": id,
            "user_email": user.and_then(|user| user.email.as_deref()),
            "user_alias": user.and_then(|user| user.name.as_deref()),
            "team_id": team,
            "team_alias": names.get(team),
            "spend": money::show(used.cost),
            "prompt_tokens": used.input_tokens,
            "completion_tokens": used.output_tokens,
            "total_tokens": used.input_tokens + used.output_tokens,
            "api_requests": used.calls + used.refused,
            "successful_requests": used.calls - used.errors,
            "failed_requests": used.errors + used.refused,
        })
    };
    let lines: Vec<Value> = rows.iter().map(line).collect();
    Ok(Json(json!({ "results": lines })))
}

impl Call {
    /// Those of an answer's lines. Whoever may see what somebody spent may see who it was.
    async fn users_by_id(&self, ids: impl Iterator<Item = &String>) -> Result<HashMap<String, User>, LiteLlmError> {
        let mut ids: Vec<String> = ids.cloned().collect();
        ids.sort();
        ids.dedup();
        let mut found = HashMap::new();
        for ids in ids.chunks(500) {
            let filter = RecordFilter { ids: Some(ids.to_vec()), ..RecordFilter::default() };
            let users: Vec<User> = self.server.store().list_all(&Visible::All, &filter, ids.len()).await?;
            found.extend(users.into_iter().map(|user| (user.id.to_string(), user)));
        }
        Ok(found)
    }
}
