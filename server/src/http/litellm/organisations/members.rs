//! Who is in an organisation: `/organization/member_add`, `/organization/member_update`, `/organization/member_delete`.

use axum::Json;
use serde_json::{Value, json};
use tollgate_control::{groups, records};
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::ids::UserId;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::Record as _;

use super::super::body::{Field, Fields, invalid};
use super::super::people::{self, Named, NewMember};
use super::super::{Answer, Call, names, users};
use super::shape;

/// The most people of one call.
const MOST: usize = 500;

pub async fn member_add(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("organization_id")?;
    let members = NewMember::read_all(&mut fields, "member")?;
    if members.is_empty() || members.len() > MOST {
        return Err(invalid("member", format!("from 1 to {MOST} people")).into());
    }
    let organisation: Organisation = records::get(call.control(), &call.op, &id).await?;
    let group = Group::Organisation(organisation.id.clone());
    let may = call.op.may(Action::Create, Resource::Membership, &organisation.place());
    let (mut updated, mut memberships) = (Vec::new(), Vec::new());
    for member in members {
        if !may {
            // Adding is refused, and recorded; whether there is such a user is not told.
            let someone = member.named.id.unwrap_or_else(|| call.new_id(UserId::new));
            groups::add_member(call.control(), &call.op, &group, &someone, |_| ()).await?;
            continue;
        }
        let user = call.find_or_make_user(&member.named).await?;
        let mut wanted = groups::membership(&group, &user.id, member.role)?;
        let mut terms = fields.clone();
        people::read_terms(&mut terms, "max_budget_in_organization", &mut wanted)?;
        terms.finish()?;
        let membership = groups::add_member(call.control(), &call.op, &group, &user.id, |new| {
            (new.role, new.limits, new.models) = (wanted.role, wanted.limits, wanted.models);
        })
        .await?;
        updated.push(Value::Object(users::describe(&user, &call.teams_of(&user.id).await?)));
        memberships.push(membership);
    }
    let tables = call.budget_tables(memberships.iter().filter_map(|one| one.budget_id.as_ref())).await?;
    let rows: Vec<Value> = memberships.iter().map(|one| shape::describe_membership(one, &tables)).collect();
    Ok(Json(json!({
        "organization_id": organisation.id, "updated_users": updated, "updated_organization_memberships": rows,
    })))
}

pub async fn member_update(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("organization_id")?;
    let named = Named::read(&mut fields)?;
    let role = match fields.text("role")? {
        Field::Value(role) => Some(names::parse_member_role(&role)?),
        Field::Absent | Field::Null => None,
    };
    let organisation: Organisation = records::get(call.control(), &call.op, &id).await?;
    let user = call.named_member(&named, &organisation.place()).await?;
    let change = |membership: &mut Membership| {
        membership.role = role.unwrap_or(membership.role);
        people::read_terms(&mut fields, "max_budget_in_organization", membership)?;
        fields.finish()
    };
    let group = Group::Organisation(organisation.id);
    let changed = groups::update_member(call.control(), &call.op, &group, &user, None, change).await?;
    let tables = call.budget_tables(changed.budget_id.iter()).await?;
    Ok(Json(shape::describe_membership(&changed, &tables)))
}

pub async fn member_delete(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("organization_id")?;
    let named = Named::read(&mut fields)?;
    fields.finish()?;
    let organisation: Organisation = records::get(call.control(), &call.op, &id).await?;
    let user = call.named_member(&named, &organisation.place()).await?;
    let group = Group::Organisation(organisation.id);
    let removed = groups::remove_member(call.control(), &call.op, &group, &user).await?;
    let tables = call.budget_tables(removed.budget_id.iter()).await?;
    Ok(Json(shape::describe_membership(&removed, &tables)))
}
