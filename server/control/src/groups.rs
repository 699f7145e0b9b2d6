//! Organisations and teams: deleted with what hangs on them; and who is in them.

use tollgate_domain::actor::{Action, Actor};
use tollgate_domain::ids::UserId;
use tollgate_domain::limits::Limits;
use tollgate_domain::membership::{Group, MemberRole, Membership};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::{Record, no_meta};
use tollgate_domain::team::Team;

use crate::{Control, ControlError, OpContext};

/// Makes a team with its first members; whoever makes it and is no administrator becomes its administrator.
pub async fn create_team(
    control: &Control,
    op: &OpContext,
    new: Team,
    members: &[(UserId, MemberRole)],
) -> Result<Team, ControlError> {
    control
        .watched(
            op,
            "",
            Box::pin(async {
                let mut change = control.change(op).await?;
                let team = change.add(new, "team.create").await?;
                let group = Group::Team(team.id.clone());
                let mut members = members.to_vec();
                if let Actor::User { id, .. } = &op.actor
                    && !op.may(Action::Create, <Team as Record>::RESOURCE, &tollgate_domain::actor::Place::default())
                    && !members.iter().any(|(member, _)| member == id)
                {
                    members.push((id.clone(), MemberRole::Admin));
                }
                for (user, role) in members {
                    change.add(membership(&group, &user, role)?, "membership.create").await?;
                }
                change.commit().await?;
                Ok(team)
            }),
        )
        .await
}

/// Deletes a team with its memberships and its keys: they stop working at once.
pub async fn delete_team(
    control: &Control,
    op: &OpContext,
    id: &str,
    expected_version: Option<i64>,
) -> Result<Team, ControlError> {
    crate::records::delete(control, op, id, expected_version).await
}

/// Deletes an organisation that has no teams any more, with its memberships and the keys that are charged to it.
pub async fn delete_organisation(
    control: &Control,
    op: &OpContext,
    id: &str,
    expected_version: Option<i64>,
) -> Result<Organisation, ControlError> {
    crate::records::delete(control, op, id, expected_version).await
}

/// Makes somebody a member.
pub async fn add_member(
    control: &Control,
    op: &OpContext,
    group: &Group,
    user: &UserId,
    apply: impl FnOnce(&mut Membership),
) -> Result<Membership, ControlError> {
    let mut new = membership(group, user, MemberRole::Member)?;
    apply(&mut new);
    crate::records::create(control, op, new).await
}

/// Changes what somebody is or may do in a group.
pub async fn update_member(
    control: &Control,
    op: &OpContext,
    group: &Group,
    user: &UserId,
    expected_version: Option<i64>,
    apply: impl FnOnce(&mut Membership) -> Result<(), ControlError>,
) -> Result<Membership, ControlError> {
    crate::records::update(control, op, &id_of(group, user)?, expected_version, apply).await
}

/// Takes somebody out of a group, with the keys that they had in it.
pub async fn remove_member(
    control: &Control,
    op: &OpContext,
    group: &Group,
    user: &UserId,
) -> Result<Membership, ControlError> {
    remove_member_at(control, op, group, user, None).await
}

/// The same; a conflict if the membership is no longer at the version that the caller saw.
pub async fn remove_member_at(
    control: &Control,
    op: &OpContext,
    group: &Group,
    user: &UserId,
    expected_version: Option<i64>,
) -> Result<Membership, ControlError> {
    crate::records::delete(control, op, &id_of(group, user)?, expected_version).await
}

fn id_of(group: &Group, user: &UserId) -> Result<String, ControlError> {
    let id = Membership::id_of(group, user).ok_or_else(|| ControlError::invalid("user_id", "too long"))?;
    Ok(id.as_str().to_owned())
}

/// A membership with nothing but a role.
pub fn membership(group: &Group, user: &UserId, role: MemberRole) -> Result<Membership, ControlError> {
    Ok(Membership {
        id: Membership::id_of(group, user).ok_or_else(|| ControlError::invalid("user_id", "too long"))?,
        group: group.clone(),
        user_id: user.clone(),
        role,
        budget_id: None,
        limits: Limits::default(),
        models: Vec::<ModelPattern>::new(),
        meta: no_meta(),
    })
}
