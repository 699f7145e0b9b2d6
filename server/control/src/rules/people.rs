//! Organisations, teams, users, and who is in what.

use tollgate_domain::actor::{Action, Place, Resource, Role};
use tollgate_domain::choice;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::page::Cursor;
use tollgate_domain::record::Record as _;
use tollgate_domain::team::Team;
use tollgate_domain::user::{User, normalise_email};
use tollgate_store::{LARGEST_PAGE, RecordFilter, RecordOrder};

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
    fields::access_groups(before.map(|before| &before.access_groups[..]), &after.access_groups, change).await?;
    fields::budget(before.and_then(|before| before.budget_id.as_ref()), after.budget_id.as_ref(), change).await?;
    // Its own administrators run it within what it was given.
    let given = |o: &Organisation| {
        (o.budget_id.clone(), o.limits.clone(), o.models.clone(), o.access_groups.clone(), o.blocked)
    };
    if before.is_some_and(|before| given(before) != given(after)) {
        given_by(change, Resource::Organisation, &after.place())?;
    }
    Ok(())
}

/// What a group was given is changed by whoever could make such a group.
fn given_by(change: &Change<'_>, resource: Resource, place: &Place) -> Result<(), ControlError> {
    let may = change.op().may(Action::Create, resource, place);
    if may { Ok(()) } else { Err(ControlError::Denied { action: Action::Update, resource }) }
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
    if before.is_none_or(|before| before.settings != after.settings) {
        fields::choices(&after.settings)?;
    }
    if after.member_permissions.len() > 100 {
        return Err(ControlError::invalid("member_permissions", "at most 100"));
    }
    if let Some(id) = &after.organisation_id
        && before.is_none_or(|before| before.organisation_id != after.organisation_id)
        && change.read().find::<Organisation>(id.as_str()).await?.is_none()
    {
        return Err(ControlError::invalid("organisation_id", format!("there is no organisation `{id}`")));
    }
    fields::access_groups(before.map(|before| &before.access_groups[..]), &after.access_groups, change).await?;
    fields::budget(before.and_then(|before| before.budget_id.as_ref()), after.budget_id.as_ref(), change).await?;
    // Its own administrators run it within what it was given.
    let given = |t: &Team| {
        (
            t.organisation_id.clone(),
            t.budget_id.clone(),
            t.limits.clone(),
            t.models.clone(),
            t.access_groups.clone(),
            t.blocked,
            choice::networks(&t.settings),
        )
    };
    if before.is_some_and(|before| given(before) != given(after)) {
        given_by(change, Resource::Team, &after.place())?;
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
    if let Some(before) = before
        && (after.role != Role::Admin || after.disabled)
    {
        another_admin(before, change).await?;
    }
    fields::budget(before.and_then(|before| before.budget_id.as_ref()), after.budget_id.as_ref(), change).await
}

/// Refuses to take away an administrator where that leaves nobody who could let others in again.
pub(crate) async fn another_admin(user: &User, change: &Change<'_>) -> Result<(), ControlError> {
    if user.role != Role::Admin || user.disabled {
        return Ok(());
    }
    if has_admin(change, Some(user)).await? {
        return Ok(());
    }
    Err(ControlError::conflict("this is the last administrator: make somebody else one first"))
}

/// Whether there is an administrator, beside this one.
pub(crate) async fn has_admin(change: &Change<'_>, beside: Option<&User>) -> Result<bool, ControlError> {
    // The first users are most likely to be administrators.
    let filter = RecordFilter { blocked: Some(false), order: RecordOrder::OldestFirst, ..RecordFilter::default() };
    let mut cursor = None;
    loop {
        let page = change.read().page::<User>(&filter, cursor.as_ref(), LARGEST_PAGE).await?;
        let counts = |other: &User| other.role == Role::Admin && beside.is_none_or(|user| user.id != other.id);
        if page.items.iter().any(counts) {
            return Ok(true);
        }
        cursor = page.next.as_deref().and_then(Cursor::decode);
        if cursor.is_none() {
            return Ok(false);
        }
    }
}

pub(crate) async fn membership(
    before: Option<&Membership>,
    after: &Membership,
    change: &Change<'_>,
) -> Result<(), ControlError> {
    // The id says who is in what. If they differed, the place would be that of another membership.
    if Membership::id_of(&after.group, &after.user_id).as_ref() != Some(&after.id) {
        return Err(ControlError::invalid("user_id", "a membership can't be moved to another person or group"));
    }
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
    fields::budget(before.and_then(|before| before.budget_id.as_ref()), after.budget_id.as_ref(), change).await
}
