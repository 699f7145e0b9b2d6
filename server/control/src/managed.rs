//! What the control plane manages: how it is found and written, whose it is, and whom to tell of a change.

use serde::Serialize;
use tollgate_domain::Timestamp;
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::budget::Budget;
use tollgate_domain::credential::Credential;
use tollgate_domain::customer::Customer;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::ids::{KeyId, TeamId};
use tollgate_domain::increase::IncreaseRequest;
use tollgate_domain::key::{KeyDigest, VirtualKey};
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::{Meta, Record};
use tollgate_domain::scim::ScimToken;
use tollgate_domain::tag::Tag;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::{Store, StoreError, Tx};

use crate::change::{Change, Permit};
use crate::{ControlError, cascade, rules};

/// What the data plane has to forget after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Nothing,
    Key(KeyDigest),
    /// Who calls: teams, users, organisations, what groups of models hold.
    Principals,
    /// What can be called.
    Catalogue,
}

/// Finds teams, inside a transaction or outside.
#[expect(async_fn_in_trait, reason = "for this crate's own types, none of which is behind a `dyn`")]
pub trait Teams: Sync {
    async fn team(&self, id: &TeamId) -> Result<Option<Team>, StoreError>;
}

impl Teams for Tx {
    async fn team(&self, id: &TeamId) -> Result<Option<Team>, StoreError> {
        self.find(id.as_str()).await
    }
}

impl Teams for Store {
    async fn team(&self, id: &TeamId) -> Result<Option<Team>, StoreError> {
        self.find(id.as_str()).await
    }
}

