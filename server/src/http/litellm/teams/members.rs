//! Who is in a team: `/team/member_add`, `/team/member_update`, `/team/member_delete`, `/team/bulk_member_add`.

use axum::Json;
use http::StatusCode;
use serde_json::{Map, Value, json};
use tollgate_control::{groups, records};
use tollgate_domain::Nanos;
use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::ids::UserId;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::record::Record as _;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::RecordFilter;

use super::super::body::{Field, Fields, invalid};
use super::super::people::{self, Named, NewMember};
use super::super::{Answer, Call, LiteLlmError, money, names, users};
use super::shape;

/// The most people of one call.
const MOST: usize = 500;

/// A new member with the answer's two rows.
struct Added {
    user: User,
    membership: Membership,
}

pub async fn member_add(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("team_id")?;
    let members = NewMember::read_all(&mut fields, "member")?;
    if members.is_empty() || members.len() > MOST {
        return Err(invalid("member", format!("from 1 to {MOST} people")).into());
    }
    let team = call.team(&id).await?;
    let mut added = Vec::with_capacity(members.len());
    for member in &members {
        added.push(add(&call, &team, member, &fields).await?);
    }
    let mut out = call.describe_team(&team).await?;
    let tables = call.budget_tables(added.iter().filter_map(|added| added.membership.budget_id.as_ref())).await?;
    let mut updated = Vec::with_capacity(added.len());
    for Added { user, .. } in &added {
        updated.push(Value::Object(users::describe(user, &call.teams_of(&user.id).await?)));
    }
    out.insert("updated_users".to_owned(), updated.into());
    let memberships =
        added.iter().map(|added| shape::describe_membership(&team, &added.membership, &tables, Nanos::ZERO));
    out.insert("updated_team_memberships".to_owned(), memberships.collect());
    Ok(Json(Value::Object(out)))
}

/// Adds one; `terms` are the fields that say what they may spend and call.
async fn add(call: &Call, team: &Team, member: &NewMember, terms: &Fields) -> Result<Added, LiteLlmError> {
    let user = if call.op.may(Action::Create, Resource::Membership, &team.place()) {
        call.find_or_make_user(&member.named).await?
    } else {
        // Adding is refused, and recorded; whether there is such a user is not told.
        let someone = member.named.id.clone().unwrap_or_else(|| call.new_id(UserId::new));
        groups::add_member(call.control(), &call.op, &Group::Team(team.id.clone()), &someone, |_| ()).await?;
        return Err(tollgate_gateway::CallError::management_denied().into());
    };
    let group = Group::Team(team.id.clone());
    let mut wanted = groups::membership(&group, &user.id, member.role)?;
    let mut terms = terms.clone();
    people::read_terms(&mut terms, "max_budget_in_team", &mut wanted)?;
    terms.finish()?;
    if call.membership(&group, &user.id).await?.is_some() {
        let message = format!("`{}` is in the team `{}` already.", user.id, team.id);
        return Err(
            LiteLlmError::new(StatusCode::BAD_REQUEST, message, Some("user_id")).kind("team_member_already_in_team")
        );
    }
    let membership = groups::add_member(call.control(), &call.op, &group, &user.id, |new| {
        (new.role, new.limits, new.models) = (wanted.role, wanted.limits, wanted.models);
    })
    .await?;
    Ok(Added { user, membership })
}

impl Call {
    /// The living membership, whoever asks: for answers that name what is in the way.
    async fn membership(&self, group: &Group, user: &UserId) -> Result<Option<Membership>, LiteLlmError> {
        let Some(id) = Membership::id_of(group, user) else { return Ok(None) };
        let found = self.server.store().find::<Membership>(id.as_str()).await?;
        Ok(found.filter(|membership| membership.meta.deleted_at.is_none()))
    }

