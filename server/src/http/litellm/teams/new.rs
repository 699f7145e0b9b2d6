//! `/team/new`

use axum::Json;
use serde_json::Value;
use tollgate_control::groups;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::ids::{TeamId, UserId};
use tollgate_domain::membership::MemberRole;
use tollgate_domain::record::Record as _;

use super::super::body::{Fields, parse_id};
use super::super::people::{Named, NewMember};
use super::super::{Answer, Call, LiteLlmError};
use super::shape;

pub async fn new(call: Call, mut fields: Fields) -> Answer {
    let id = fields.id("team_id", TeamId::parse)?.value().unwrap_or_else(|| call.new_id(TeamId::new));
    let wanted = read_members(&mut fields)?;
    let mut team = shape::team(id);
    shape::apply(&mut fields, &mut team)?;
    fields.finish()?;
    // Who may not make the team makes no users on the way either: the refusal comes from making the team.
    let may = call.op.may(Action::Create, Resource::Team, &team.place());
    let members = if may { call.members(wanted).await? } else { Vec::new() };
    let team = groups::create_team(call.control(), &call.op, team, &members).await?;
    Ok(Json(Value::Object(call.describe_team(&team).await?)))
}

/// `members_with_roles`, and the older `admins` and `members` with ids alone.
fn read_members(fields: &mut Fields) -> Result<Vec<NewMember>, LiteLlmError> {
    let mut all = NewMember::read_all(fields, "members_with_roles")?;
    for (name, role) in [("admins", MemberRole::Admin), ("members", MemberRole::Member)] {
        for id in fields.texts(name)?.value().unwrap_or_default() {
            let named = Named { id: Some(parse_id(name, &id, UserId::parse)?), email: None };
            all.push(NewMember { named, role });
        }
    }
    Ok(all)
}

impl Call {
    /// The users that shall be members, made where they are not known; whoever is named twice gets the first role.
    async fn members(&self, wanted: Vec<NewMember>) -> Result<Vec<(UserId, MemberRole)>, LiteLlmError> {
        let mut members: Vec<(UserId, MemberRole)> = Vec::with_capacity(wanted.len());
        for NewMember { named, role } in wanted {
            // The one whose master key it is can do anything, and is no user.
            if named.id.as_ref().is_some_and(|id| id.as_str() == super::super::names::MASTER_USER) {
                continue;
            }
            let user = self.find_or_make_user(&named).await?;
            if !members.iter().any(|(known, _)| *known == user.id) {
                members.push((user.id, role));
            }
        }
        Ok(members)
    }
}
