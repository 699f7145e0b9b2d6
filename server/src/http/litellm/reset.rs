//! Budgets begun anew: `/key/{key}/reset_spend`, `/team/{id}/member/{user}/reset_spend`, `/global/spend/reset`.
//!
//! What was charged stays in the ledger, in every report and in every bill. From then on it counts for no budget of the
//! account, and the account's own `spend` begins at nothing.

use axum::Json;
use axum::extract::Path;
use serde_json::{Map, Value, json};
use tollgate_control::keys::{self, KeyRef};
use tollgate_control::{ControlError, reset, usage};
use tollgate_domain::Nanos;
use tollgate_domain::clock::Timestamp;
use tollgate_domain::ids::UserId;
use tollgate_domain::ledger::{AccountKey, AccountKind, Needed, Span, WindowRule};
use tollgate_domain::limits::Limits;
use tollgate_domain::membership::Group;
use tollgate_domain::summary::KeyRow;
use tollgate_domain::team::Team;

use super::body::{Field, Fields, invalid, parse_id};
use super::keys::{describe_all, key_ref};
use super::spend::Spent;
use super::teams::describe_membership;
use super::{Answer, Call, LiteLlmError};

/// `reset_to`: an account that has spent nothing is all there is.
fn to_nothing(fields: &mut Fields) -> Result<(), ControlError> {
    match fields.dollars("reset_to")? {
        Field::Value(amount) if amount.0 != 0 => {
            Err(invalid("reset_to", "must be 0: what is charged from now on counts, and nothing before"))
        }
        _ => Ok(()),
    }
}

pub async fn key(call: Call, Path(given): Path<String>, mut fields: Fields) -> Answer {
    to_nothing(&mut fields)?;
    fields.finish()?;
    let reference = key_ref(&given);
    let before = keys::get(call.control(), &call.op, &reference).await?;
    let previous = call.counted(std::slice::from_ref(&before)).await?.first().copied().unwrap_or_default();
    let key = reset::key(call.control(), &call.op, &reference).await?;
    let row = keys::get(call.control(), &call.op, &KeyRef::Id(key.id)).await?;
    let mut shown = describe_all(&call, std::slice::from_ref(&row)).await?;
    let mut out = match shown.pop() {
        Some(Value::Object(out)) => out,
        _ => Map::new(),
    };
    out.insert("key_hash".to_owned(), row.key.digest.to_hex().into());
    out.insert("previous_spend".to_owned(), super::money::show(previous));
    Ok(Json(Value::Object(out)))
}

pub async fn member(call: Call, Path((team, user)): Path<(String, String)>, mut fields: Fields) -> Answer {
    to_nothing(&mut fields)?;
    fields.finish()?;
    let team = call.team(&team).await?;
    let user = parse_id("user_id", &user, UserId::parse)?;
    let group = Group::Team(team.id.clone());
    let changed = reset::member(call.control(), &call.op, &group, &user).await?;
    let tables = call.budget_tables(changed.budget_id.iter()).await?;
    Ok(Json(describe_membership(&team, &changed, &tables, Nanos::ZERO)))
}

/// Every key and every team.
pub async fn global(call: Call) -> Answer {
    reset::everything(call.control(), &call.op).await?;
    Ok(Json(json!({"message": "Spend for all API Keys and Teams reset successfully", "status": "success"})))
}

/// What an account has spent since it was begun anew.
pub fn since(limits: &Limits, kind: AccountKind, id: impl Into<std::sync::Arc<str>>) -> Option<Needed> {
    let span = Span { start: limits.budget_since?, end: Timestamp(i64::MAX) };
    Some(Needed { account: AccountKey::new(kind, id), window: WindowRule::Forever, span })
}

impl Call {
    /// What each key spent, as far as it counts.
    pub async fn counted(&self, rows: &[KeyRow]) -> Result<Vec<Nanos>, LiteLlmError> {
        let mut spent: Vec<Nanos> = rows.iter().map(|row| row.spent).collect();
        let anew = rows.iter().zip(&mut spent);
        let (needed, places): (Vec<Needed>, Vec<&mut Nanos>) = anew
            .filter_map(|(row, place)| Some((since(&row.key.limits, AccountKind::Key, row.key.id.to_string())?, place)))
            .unzip();
        for (place, sum) in places.into_iter().zip(usage::spent(self.control(), &needed).await?) {
            *place = sum;
        }
        Ok(spent)
    }

    /// What each team spent, as far as it counts.
    pub async fn counted_by_team(&self, teams: &[Team], spent: &mut Spent) -> Result<(), LiteLlmError> {
        let needed =
            teams.iter().filter_map(|team| Some((team, since(&team.limits, AccountKind::Team, team.id.as_str())?)));
        let (anew, needed): (Vec<&Team>, Vec<Needed>) = needed.unzip();
        for (team, sum) in anew.into_iter().zip(usage::spent(self.control(), &needed).await?) {
            spent.set(team.id.as_str(), sum);
        }
        Ok(())
    }
}
