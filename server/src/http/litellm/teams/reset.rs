//! Beginning anew for one member: `/team/{id}/member/{user}/reset_spend`, `/team/{id}/member/{user}/reset_budget`.

use axum::Json;
use axum::extract::Path;
use http::StatusCode;
use serde_json::Value;
use tollgate_control::groups;
use tollgate_domain::Nanos;
use tollgate_domain::ids::UserId;
use tollgate_domain::limits::Limits;
use tollgate_domain::membership::{Group, Membership};

use super::super::body::{invalid, parse_id};
use super::super::{Answer, Call, LiteLlmError};
use super::shape;

/// What a member spent is the sum of the ledger's lines, and those are never taken back.
pub async fn member_reset_spend(call: Call, Path((team, user)): Path<(String, String)>) -> Answer {
    let team = call.team(&team).await?;
    let user = parse_id("user_id", &user, UserId::parse)?;
    let mut may = false;
    // Nothing is changed: that would be asked for the same rights.
    let refuse = |_: &mut Membership| {
        may = true;
        Err(invalid("reset_to", "can't be set"))
    };
    let asked = groups::update_member(call.control(), &call.op, &Group::Team(team.id), &user, None, refuse).await;
    if let (false, Err(error)) = (may, asked) {
        return Err(error.into());
    }
    let message = "What a member spent can't be reset: it is the sum of what was charged. Raise their `max_budget_in_team`, \
                   or give it a `budget_duration`, after which their budget begins anew.";
    Err(LiteLlmError::new(StatusCode::NOT_IMPLEMENTED, message, None))
}

/// Takes limits of the member's own away: from then on the team's for its members hold. What was spent stays.
pub async fn member_reset_budget(call: Call, Path((team, user)): Path<(String, String)>) -> Answer {
    let team = call.team(&team).await?;
    let user = parse_id("user_id", &user, UserId::parse)?;
    let reset = |membership: &mut Membership| {
        membership.limits = Limits::default();
        membership.budget_id = None;
        Ok(())
    };
    let group = Group::Team(team.id.clone());
    let changed = groups::update_member(call.control(), &call.op, &group, &user, None, reset).await?;
    let tables = call.budget_tables(changed.budget_id.iter()).await?;
    let mut out = shape::describe_membership(&team, &changed, &tables, Nanos::ZERO);
    if let Value::Object(out) = &mut out {
        // Who may change the membership need not be allowed to see what was spent.
        out.remove("spend");
    }
    Ok(Json(out))
}
