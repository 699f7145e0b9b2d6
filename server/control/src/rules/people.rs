//! Organisations, teams, users, and who is in what.

use tollgate_domain::actor::{Action, Resource, Role};
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::Record as _;
use tollgate_domain::team::Team;
use tollgate_domain::user::{User, normalise_email};
use tollgate_store::RecordFilter;

use super::fields;
use crate::ControlError;
use crate::change::Change;

pub(crate) async fn organisation(
    before: Option<&Organisation>,
    after: &Organisation,
    change: &Change<'_>,
) -> Result<(), ControlError> {
    fields::name("name", &after.name)?;
    fields::models(&after.models)?;
    fields::limits(&after.limits)?;
    fields::json("metadata", &after.metadata)?;
    fields::json("settings", &after.settings)?;
    fields::access_groups(&after.access_groups, change).await?;
    fields::budget(after.budget_id.as_ref(), change).await?;
    // Its own administrators run it within what it was given.
    let given = |o: &Organisation| {
        (o.budget_id.clone(), o.limits.clone(), o.models.clone(), o.access_groups.clone(), o.blocked)
    };
    if before.is_some_and(|before| given(before) != given(after)) {
        change.op().authorise(Action::Create, Resource::Organisation, &after.place())?;
    }
    Ok(())
}

pub(crate) async fn team(before: Option<&Team>, after: &Team, change: &Change<'_>) -> Result<(), ControlError> {
    fields::name("name", &after.name)?;
    fields::models(&after.models)?;
    fields::aliases(&after.model_aliases)?;
    fields::limits(&after.limits)?;
    fields::limits(&after.member_limits)?;
    fields::tags(&after.tags)?;
    fields::json("metadata", &after.metadata)?;
    fields::json("settings", &after.settings)?;
    if after.member_permissions.len() > 100 {
        return Err(ControlError::invalid("member_permissions", "at most 100"));
    }
    if let Some(id) = &after.organisation_id
        && change.read().find::<Organisation>(id.as_str()).await?.is_none()
    {
        return Err(ControlError::invalid("organisation_id", format!("there is no organisation `{id}`")));
    }
    fields::access_groups(&after.access_groups, change).await?;
    fields::budget(after.budget_id.as_ref(), change).await?;
    // Its own administrators run it within what it was given.
    let given = |t: &Team| {
        (t.organisation_id.clone(), t.budget_id.clone(), t.limits.clone(), t.models.clone(), t.access_groups.clone(), t.blocked)
    };
    if before.is_some_and(|before| given(before) != given(after)) {
        change.op().authorise(Action::Create, Resource::Team, &after.place())?;
    }
    Ok(())
}

pub(crate) async fn user(before: Option<&User>, after: &User, change: &Change<'_>) -> Result<(), ControlError> {
    if let Some(email) = &after.email {
        if normalise_email(email).as_deref() != Some(email) {
            return Err(ControlError::invalid("email", "that is not an e-mail address"));
        }
        let other = change.read().user_by_email(email).await?;
        if other.is_some_and(|other| other.id != after.id) {
            return Err(ControlError::conflict(format!("there is a user with the address {email} already")));
        }
    }
    if let Some(name) = &after.name {
        fields::name("name", name)?;
    }
    fields::models(&after.models)?;
    fields::limits(&after.limits)?;
    fields::json("metadata", &after.metadata)?;
    fields::json("settings", &after.settings)?;
    let was_admin = before.is_some_and(|before| before.role == Role::Admin && !before.disabled);
    if was_admin && (after.role != Role::Admin || after.disabled) {
        another_admin(after, change).await?;
    }
    fields::budget(after.budget_id.as_ref(), change).await
}

/// Refuses to leave nobody who could let others in again.
pub(crate) async fn another_admin(user: &User, change: &Change<'_>) -> Result<(), ControlError> {
    let users = change.read().list::<User>(&RecordFilter { blocked: Some(false), ..RecordFilter::default() }).await?;
    if users.iter().any(|other| other.role == Role::Admin && other.id != user.id) {
        return Ok(());
    }
    Err(ControlError::conflict("this is the last administrator: make somebody else one first"))
}

pub(crate) async fn membership(
    _: Option<&Membership>,
    after: &Membership,
    change: &Change<'_>,
) -> Result<(), ControlError> {
    let read = change.read();
    let there = match &after.group {
        Group::Team(id) => read.find::<Team>(id.as_str()).await?.is_some(),
        Group::Organisation(id) => read.find::<Organisation>(id.as_str()).await?.is_some(),
    };
    if !there {
        return Err(ControlError::not_found(format!("the {}", crate::managed::group_noun(&after.group))));
    }
    if read.find::<User>(after.user_id.as_str()).await?.is_none() {
        return Err(ControlError::invalid("user_id", format!("there is no user `{}`", after.user_id)));
    }
    fields::models(&after.models)?;
    fields::limits(&after.limits)?;
    fields::budget(after.budget_id.as_ref(), change).await
}