    /// The member of the group at `place` that is named by id or address.
    pub(in super::super) async fn named_member(&self, named: &Named, place: &Place) -> Result<UserId, LiteLlmError> {
        if let Some(id) = &named.id {
            return Ok(id.clone());
        }
        if !self.op.may(Action::Update, Resource::Membership, place) {
            // What follows is refused, and recorded; whether there is such a user is not told.
            return Ok(self.new_id(UserId::new));
        }
        if named.is_nobody() {
            return Err(invalid("user_id", "is needed, or `user_email`: which member").into());
        }
        let found = self.find_user(named).await?;
        let unknown = || LiteLlmError::new(StatusCode::NOT_FOUND, "the member was not found", Some("user_email"));
        found.map(|user| user.id).ok_or_else(unknown)
    }
}

pub async fn member_update(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("team_id")?;
    let named = Named::read(&mut fields)?;
    let role = match fields.text("role")? {
        Field::Value(role) => Some(names::parse_member_role(&role)?),
        Field::Absent | Field::Null => None,
    };
    let team = call.team(&id).await?;
    let user = call.named_member(&named, &team.place()).await?;
    let group = Group::Team(team.id.clone());
    let change = |membership: &mut Membership| {
        membership.role = role.unwrap_or(membership.role);
        people::read_terms(&mut fields, "max_budget_in_team", membership)?;
        fields.finish()
    };
    let changed = groups::update_member(call.control(), &call.op, &group, &user, None, change).await?;
    let known = call.find_user(&Named { id: Some(user.clone()), email: None }).await?;
    Ok(Json(json!({
        "team_id": team.id,
        "user_id": user,
        "user_email": known.and_then(|known| known.email),
        "role": names::team_role(changed.role),
        "max_budget_in_team": money::show_option(changed.limits.max_budget),
        "budget_duration": changed.limits.budget_duration,
        "tpm_limit": changed.limits.tpm_limit,
        "rpm_limit": changed.limits.rpm_limit,
        "allowed_models": changed.models,
    })))
}

pub async fn member_delete(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("team_id")?;
    let named = Named::read(&mut fields)?;
    fields.finish()?;
    let team = call.team(&id).await?;
    let user = call.named_member(&named, &team.place()).await?;
    groups::remove_member(call.control(), &call.op, &Group::Team(team.id.clone()), &user).await?;
    Ok(Json(Value::Object(call.describe_team(&team).await?)))
}

/// `{team_id, members|all_users, max_budget_in_team}`: each for themselves.
pub async fn bulk_member_add(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("team_id")?;
    let all = fields.boolean("all_users")?.value().unwrap_or(false);
    let mut members = NewMember::read_all(&mut fields, "members")?;
    let team = call.team(&id).await?;
    if all {
        let everybody: Vec<User> =
            records::list_all(call.control(), &call.op, &RecordFilter::default(), MOST + 1).await?;
        let member = |user: User| NewMember {
            named: Named { id: Some(user.id), email: None },
            role: tollgate_domain::membership::MemberRole::Member,
        };
        members = everybody.into_iter().map(member).collect();
    }
    if members.is_empty() || members.len() > MOST {
        return Err(invalid("members", format!("from 1 to {MOST} people")).into());
    }
    let mut results = Vec::with_capacity(members.len());
    for member in &members {
        results.push(match add(&call, &team, member, &fields).await {
            Ok(Added { user, membership }) => {
                let tables = call.budget_tables(membership.budget_id.iter()).await?;
                json!({
                    "user_id": user.id, "user_email": user.email, "success": true, "error": null,
                    "updated_user": users::brief(&user),
                    "updated_team_membership": shape::describe_membership(&team, &membership, &tables, Nanos::ZERO),
                })
            }
            Err(error) => json!({
                "user_id": member.named.id, "user_email": member.named.email, "success": false,
                "error": error.message(), "updated_user": null, "updated_team_membership": null,
            }),
        });
    }
    let good = results.iter().filter(|result| result["success"] == Value::Bool(true)).count();
    let team: Map<String, Value> = call.describe_team(&team).await?;
    Ok(Json(json!({
        "team_id": id, "results": results, "total_requested": members.len(), "successful_additions": good,
        "failed_additions": members.len() - good, "updated_team": team,
    })))
}
