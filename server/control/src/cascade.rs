//! What goes with a thing that is deleted, and what keeps it from being deleted.
//!
//! Whoever may delete the thing needs no further permission for its parts. Parts are looked up until there are none
//! left: a key that outlived its team would be bound by nothing.

use tollgate_domain::budget::Budget;
use tollgate_domain::credential::Credential;
use tollgate_domain::customer::Customer;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::page::Cursor;
use tollgate_domain::scim::Kind;
use tollgate_domain::tag::Tag;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::{KeyFilter, LARGEST_PAGE, RecordFilter};

use crate::change::{Change, Permit};
use crate::{ControlError, Managed, rules};

pub(crate) async fn nothing<T>(_: &Permit<T>, _: &mut Change<'_>) -> Result<(), ControlError> {
    Ok(())
}

pub(crate) async fn organisation(permit: &Permit<Organisation>, change: &mut Change<'_>) -> Result<(), ControlError> {
    let id = permit.before().id.to_string();
    let filter = RecordFilter { organisation_id: Some(id.clone()), ..RecordFilter::default() };
    let teams = change.read().count::<Team>(&filter).await?;
    if teams > 0 {
        return Err(ControlError::conflict(format!(
            "the organisation has {teams} team(s): delete them first, or move them to another organisation"
        )));
    }
    memberships(permit, filter, change).await?;
    keys(permit, KeyFilter { organisation_id: Some(id), ..KeyFilter::default() }, change).await
}

pub(crate) async fn team(permit: &Permit<Team>, change: &mut Change<'_>) -> Result<(), ControlError> {
    change.forget_scim_entry(permit, Kind::Group).await?;
    let id = permit.before().id.to_string();
    memberships(permit, RecordFilter { team_id: Some(id.clone()), ..RecordFilter::default() }, change).await?;
    keys(permit, KeyFilter { team_id: Some(id), ..KeyFilter::default() }, change).await
}

pub(crate) async fn user(permit: &Permit<User>, change: &mut Change<'_>) -> Result<(), ControlError> {
    let user = permit.before();
    rules::another_admin(user, change).await?;
    let id = user.id.to_string();
    memberships(permit, RecordFilter { user_id: Some(id.clone()), ..RecordFilter::default() }, change).await?;
    keys(permit, KeyFilter { user_id: Some(id), ..KeyFilter::default() }, change).await?;
    change.forget_scim_entry(permit, Kind::User).await?;
    change.forget_sign_ins(permit).await
}

/// With the keys that the member had in the group.
pub(crate) async fn membership(permit: &Permit<Membership>, change: &mut Change<'_>) -> Result<(), ControlError> {
    let member = permit.before();
    let user_id = Some(member.user_id.to_string());
    let filter = match &member.group {
        Group::Team(id) => KeyFilter { user_id, team_id: Some(id.to_string()), ..KeyFilter::default() },
        Group::Organisation(id) => KeyFilter { user_id, organisation_id: Some(id.to_string()), ..KeyFilter::default() },
    };
    keys(permit, filter, change).await
}

/// A budget that is deleted under somebody would leave them without any limit.
pub(crate) async fn budget(permit: &Permit<Budget>, change: &mut Change<'_>) -> Result<(), ControlError> {
    let id = permit.before().id.to_string();
    let filter = RecordFilter { budget_id: Some(id.clone()), ..RecordFilter::default() };
    let read = change.read();
    let keys = KeyFilter { budget_id: Some(id), ..KeyFilter::default() };
    let uses = [
        ("organisation", read.count::<Organisation>(&filter).await?),
        ("team", read.count::<Team>(&filter).await?),
        ("user", read.count::<User>(&filter).await?),
        ("member", read.count::<Membership>(&filter).await?),
        ("customer", read.count::<Customer>(&filter).await?),
        ("tag", read.count::<Tag>(&filter).await?),
        ("key", read.count_keys(&keys, change.now).await?),
    ];
    in_use("the budget", &uses)
}

pub(crate) async fn credential(permit: &Permit<Credential>, change: &mut Change<'_>) -> Result<(), ControlError> {
    let mut models = 0;
    let mut cursor = None;
    loop {
        let page =
            change.read().page::<StoredDeployment>(&RecordFilter::default(), cursor.as_ref(), LARGEST_PAGE).await?;
        models += page.items.iter().filter(|model| model.credential.as_ref() == Some(&permit.before().id)).count();
        cursor = page.next.as_deref().and_then(Cursor::decode);
        if cursor.is_none() {
            return in_use("the credential", &[("model", models as u64)]);
        }
    }
}

fn in_use(what: &str, uses: &[(&str, u64)]) -> Result<(), ControlError> {
    let counted = |(name, count): &(&str, u64)| format!("{count} {name}{}", if *count == 1 { "" } else { "s" });
    let uses: Vec<_> = uses.iter().filter(|(_, count)| *count > 0).map(counted).collect();
    if uses.is_empty() {
        return Ok(());
    }
    Err(ControlError::conflict(format!("{what} is in use by {}: take it from them first", uses.join(", "))))
}

async fn memberships<P: Managed>(
    owner: &Permit<P>,
    filter: RecordFilter,
    change: &mut Change<'_>,
) -> Result<(), ControlError> {
    loop {
        let some = change.read().list::<Membership>(&filter).await?;
        if some.is_empty() {
            return Ok(());
        }
        for membership in some {
            change.remove_with(owner, membership, "membership.delete").await?;
        }
    }
}

async fn keys<P: Managed>(owner: &Permit<P>, filter: KeyFilter, change: &mut Change<'_>) -> Result<(), ControlError> {
    loop {
        let some = change.read().keys_of(&filter, change.now).await?;
        if some.is_empty() {
            return Ok(());
        }
        for key in some {
            change.remove_with(owner, key, "key.delete").await?;
        }
    }
}
