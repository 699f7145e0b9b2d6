//! Groups, which are teams: found, made, renamed, filled and deleted.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tollgate_domain::actor::{Action, Visible};
use tollgate_domain::ids::{TeamId, UserId};
use tollgate_domain::membership::{Group, MemberRole, Membership};
use tollgate_domain::page::Cursor;
use tollgate_domain::scim::{
    Entry, ErrorKind, GroupAttributes, Kind, MOST_MEMBERS, Operation, ScimError, apply, group_resource,
};
use tollgate_domain::team::Team;
use tollgate_store::{LARGEST_PAGE, RecordFilter, RecordOrder};

use super::users::membership_id;
use super::{Found, MOST_SCANNED, ProvisionError, Provisioner, Query, Resource, not_found, too_many};
use crate::change::{Change, Permit, Subject};
use crate::groups::membership;
use crate::people::labels;

impl Provisioner {
    /// Teams that fit, in the order in which they were made. `with_members`: with who is in them.
    pub async fn groups(&self, query: &Query, with_members: bool) -> Result<Found<Resource>, ProvisionError> {
        let store = self.control.store();
        let oldest_first = RecordFilter { order: RecordOrder::OldestFirst, ..RecordFilter::default() };
        let Some(filter) = &query.filter else {
            let total = store.count::<Team>(&Visible::All, &oldest_first).await?;
            let total = usize::try_from(total).unwrap_or(usize::MAX);
            let teams = if query.count == 0 {
                Vec::new()
            } else {
                let filter = RecordFilter { skip: (query.start - 1) as u64, ..oldest_first };
                let limit = u32::try_from(query.count).unwrap_or(LARGEST_PAGE);
                store.list::<Team>(&Visible::All, &filter, None, limit).await?.items
            };
            let mut items = Vec::with_capacity(teams.len());
            for team in &teams {
                items.push(self.shown(team, with_members).await?);
            }
            return Ok(Found { total, items });
        };
        // Entra asks whether somebody is a member: `id eq "…" and members eq "…"`.
        let about_members = filter.mentions("members");
        let candidates: Vec<Team> = if let Some(id) = filter.wanted("id") {
            store.find::<Team>(id).await?.filter(|team| team.meta.deleted_at.is_none()).into_iter().collect()
        } else if let Some(name) = filter.wanted("displayName") {
            let filter = RecordFilter { name: Some(name.to_owned()), ..oldest_first };
            store.list_all(&Visible::All, &filter, MOST_SCANNED + 1).await?
        } else if let Some(id) = filter.wanted("externalId") {
            let ids = store.scim_entries_by_external_id(Kind::Group, id).await?.into_iter().map(|entry| entry.id);
            let filter = RecordFilter { ids: Some(ids.collect()), ..oldest_first };
            store.list_all(&Visible::All, &filter, MOST_SCANNED + 1).await?
        } else if about_members {
            return Err(ScimError::of(ErrorKind::InvalidFilter, "ask for `members` together with an `id`").into());
        } else {
            store.list_all(&Visible::All, &oldest_first, MOST_SCANNED + 1).await?
        };
        if candidates.len() > MOST_SCANNED {
            return Err(too_many().into());
        }
        let mut fit = Vec::new();
        for team in candidates {
            if filter.matches(&self.shown(&team, about_members).await?) {
                fit.push(team);
            }
        }
        let found = query.page(fit);
        let mut items = Vec::with_capacity(found.items.len());
        for team in &found.items {
            items.push(self.shown(team, with_members).await?);
        }
        Ok(Found { total: found.total, items })
    }

    pub async fn group(&self, id: &str, with_members: bool) -> Result<Resource, ProvisionError> {
        let found = self.control.store().find::<Team>(id).await?.filter(|team| team.meta.deleted_at.is_none());
        self.shown(&found.ok_or_else(|| not_found("group", id))?, with_members).await
    }

    async fn shown(&self, team: &Team, with_members: bool) -> Result<Resource, ProvisionError> {
        let entry = self.control.store().scim_entry(Kind::Group, team.id.as_str()).await?;
        if !with_members {
            return Ok(group_resource(team, entry.as_ref(), None, &self.base));
        }
        let filter = RecordFilter { team_id: Some(team.id.to_string()), ..RecordFilter::default() };
        let all: Vec<Membership> = self.control.store().list_all(&Visible::All, &filter, MOST_MEMBERS).await?;
        let mut members = Vec::with_capacity(all.len());
        for part in all.chunks(500) {
            let ids: Vec<UserId> = part.iter().map(|membership| membership.user_id.clone()).collect();
            let mut names = labels(&self.control, &ids).await?;
            // Whoever has no name is deleted.
            members.extend(ids.into_iter().filter_map(|id| names.remove(&id).map(|name| (id, name))));
        }
        members.sort();
        Ok(group_resource(team, entry.as_ref(), Some(&members), &self.base))
    }

    pub async fn create_group(&self, resource: &Resource) -> Result<Resource, ProvisionError> {
        let wanted = GroupAttributes::read(resource)?;
        let mut change = self.control.change(&self.op).await?;
        refuse_taken(&change, None, &wanted.name).await?;
        let id = TeamId::new(self.control.clock().as_ref(), self.control.entropy());
        let team = change.add(Team::new(id, wanted.name.clone()), "team.create").await?;
        let permit = change.by_proof(team);
        self.keep_group(&change, &permit, true, None, wanted.external_id.clone()).await?;
        let id = permit.after.id.clone();
        fill(&mut change, &id, &BTreeSet::new(), &wanted.members).await?;
        change.commit().await?;
        self.group(id.as_str(), true).await
    }

