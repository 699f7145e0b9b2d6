//! `/user/new`: a user with memberships, and a key.

use axum::Json;
use serde_json::{Value, json};
use tollgate_control::keys::NewKey;
use tollgate_control::{ControlError, groups, records, users};
use tollgate_domain::Nanos;
use tollgate_domain::actor::Role;
use tollgate_domain::ids::{OrganisationId, TeamId, UserId};
use tollgate_domain::membership::{Group, MemberRole, Membership};
use tollgate_domain::record::no_meta;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use super::super::body::{Fields, invalid, parse_id};
use super::super::{Answer, Call, LiteLlmError, keys, names};
use super::shape;

/// A group that the new user shall be in.
struct Joined {
    group: Group,
    role: MemberRole,
    max_budget: Option<Nanos>,
}

pub async fn new(call: Call, mut fields: Fields) -> Answer {
    let id = fields.id("user_id", UserId::parse)?.value().unwrap_or_else(|| call.new_id(UserId::new));
    let joined = read_groups(&mut fields)?;
    let with_key = fields.boolean("auto_create_key")?.value().unwrap_or(true);
    let mut key = NewKey::default();
    read_key(&mut fields, &mut key)?;
    let mut user = User::new(id, None, Role::Member, no_meta());
    shape::apply(&mut fields, &mut user)?;
    fields.finish()?;
    for joined in &joined {
        // A membership of what is not there would be refused, too: this names the field.
        if let Group::Team(team) = &joined.group
            && let Err(ControlError::NotFound { .. }) =
                records::get::<Team>(call.control(), &call.op, team.as_str()).await
        {
            return Err(invalid("teams", format!("there is no team `{team}`")).into());
        }
    }

    let memberships: Vec<(Group, MemberRole)> = joined.iter().map(|j| (j.group.clone(), j.role)).collect();
    let user = users::create(call.control(), &call.op, user, &memberships).await?;
    for joined in joined.iter().filter(|joined| joined.max_budget.is_some()) {
        groups::update_member(
            call.control(),
            &call.op,
            &joined.group,
            &user.id,
            None,
            |membership: &mut Membership| {
                membership.limits.max_budget = joined.max_budget;
                Ok(())
            },
        )
        .await?;
    }
    let teams: Vec<String> = joined.iter().filter_map(|joined| joined.group.team()).map(ToString::to_string).collect();
    let mut out = if with_key {
        key.key.user_id = Some(user.id.clone());
        match keys::create(&call, key).await {
            Ok(key) => key,
            Err(error) => {
                // Both or neither: whoever tries again shall not find the user there already.
                users::delete(call.control(), &call.op, &user.id, None).await?;
                return Err(error);
            }
        }
    } else {
        names::object(json!({"key": null, "token": null, "expires": null, "key_name": null}))
    };
    // A key's fields first: where both have one, such as `max_budget`, the answer is about the user.
    out.extend(shape::describe(&user, &teams));
    Ok(Json(Value::Object(out)))
}

/// The fields of `/user/new` that are about its key.
fn read_key(fields: &mut Fields, new: &mut NewKey) -> Result<(), ControlError> {
    let mut of_key = Fields::default();
    for name in ["key_alias", "duration", "aliases", "team_id", "allowed_routes", "key_type", "tags"] {
        if let Some(raw) = fields.raw(name).value() {
            of_key.put(name, raw);
        }
    }
    keys::apply(&mut of_key, &mut new.key, super::super::now())?;
    of_key.finish()
}

/// `teams: [id | {team_id, max_budget_in_team, user_role}]`, `organizations: [id]`
fn read_groups(fields: &mut Fields) -> Result<Vec<Joined>, LiteLlmError> {
    let mut joined = Vec::new();
    for raw in fields.raws("teams")?.value().unwrap_or_default() {
        if !raw.get().starts_with('{') {
            let id: String = serde_json::from_str(raw.get()).map_err(|_| invalid("teams", "must be ids or objects"))?;
            let group = Group::Team(parse_id("teams", &id, TeamId::parse)?);
            joined.push(Joined { group, role: MemberRole::Member, max_budget: None });
            continue;
        }
        let mut fields = Fields::parse(raw.get().as_bytes())?;
        let team =
            fields.id("team_id", TeamId::parse)?.value().ok_or_else(|| invalid("teams", "each needs a `team_id`"))?;
        let role = fields.text("user_role")?.value();
        let role = role.map_or(Ok(MemberRole::Member), |role| names::parse_member_role(&role))?;
        let max_budget = fields.dollars("max_budget_in_team")?.value();
        fields.finish()?;
        joined.push(Joined { group: Group::Team(team), role, max_budget });
    }
    for id in fields.texts("organizations")?.value().unwrap_or_default() {
        let group = Group::Organisation(parse_id("organizations", &id, OrganisationId::parse)?);
        joined.push(Joined { group, role: MemberRole::Member, max_budget: None });
    }
    Ok(joined)
}
