//! A member's own budget taken away: `/team/{id}/member/{user}/reset_budget`.

use axum::Json;
use axum::extract::Path;
use serde_json::Value;
use tollgate_control::groups;
use tollgate_domain::Nanos;
use tollgate_domain::ids::UserId;
use tollgate_domain::limits::Limits;
use tollgate_domain::membership::{Group, Membership};

use super::super::body::parse_id;
use super::super::{Answer, Call};
use super::shape;

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