    /// Makes the group what is sent.
    pub async fn replace_group(&self, id: &str, resource: &Resource) -> Result<Resource, ProvisionError> {
        let wanted = GroupAttributes::read(resource)?;
        let mut change = self.control.change(&self.op).await?;
        let members = members(&change, id).await?;
        self.write_group(&mut change, id, &members, wanted).await?;
        change.commit().await?;
        self.group(id, true).await
    }

    pub async fn patch_group(&self, id: &str, operations: &[Operation]) -> Result<(), ProvisionError> {
        let mut change = self.control.change(&self.op).await?;
        let team = change.read().find::<Team>(id).await?.ok_or_else(|| not_found("group", id))?;
        let entry = change.scim_entry(Kind::Group, id).await?;
        let before = members(&change, id).await?;
        let mut resource = Map::new();
        resource.insert("displayName".to_owned(), team.name.into());
        if let Some(external) = entry.and_then(|entry| entry.external_id) {
            resource.insert("externalId".to_owned(), external.into());
        }
        let list: Vec<Value> = before.iter().map(|id| json!({ "value": id.as_str() })).collect();
        resource.insert("members".to_owned(), list.into());
        apply(&mut resource, operations)?;
        self.write_group(&mut change, id, &before, GroupAttributes::read(&resource)?).await?;
        Ok(change.commit().await?)
    }

    /// The team goes, with its keys.
    pub async fn delete_group(&self, id: &str) -> Result<(), ProvisionError> {
        let mut change = self.control.change(&self.op).await?;
        let found = change.read().find::<Team>(id).await?;
        if found.is_none() {
            return Err(not_found("group", id).into());
        }
        let permit = change.permit(Action::Delete, found, None).await?;
        change.delete(permit, "team.delete").await?;
        Ok(change.commit().await?)
    }

    async fn write_group(
        &self,
        change: &mut Change<'_>,
        id: &str,
        members: &BTreeSet<UserId>,
        wanted: GroupAttributes,
    ) -> Result<(), ProvisionError> {
        let found = change.read().find::<Team>(id).await?;
        if found.is_none() {
            return Err(not_found("group", id).into());
        }
        let mut permit = change.permit(Action::Update, found, None).await?;
        if permit.after.name != wanted.name {
            refuse_taken(change, Some(&permit.after.id), &wanted.name).await?;
            permit.after.name = wanted.name;
        }
        let before = change.scim_entry(Kind::Group, id).await?;
        self.keep_group(change, &permit, false, before, wanted.external_id).await?;
        let team = permit.after.id.clone();
        if permit.after != *permit.before() {
            change.save(permit, "team.update").await?;
        }
        fill(change, &team, members, &wanted.members).await
    }

    async fn keep_group(
        &self,
        change: &Change<'_>,
        permit: &Permit<Team>,
        is_new: bool,
        before: Option<Entry>,
        external_id: Option<String>,
    ) -> Result<(), ProvisionError> {
        let adopted = !is_new && before.as_ref().is_none_or(|entry| entry.adopted);
        let entry = Entry {
            kind: Kind::Group,
            id: permit.after.id.to_string(),
            user_name: None,
            external_id,
            provider: self.provider.clone(),
            adopted,
            attributes: Map::new(),
        };
        if before.as_ref() == Some(&entry) {
            return Ok(());
        }
        change.keep_scim_entry(permit, &entry).await?;
        let told = |entry: &Entry| json!({ "external_id": entry.external_id, "provider": entry.provider });
        let (old, new) = (before.as_ref().map(told), Some(told(&entry)));
        Ok(change.record("team.provision", Subject { kind: "team", id: &entry.id }, old, new).await?)
    }
}

/// Clients find groups by their names.
async fn refuse_taken(change: &Change<'_>, own: Option<&TeamId>, name: &str) -> Result<(), ProvisionError> {
    let filter = RecordFilter { name: Some(name.to_owned()), ..RecordFilter::default() };
    let others: Vec<Team> = change.read().list(&filter).await?;
    if others.iter().any(|other| own != Some(&other.id)) {
        return Err(ScimError::of(ErrorKind::Uniqueness, "another group has this displayName").into());
    }
    Ok(())
}

/// Who is in a team.
async fn members(change: &Change<'_>, team: &str) -> Result<BTreeSet<UserId>, ProvisionError> {
    let filter = RecordFilter { team_id: Some(team.to_owned()), ..RecordFilter::default() };
    let mut all = BTreeSet::new();
    let mut cursor = None;
    loop {
        let page = change.read().page::<Membership>(&filter, cursor.as_ref(), LARGEST_PAGE).await?;
        all.extend(page.items.into_iter().map(|membership| membership.user_id));
        cursor = page.next.as_deref().and_then(Cursor::decode);
        if cursor.is_none() || all.len() > MOST_MEMBERS {
            return Ok(all);
        }
    }
}

/// Takes in who is missing, and out who is too many. Whoever stays keeps their role in the team.
async fn fill(
    change: &mut Change<'_>,
    team: &TeamId,
    before: &BTreeSet<UserId>,
    wanted: &BTreeSet<UserId>,
) -> Result<(), ProvisionError> {
    for user in wanted.difference(before) {
        let new = membership(&Group::Team(team.clone()), user, MemberRole::Member)?;
        change.add(new, "membership.create").await?;
    }
    for user in before.difference(wanted) {
        let Some(id) = membership_id(team, user) else { continue };
        let permit = change.open::<Membership>(Action::Delete, &id, None).await?;
        change.delete(permit, "membership.delete").await?;
    }
    Ok(())
}
