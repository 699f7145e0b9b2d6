//! Users: found, made, changed, deactivated, deleted.

use std::collections::BTreeSet;

use serde_json::json;
use tollgate_domain::actor::{Action, Visible};
use tollgate_domain::ids::{TeamId, UserId};
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::record::no_meta;
use tollgate_domain::scim::{
    Entry, ErrorKind, Filter, Kind, Operation, PersonAttributes, ScimError, patch_person, user_resource,
};
use tollgate_domain::team::Team;
use tollgate_domain::user::{User, normalise_email};
use tollgate_store::{LARGEST_PAGE, RecordFilter, RecordOrder};

use super::{Found, MOST_SCANNED, ProvisionError, Provisioner, Query, Resource, not_found, too_many};
use crate::access::join;
use crate::change::{Change, Permit, Subject};

/// The most teams of one person that are told.
const MOST_GROUPS: usize = 1000;

impl Provisioner {
    /// Users that fit, without their teams, in the order in which they came.
    pub async fn users(&self, query: &Query) -> Result<Found<Resource>, ProvisionError> {
        let store = self.control.store();
        let oldest_first = RecordFilter { order: RecordOrder::OldestFirst, ..RecordFilter::default() };
        let Some(filter) = &query.filter else {
            let total = store.count::<User>(&Visible::All, &oldest_first).await?;
            let total = usize::try_from(total).unwrap_or(usize::MAX);
            let users = if query.count == 0 {
                Vec::new()
            } else {
                let filter = RecordFilter { skip: (query.start - 1) as u64, ..oldest_first };
                let limit = u32::try_from(query.count).unwrap_or(LARGEST_PAGE);
                store.list::<User>(&Visible::All, &filter, None, limit).await?.items
            };
            return Ok(Found { total, items: self.rendered(users).await? });
        };
        if filter.mentions("groups") {
            return Err(ScimError::of(ErrorKind::InvalidFilter, "`groups` can't be asked for: ask /Groups").into());
        }
        let candidates = match self.candidates(filter).await? {
            Some(ids) => {
                let mut users = Vec::new();
                for id in ids {
                    users.extend(store.find::<User>(&id).await?.filter(|user| user.meta.deleted_at.is_none()));
                }
                users
            }
            None => store.list_all::<User>(&Visible::All, &oldest_first, MOST_SCANNED + 1).await?,
        };
        if candidates.len() > MOST_SCANNED {
            return Err(too_many().into());
        }
        let mut all = self.rendered(candidates).await?;
        all.retain(|resource| filter.matches(resource));
        Ok(query.page(all))
    }

    /// The ids among which those that fit must be; `None`: no index knows.
    async fn candidates(&self, filter: &Filter) -> Result<Option<BTreeSet<String>>, ProvisionError> {
        let store = self.control.store();
        let mut ids = BTreeSet::new();
        if let Some(id) = filter.wanted("id") {
            ids.insert(id.to_owned());
        } else if let Some(id) = filter.wanted("externalId") {
            ids.extend(store.scim_entries_by_external_id(Kind::User, id).await?.into_iter().map(|entry| entry.id));
        } else if let Some(name) = filter.wanted("userName") {
            ids.extend(store.scim_entry_by_user_name(name).await?.map(|entry| entry.id));
            // Of whom no client said anything, the address or the id is the name.
            ids.insert(name.to_owned());
            ids.extend(self.with_address(name).await?);
        } else if let Some(address) = filter.wanted("emails.value") {
            ids.extend(self.with_address(address).await?);
        } else {
            return Ok(None);
        }
        Ok(Some(ids))
    }

    async fn with_address(&self, text: &str) -> Result<Option<String>, ProvisionError> {
        let Some(email) = normalise_email(text) else { return Ok(None) };
        Ok(self.control.store().find_by_handle::<User>(&email).await?.map(|user| user.id.to_string()))
    }

    async fn rendered(&self, users: Vec<User>) -> Result<Vec<Resource>, ProvisionError> {
        let mut resources = Vec::with_capacity(users.len());
        for part in users.chunks(LARGEST_PAGE as usize / 2) {
            let ids: Vec<String> = part.iter().map(|user| user.id.to_string()).collect();
            let entries = self.control.store().scim_entries(Kind::User, &ids).await?;
            let rendered = part.iter().map(|user| user_resource(user, entries.get(user.id.as_str()), None, &self.base));
            resources.extend(rendered);
        }
        Ok(resources)
    }

    /// One user, with the teams.
    pub async fn user(&self, id: &str) -> Result<Resource, ProvisionError> {
        let store = self.control.store();
        let found = store.find::<User>(id).await?.filter(|user| user.meta.deleted_at.is_none());
        let user = found.ok_or_else(|| not_found("user", id))?;
        let entry = store.scim_entry(Kind::User, id).await?;
        let filter = RecordFilter { user_id: Some(id.to_owned()), ..RecordFilter::default() };
        let memberships: Vec<Membership> = store.list_all(&Visible::All, &filter, MOST_GROUPS).await?;
        let teams: Vec<String> = memberships.iter().filter_map(|m| m.group.team()).map(ToString::to_string).collect();
        let groups: Vec<(TeamId, String)> = if teams.is_empty() {
            Vec::new()
        } else {
            let filter = RecordFilter { ids: Some(teams), ..RecordFilter::default() };
            let teams: Vec<Team> = store.list_all(&Visible::All, &filter, MOST_GROUPS).await?;
            teams.into_iter().map(|team| (team.id, team.name)).collect()
        };
        Ok(user_resource(&user, entry.as_ref(), Some(&groups), &self.base))
    }