/// Something that is created, changed and deleted through the control plane.
#[expect(async_fn_in_trait, reason = "for this crate's own types, none of which is behind a `dyn`")]
pub trait Managed: Clone + Serialize + Send + Sync + 'static {
    const RESOURCE: Resource;
    /// As the audit log has it.
    const KIND: &'static str;
    /// For people.
    const NOUN: &'static str;

    fn subject_id(&self) -> String;

    fn meta(&self) -> &Meta;

    fn meta_mut(&mut self) -> &mut Meta;

    async fn find(tx: &Tx, id: &str) -> Result<Option<Self>, StoreError>;

    async fn insert(tx: &Tx, new: &Self) -> Result<(), StoreError>;

    async fn save(tx: &Tx, changed: &Self) -> Result<(), StoreError>;

    /// Whose it is, for somebody who wants to do this to it.
    async fn place(&self, teams: &impl Teams, action: Action) -> Result<Place, StoreError>;

    /// Takes with it what hangs on it, before it is deleted; or refuses, where something needs it.
    async fn leave(permit: &Permit<Self>, change: &mut Change<'_>) -> Result<(), ControlError>;

    /// Takes out what must not outlive it: secrets.
    fn erase(&mut self);

    /// Digests under which the data plane may remember it, beside what [`Self::told`] says.
    async fn earlier(&self, _tx: &Tx, _now: Timestamp) -> Result<Vec<KeyDigest>, StoreError> {
        Ok(Vec::new())
    }

    /// Refuses what must not be: bad fields, things that it points to and that are not there.
    async fn check(before: Option<&Self>, after: &Self, change: &Change<'_>) -> Result<(), ControlError>;

    fn told(&self) -> Told;
}

macro_rules! managed {
    ($($type:ty: $kind:literal, $noun:literal, $told:expr, $check:path, $leave:path $(, $erase:expr)?;)*) => {$(
        impl Managed for $type {
            const RESOURCE: Resource = <$type as Record>::RESOURCE;
            const KIND: &'static str = $kind;
            const NOUN: &'static str = $noun;

            fn subject_id(&self) -> String {
                self.id().to_owned()
            }

            fn meta(&self) -> &Meta {
                Record::meta(self)
            }

            fn meta_mut(&mut self) -> &mut Meta {
                Record::meta_mut(self)
            }

            async fn find(tx: &Tx, id: &str) -> Result<Option<Self>, StoreError> {
                tx.find(id).await
            }

            async fn insert(tx: &Tx, new: &Self) -> Result<(), StoreError> {
                tx.insert(new).await
            }

            async fn save(tx: &Tx, changed: &Self) -> Result<(), StoreError> {
                tx.save(changed).await
            }

            async fn place(&self, teams: &impl Teams, _action: Action) -> Result<Place, StoreError> {
                with_organisation(Record::place(self), teams).await
            }

            async fn check(before: Option<&Self>, after: &Self, change: &Change<'_>) -> Result<(), ControlError> {
                $check(before, after, change).await
            }

            async fn leave(permit: &Permit<Self>, change: &mut Change<'_>) -> Result<(), ControlError> {
                $leave(permit, change).await
            }

            fn erase(&mut self) {
                $(
                    let erase: fn(&mut Self) = $erase;
                    erase(self);
                )?
            }

            fn told(&self) -> Told {
                $told
            }
        }
    )*};
}

managed! {
    Organisation: "organisation", "organisation", Told::Principals, rules::organisation, cascade::organisation;
    Team: "team", "team", Told::Principals, rules::team, cascade::team, |team| team.logging = tollgate_domain::callback::Logging::default();
    User: "user", "user", Told::Principals, rules::user, cascade::user;
    Membership: "membership", "membership", Told::Principals, rules::membership, cascade::membership;
    Budget: "budget", "budget", Told::Principals, rules::budget, cascade::budget;
    Customer: "customer", "customer", Told::Principals, rules::customer, cascade::nothing;
    Tag: "tag", "tag", Told::Principals, rules::tag, cascade::nothing;
    AccessGroup: "access_group", "access group", Told::Principals, rules::access_group, cascade::nothing;
    StoredDeployment: "model", "model", Told::Catalogue, rules::deployment, cascade::nothing, |model| model.secrets.clear();
    IncreaseRequest: "increase_request", "request for an increase", Told::Nothing, rules::increase, cascade::nothing;
    ScimToken: "scim_token", "SCIM token", Told::Nothing, rules::scim_token, cascade::nothing;
    Credential: "credential", "credential", Told::Catalogue, rules::credential, cascade::credential, |credential| credential.values.clear();
}

/// A team's things are its organisation's too.
pub async fn with_organisation(mut place: Place, teams: &impl Teams) -> Result<Place, StoreError> {
    if let (Some(team), None) = (&place.team, &place.organisation) {
        place.organisation = teams.team(team).await?.and_then(|team| team.organisation_id);
    }
    Ok(place)
}

impl Managed for VirtualKey {
    const RESOURCE: Resource = Resource::Key;
    const KIND: &'static str = "key";
    const NOUN: &'static str = "key";

    fn subject_id(&self) -> String {
        self.id.to_string()
    }

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn find(tx: &Tx, id: &str) -> Result<Option<Self>, StoreError> {
        match KeyId::parse(id) {
            Some(id) => tx.find_key(id).await,
            None => Ok(None),
        }
    }

    async fn insert(tx: &Tx, new: &Self) -> Result<(), StoreError> {
        tx.insert_key(new).await
    }

    async fn save(tx: &Tx, changed: &Self) -> Result<(), StoreError> {
        tx.update_key(changed).await
    }

    async fn place(&self, teams: &impl Teams, action: Action) -> Result<Place, StoreError> {
        let team = match &self.team_id {
            Some(id) => teams.team(id).await?,
            None => None,
        };
        // LiteLLM's names for what a team lets its members do with their keys.
        let delegated = team.as_ref().is_some_and(|team| {
            let wanted: &[&str] = match action {
                Action::Read | Action::Export => &["/key/info", "/key/list"],
                Action::Create => &["/key/generate"],
                Action::Update => &["/key/update", "/key/regenerate", "/key/{key_id}/regenerate"],
                Action::Delete => &["/key/delete"],
            };
            team.member_permissions.iter().any(|permission| wanted.contains(&permission.as_str()))
        });
        Ok(Place { delegated, ..VirtualKey::place(self, team.as_ref()) })
    }

    async fn check(before: Option<&Self>, after: &Self, change: &Change<'_>) -> Result<(), ControlError> {
        rules::key(before, after, change).await
    }

    async fn leave(_: &Permit<Self>, _: &mut Change<'_>) -> Result<(), ControlError> {
        Ok(())
    }

    fn erase(&mut self) {
        if let Some(rotation) = &mut self.rotation {
            rotation.pending = None;
        }
    }

    async fn earlier(&self, tx: &Tx, now: Timestamp) -> Result<Vec<KeyDigest>, StoreError> {
        tx.retired_digests(self.id, now).await
    }

    fn told(&self) -> Told {
        Told::Key(self.digest)
    }
}

/// What one is a member of, as the audit log and errors name it.
pub fn group_noun(group: &Group) -> &'static str {
    match group {
        Group::Team(_) => "team",
        Group::Organisation(_) => "organisation",
    }
}
