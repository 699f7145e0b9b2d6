//! Looking at users: `/user/info`, `/v2/user/info`, `/users/me`, `/user/available_roles`.

use axum::Json;
use serde_json::{Map, Value, json};
use tollgate_control::keys::KeyFilter;
use tollgate_control::records;
use tollgate_domain::actor::Visible;
use tollgate_domain::ids::UserId;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::report::TotalsOf;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::RecordFilter;

use super::super::body::invalid;
use super::super::names::{self, MASTER_USER};
use super::super::params::Params;
use super::super::{Answer, Call, LiteLlmError, keys, teams};
use super::shape;

/// The most keys and teams of a user that an answer has.
const MOST: usize = 1000;

impl Call {
    /// The ids of somebody's teams. Whoever may see somebody may see where they are.
    pub(in super::super) async fn teams_of(&self, user: &UserId) -> Result<Vec<String>, LiteLlmError> {
        let filter = RecordFilter { user_id: Some(user.to_string()), ..RecordFilter::default() };
        let all: Vec<Membership> = self.server.store().list_all(&Visible::All, &filter, MOST).await?;
        let team = |membership: Membership| match membership.group {
            Group::Team(id) => Some(id.to_string()),
            Group::Organisation(_) => None,
        };
        Ok(all.into_iter().filter_map(team).collect())
    }

    /// Whom a question without `user_id` is about; `None`: whoever holds the master key.
    fn about(&self, params: &Params) -> Result<Option<UserId>, LiteLlmError> {
        let id = params.id("user_id", UserId::parse)?.or_else(|| self.user().cloned());
        Ok(id.filter(|id| id.as_str() != MASTER_USER))
    }
}

/// The holder of the master key, who is nobody in particular.
fn master() -> Map<String, Value> {
    names::object(json!({
        "user_id": MASTER_USER, "user_email": null, "user_alias": null, "user_role": "proxy_admin", "teams": [],
        "models": [], "max_budget": null, "budget_duration": null, "metadata": {}, "spend": 0.0,
    }))
}

pub async fn info(call: Call, params: Params) -> Answer {
    let Some(id) = call.about(&params)? else {
        only_master(&call)?;
        return Ok(Json(json!({"user_id": MASTER_USER, "user_info": master(), "keys": [], "teams": []})));
    };
    let user: User = records::get(call.control(), &call.op, id.as_str()).await?;
    let ids = call.teams_of(&id).await?;
    let filter = KeyFilter { user_id: Some(id.to_string()), ..KeyFilter::default() };
    let rows = call.keys_that(&filter, MOST).await?;
    let keys = keys::describe_all(&call, &rows).await?;
    let theirs: Vec<Team> = call.by_ids(ids.clone()).await?;
    let teams = teams::describe_all(&call, &theirs).await?;
    let user_info = with_spend(&call, &user, &ids).await?;
    Ok(Json(json!({"user_id": user.id, "user_info": user_info, "keys": keys, "teams": teams})))
}

/// A user in LiteLLM's form, with what they spent.
pub async fn with_spend(call: &Call, user: &User, teams: &[String]) -> Result<Value, LiteLlmError> {
    let mut row = shape::describe(user, teams);
    call.spent(TotalsOf::User, std::iter::once(user.id.to_string())).await?.put(user.id.as_str(), &mut row);
    Ok(Value::Object(row))
}

fn only_master(call: &Call) -> Result<(), LiteLlmError> {
    if call.key.is_none() { Ok(()) } else { Err(invalid("user_id", "is needed: this key is nobody's").into()) }
}

/// The user alone, without keys and teams.
pub async fn info_v2(call: Call, params: Params) -> Answer {
    let Some(id) = call.about(&params)? else {
        only_master(&call)?;
        return Ok(Json(Value::Object(master())));
    };
    let user: User = records::get(call.control(), &call.op, id.as_str()).await?;
    let teams = call.teams_of(&id).await?;
    Ok(Json(with_spend(&call, &user, &teams).await?))
}

/// Whoever asks.
pub async fn me(call: Call) -> Answer {
    info_v2(call, Params::default()).await
}

pub async fn available_roles(_: Call) -> Answer {
    Ok(Json(names::available_roles()))
}