    pub async fn create_user(&self, resource: &Resource) -> Result<Resource, ProvisionError> {
        let wanted = PersonAttributes::read(resource)?;
        let mut change = self.control.change(&self.op).await?;
        refuse_taken(&change, None, &wanted).await?;
        let id = UserId::new(self.control.clock().as_ref(), self.control.entropy());
        let mut new = User::new(id, wanted.email.clone(), self.admission.role, no_meta());
        new.name.clone_from(&wanted.name);
        new.disabled = wanted.active == Some(false);
        new.limits = self.admission.limits.clone();
        new.models.clone_from(&self.admission.models);
        let user = change.add(new, "user.create").await?;
        for team in &self.admission.teams {
            join(&mut change, &user.id, team).await?;
        }
        let permit = change.by_proof(user);
        self.keep_user(&change, &permit, true, None, wanted).await?;
        let id = permit.after.id.to_string();
        change.commit().await?;
        self.user(&id).await
    }

    /// Makes the user what is sent. What is not said of `active`, address and name stays.
    pub async fn replace_user(&self, id: &str, resource: &Resource) -> Result<Resource, ProvisionError> {
        let wanted = PersonAttributes::read(resource)?;
        let change = self.control.change(&self.op).await?;
        self.write_user(change, id, wanted).await?;
        self.user(id).await
    }

    pub async fn patch_user(&self, id: &str, operations: &[Operation]) -> Result<Resource, ProvisionError> {
        let change = self.control.change(&self.op).await?;
        let user = change.read().find::<User>(id).await?.ok_or_else(|| not_found("user", id))?;
        let entry = change.scim_entry(Kind::User, id).await?;
        let mut resource = user_resource(&user, entry.as_ref(), None, &self.base);
        patch_person(&mut resource, operations)?;
        let wanted = PersonAttributes::read(&resource)?;
        self.write_user(change, id, wanted).await?;
        self.user(id).await
    }

    /// With personal keys, memberships and sessions.
    pub async fn delete_user(&self, id: &str) -> Result<(), ProvisionError> {
        let mut change = self.control.change(&self.op).await?;
        let found = change.read().find::<User>(id).await?;
        if found.is_none() {
            return Err(not_found("user", id).into());
        }
        let permit = change.permit(Action::Delete, found, None).await?;
        change.delete(permit, "user.delete").await?;
        Ok(change.commit().await?)
    }

    async fn write_user(
        &self,
        mut change: Change<'_>,
        id: &str,
        wanted: PersonAttributes,
    ) -> Result<(), ProvisionError> {
        let found = change.read().find::<User>(id).await?;
        if found.is_none() {
            return Err(not_found("user", id).into());
        }
        let mut permit = change.permit(Action::Update, found, None).await?;
        refuse_taken(&change, Some(&permit.after.id), &wanted).await?;
        let after = &mut permit.after;
        after.disabled = wanted.active.map_or(after.disabled, |active| !active);
        if wanted.email.is_some() {
            after.email.clone_from(&wanted.email);
        }
        if wanted.name.is_some() {
            after.name.clone_from(&wanted.name);
        }
        let before = change.scim_entry(Kind::User, id).await?;
        self.keep_user(&change, &permit, false, before, wanted).await?;
        if permit.after != *permit.before() {
            change.save(permit, "user.update").await?;
        }
        Ok(change.commit().await?)
    }

    /// Keeps what has no place of its own, with a line in the log where a name or an id changed. `before`: what was
    /// kept so far.
    async fn keep_user(
        &self,
        change: &Change<'_>,
        permit: &Permit<User>,
        is_new: bool,
        before: Option<Entry>,
        wanted: PersonAttributes,
    ) -> Result<(), ProvisionError> {
        let adopted = !is_new && before.as_ref().is_none_or(|entry| entry.adopted);
        let entry = Entry {
            kind: Kind::User,
            id: permit.after.id.to_string(),
            user_name: Some(wanted.user_name),
            external_id: wanted.external_id,
            provider: self.provider.clone(),
            adopted,
            attributes: wanted.kept,
        };
        let told = |entry: &Entry| json!({ "user_name": entry.user_name, "external_id": entry.external_id, "provider": entry.provider });
        let (old, new) = (before.as_ref().map(told), told(&entry));
        if before.as_ref() != Some(&entry) {
            change.keep_scim_entry(permit, &entry).await?;
        }
        if old.as_ref() != Some(&new) {
            let id = entry.id.clone();
            change.record("user.provision", Subject { kind: "user", id: &id }, old, Some(new)).await?;
        }
        Ok(())
    }
}

/// Names and addresses are one person's.
async fn refuse_taken(
    change: &Change<'_>,
    own: Option<&UserId>,
    wanted: &PersonAttributes,
) -> Result<(), ProvisionError> {
    let taken = |what: &str| Err(ScimError::of(ErrorKind::Uniqueness, format!("another user has this {what}")).into());
    let other = change.scim_entry_by_user_name(&wanted.user_name).await?;
    if other.is_some_and(|other| own.is_none_or(|own| own.as_str() != other.id)) {
        return taken("userName");
    }
    if let Some(email) = &wanted.email
        && let Some(other) = change.read().user_by_email(email).await?
        && own != Some(&other.id)
    {
        return taken("e-mail address");
    }
    Ok(())
}

/// A member of a team, as an id.
pub(super) fn membership_id(team: &TeamId, user: &UserId) -> Option<String> {
    Membership::id_of(&Group::Team(team.clone()), user).map(|id| id.as_str().to_owned())
}
