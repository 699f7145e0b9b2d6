//! The one way to write: a transaction that was authorised, and that leaves an audit row.
//!
//! What is written goes through a [`Permit`], which only this module makes, after it has looked whether the actor may:
//! a write that nobody checked does not type-check.

use std::any::Any;

use serde_json::Value;
use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Actor, Place};
use tollgate_domain::audit::AuditEvent;
use tollgate_domain::ids::{AuditId, UserId};
use tollgate_domain::increase::IncreaseRequest;
use tollgate_domain::invoice::{Invoice, InvoiceLine};
use tollgate_domain::key::{KeyDigest, VirtualKey};
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::page::{Cursor, Page};
use tollgate_domain::repricing::RepricingRun;
use tollgate_domain::scim;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;
use tollgate_store::{Identity, KeyFilter, RecordFilter, Tx};

use crate::managed::{Managed, Told, with_organisation};
use crate::redact::{difference, plain, redacted, snapshot};
use crate::{Control, ControlError, OpContext};

/// A change under way. Dropped before [`Change::commit`], nothing happened.
pub struct Change<'a> {
    control: &'a Control,
    op: &'a OpContext,
    tx: Tx,
    pub now: Timestamp,
    told: Vec<Told>,
}

/// What a line of the audit log is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// `key`, `user`, …
    pub kind: &'static str,
    pub id: &'a str,
}

/// Something that may be changed: the proof that it was looked at and that the actor may.
#[derive(Debug)]
pub struct Permit<T> {
    before: T,
    /// Change this.
    pub after: T,
}

impl<T> Permit<T> {
    pub fn before(&self) -> &T {
        &self.before
    }
}

impl Control {
    /// Begins a change. Nothing can be written but through the permits that it gives.
    pub(crate) async fn change<'a>(&'a self, op: &'a OpContext) -> Result<Change<'a>, ControlError> {
        let tx = self.store().begin().await?;
        Ok(Change { control: self, op, tx, now: self.clock().now(), told: Vec::new() })
    }
}

impl<'a> Change<'a> {
    /// For looking things up.
    pub fn read(&self) -> Reader<'_> {
        Reader(&self.tx)
    }

    pub fn control(&self) -> &'a Control {
        self.control
    }

    pub fn op(&self) -> &'a OpContext {
        self.op
    }

    /// The thing with this id, to be changed, if it lives and the actor may do this to it. A conflict, if it is no
    /// longer at the version that the caller saw.
    pub async fn open<T: Managed>(
        &self,
        action: Action,
        id: &str,
        expected_version: Option<i64>,
    ) -> Result<Permit<T>, ControlError> {
        let found = T::find(&self.tx, id).await?;
        self.permit(action, found, expected_version).await
    }

    /// The same for something that was found in another way than by its id.
    pub async fn permit<T: Managed>(
        &self,
        action: Action,
        found: Option<T>,
        expected_version: Option<i64>,
    ) -> Result<Permit<T>, ControlError> {
        let found = found.filter(|found| found.meta().deleted_at.is_none());
        let Some(found) = found else {
            // Who may do this to nothing at all does not learn what there is.
            if !self.op.allowed_somewhere(action, T::RESOURCE) {
                return Err(ControlError::Denied { action, resource: T::RESOURCE });
            }
            return Err(ControlError::not_found(format!("the {}", T::NOUN)));
        };
        self.authorise::<T>(action, &found.place(&self.tx, action).await?)?;
        if expected_version.is_some_and(|version| version != found.meta().version) {
            return Err(ControlError::conflict(format!(
                "the {} was changed meanwhile: look at it again before you change it",
                T::NOUN
            )));
        }
        Ok(Permit { before: found.clone(), after: found })
    }

    /// Where memberships of a group are.
    pub async fn place_of(&self, group: &Group) -> Result<Place, ControlError> {
        let place =
            Place { team: group.team().cloned(), organisation: group.organisation().cloned(), ..Place::default() };
        Ok(with_organisation(place, &self.tx).await?)
    }

    /// One that lives, for looking at: the caller sees to it that the actor may.
    pub(crate) async fn find_managed<T: Managed>(&self, id: &str) -> Result<Option<T>, ControlError> {
        Ok(T::find(&self.tx, id).await?.filter(|found| found.meta().deleted_at.is_none()))
    }

    pub(crate) async fn place_of_managed<T: Managed>(&self, thing: &T, action: Action) -> Result<Place, ControlError> {
        Ok(thing.place(&self.tx, action).await?)
    }

    /// Whether this is the id of a membership of the actor's.
    pub(crate) fn is_own_membership(&self, id: &str) -> bool {
        let Some(user) = self.op.actor.user_id() else { return false };
        let mut ids = self.op.memberships.iter().filter_map(|(group, _)| Membership::id_of(group, user));
        ids.any(|own| own.as_str() == id)
    }

    /// The open request of somebody for an account.
    pub(crate) async fn increase_by_handle(&self, handle: &str) -> Result<Option<IncreaseRequest>, ControlError> {
        Ok(self.tx.find_by_handle(handle).await?)
    }

    fn authorise<T: Managed>(&self, action: Action, place: &Place) -> Result<(), ControlError> {
        self.op.authorise(action, T::RESOURCE, place)
    }

    /// Whether the actor may have this new thing where it shall be.
    pub async fn may_add<T: Managed>(&self, new: &T) -> Result<(), ControlError> {
        self.authorise::<T>(Action::Create, &new.place(&self.tx, Action::Create).await?)
    }

    /// Adds something new, if the actor may have it where it shall be, with its audit row.
    pub async fn add<T: Managed>(&mut self, mut new: T, action: &str) -> Result<T, ControlError> {
        *new.meta_mut() = tollgate_domain::record::Meta::new(self.now, self.op.actor.label());
        self.may_add(&new).await?;
        T::check(None, &new, self).await?;
        T::insert(&self.tx, &new).await?;
        let subject = new.subject_id();
        self.record(action, Subject { kind: T::KIND, id: &subject }, None, Some(snapshot(&new)?)).await?;
        self.tell(&new);
        Ok(new)
    }

    /// Writes what was changed, with its audit row; the actor must be allowed to have it where it is now, too.
    pub async fn save<T: Managed>(&mut self, permit: Permit<T>, action: &str) -> Result<T, ControlError> {
        self.moved(&permit).await?;
        T::check(Some(&permit.before), &permit.after, self).await?;
        self.write(permit, action).await
    }

    /// The same without a look at what it holds: where nothing changed that was not made here.
    pub(crate) async fn save_unchecked<T: Managed>(
        &mut self,
        permit: Permit<T>,
        action: &str,
    ) -> Result<T, ControlError> {
        self.moved(&permit).await?;
        self.write(permit, action).await
    }

    /// Moving a thing is taking it from one place and making it at another.
    async fn moved<T: Managed>(&self, permit: &Permit<T>) -> Result<(), ControlError> {
        let Permit { before, after } = permit;
        if after.subject_id() != before.subject_id() {
            return Err(ControlError::invalid("id", "can't be changed"));
        }
        if before.place(&self.tx, Action::Update).await? != after.place(&self.tx, Action::Update).await? {
            self.authorise::<T>(Action::Delete, &before.place(&self.tx, Action::Delete).await?)?;
            self.authorise::<T>(Action::Create, &after.place(&self.tx, Action::Create).await?)?;
        }
        Ok(())
    }

    async fn write<T: Managed>(&mut self, permit: Permit<T>, action: &str) -> Result<T, ControlError> {
        let Permit { before, mut after } = permit;
        *after.meta_mut() = before.meta().clone();
        after.meta_mut().touch(self.now, self.op.actor.label());
        T::save(&self.tx, &after).await?;
        // Whatever the door: who is disabled is signed out, and is not in again when enabled.
        if let Some(user) = (&after as &dyn Any).downcast_ref::<User>().filter(|user| user.disabled) {
            self.tx.end_sessions_of(&user.id, None).await?;
        }
        let subject = after.subject_id();
        let (old, new) = difference(&before, &after)?;
        self.record(action, Subject { kind: T::KIND, id: &subject }, Some(old), Some(new)).await?;
        self.tell(&before);
        self.tell(&after);
        self.tell_earlier(&after).await?;
        Ok(after)
    }

    /// Deletes it, with what hangs on it and an audit row for each: it keeps its history and is found no more.
    pub async fn delete<T: Managed>(&mut self, permit: Permit<T>, action: &str) -> Result<T, ControlError> {
        T::leave(&permit, self).await?;
        self.remove(permit, action).await
    }

    async fn remove<T: Managed>(&mut self, permit: Permit<T>, action: &str) -> Result<T, ControlError> {
        let Permit { before, mut after } = permit;
        after.meta_mut().touch(self.now, self.op.actor.label());
        after.meta_mut().deleted_at = Some(self.now);
        // The row stays, for the sake of its history. Secrets have none.
        after.erase();
        T::save(&self.tx, &after).await?;
        let subject = after.subject_id();
        self.record(action, Subject { kind: T::KIND, id: &subject }, Some(snapshot(&before)?), None).await?;
        self.tell(&before);
        self.tell_earlier(&before).await?;
        Ok(after)
    }

    /// What goes with something that the actor may delete: no further permission is asked for.
    pub async fn remove_with<P: Managed, T: Managed>(
        &mut self,
        _owner: &Permit<P>,
        part: T,
        action: &str,
    ) -> Result<T, ControlError> {
        self.remove(Permit { before: part.clone(), after: part }, action).await
    }

    /// For the first administrator and those who show a password or a token: the right comes from that.
    #[expect(clippy::unused_self, reason = "only a change gives permits")]
    pub(crate) fn by_proof<T: Managed>(&self, thing: T) -> Permit<T> {
        Permit { before: thing.clone(), after: thing }
    }

    /// Adds something whose right to be there comes from a password or a token, without an audit row.
    pub(crate) async fn add_by_proof<T: Managed>(&mut self, new: &T) -> Result<(), ControlError> {
        T::insert(&self.tx, new).await?;
        self.tell(new);
        Ok(())
    }

    /// Writes what was changed by right of a password or a token, without an audit row and without a new version.
    pub(crate) async fn save_by_proof<T: Managed>(&mut self, permit: Permit<T>) -> Result<(), ControlError> {
        T::save(&self.tx, &permit.after).await?;
        self.tell(&permit.after);
        Ok(())
    }

    /// `hash` is in PHC form.
    pub async fn set_password(&self, user: &Permit<User>, hash: &Secret) -> Result<(), ControlError> {
        Ok(self.tx.set_password_hash(&user.after.id, hash, self.now).await?)
    }

    /// The same password, hashed in another way.
    pub(crate) async fn renew_password(&self, user: &Permit<User>, hash: &Secret) -> Result<(), ControlError> {
        Ok(self.tx.renew_password_hash(&user.after.id, hash).await?)
    }

    pub async fn set_signed_in(&self, user: &Permit<User>) -> Result<(), ControlError> {
        Ok(self.tx.set_signed_in(&user.after.id, self.now).await?)
    }

    /// Whoever is deleted signs in by nothing any more, and is signed in nowhere.
    pub async fn forget_sign_ins(&self, user: &Permit<User>) -> Result<(), ControlError> {
        self.tx.forget_sign_ins(&user.after.id).await?;
        self.tx.forget_identities(&user.after.id).await?;
        self.tx.end_sessions_of(&user.after.id, None).await?;
        Ok(())
    }

    pub(crate) async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<Identity>, ControlError> {
        Ok(self.tx.find_identity(issuer, subject).await?)
    }

    /// Of this user.
    pub(crate) async fn keep_identity(&self, user: &Permit<User>, identity: &Identity) -> Result<(), ControlError> {
        let identity = Identity { user_id: user.after.id.clone(), ..identity.clone() };
        Ok(self.tx.keep_identity(&identity).await?)
    }

    pub(crate) async fn scim_entry(&self, kind: scim::Kind, id: &str) -> Result<Option<scim::Entry>, ControlError> {
        Ok(self.tx.scim_entry(kind, id).await?)
    }

    pub(crate) async fn scim_entry_by_user_name(&self, name: &str) -> Result<Option<scim::Entry>, ControlError> {
        Ok(self.tx.scim_entry_by_user_name(name).await?)
    }

    pub(crate) async fn scim_entries_by_external_id(&self, id: &str) -> Result<Vec<scim::Entry>, ControlError> {
        Ok(self.tx.scim_entries_by_external_id(scim::Kind::User, id).await?)
    }

    /// Of this user or team.
    pub(crate) async fn keep_scim_entry<T: Managed>(
        &self,
        of: &Permit<T>,
        entry: &scim::Entry,
    ) -> Result<(), ControlError> {
        let entry = scim::Entry { id: of.after.subject_id(), ..entry.clone() };
        Ok(self.tx.keep_scim_entry(&entry).await?)
    }

    pub(crate) async fn forget_scim_entry<T: Managed>(
        &self,
        of: &Permit<T>,
        kind: scim::Kind,
    ) -> Result<(), ControlError> {
        Ok(self.tx.forget_scim_entry(kind, &of.after.subject_id()).await?)
    }

    /// Whether somebody ever came through a provider.
    pub(crate) async fn has_any_identity(&self, user: &UserId) -> Result<bool, ControlError> {
        Ok(self.tx.has_any_identity(user).await?)
    }

    pub(crate) async fn second_factor(&self, user: &UserId) -> Result<Option<String>, ControlError> {
        Ok(self.tx.second_factor(user).await?)
    }

    /// `None` takes it away.
    pub(crate) async fn set_second_factor(&self, user: &Permit<User>, text: Option<&str>) -> Result<(), ControlError> {
        Ok(self.tx.set_second_factor(&user.after.id, text).await?)
    }

    /// Whether somebody came through this issuer before.
    pub(crate) async fn has_identity(&self, user: &UserId, issuer: &str) -> Result<bool, ControlError> {
        Ok(self.tx.has_identity(user, issuer).await?)
    }

    /// The one with this digest, or all. How many there were.
    pub(crate) async fn end_sessions(&self, user: &Permit<User>, digest: Option<&str>) -> Result<u64, ControlError> {
        Ok(self.tx.end_sessions_of(&user.after.id, digest).await?)
    }

    /// Those that began by an identity: the right comes from a token that its provider signed. Whose they were.
    pub(crate) async fn end_sessions_by(
        &self,
        issuer: &str,
        subject: &str,
        session: Option<&str>,
    ) -> Result<Vec<UserId>, ControlError> {
        Ok(self.tx.end_sessions_by(issuer, subject, session).await?)
    }

    /// Lets the text that the key had go on working until then.
    pub async fn retire(
        &mut self,
        key: &Permit<VirtualKey>,
        digest: KeyDigest,
        until: Timestamp,
    ) -> Result<(), ControlError> {
        Ok(self.tx.retire_digest(key.after.id, digest, until).await?)
    }

    /// Takes away what earlier texts of the key could still do.
    pub async fn end_retired(&mut self, key: &Permit<VirtualKey>) -> Result<(), ControlError> {
        let ended = self.tx.end_retired(key.after.id, self.now).await?;
        self.told.extend(ended.into_iter().map(Told::Key));
        Ok(())
    }

    pub(crate) async fn insert_repricing(&self, run: &RepricingRun) -> Result<(), ControlError> {
        Ok(self.tx.insert_repricing(run).await?)
    }

    pub(crate) async fn finish_repricing(&self, id: &str) -> Result<bool, ControlError> {
        Ok(self.tx.finish_repricing(id, self.now).await?)
    }

    pub(crate) async fn insert_invoice(&self, invoice: &Invoice, lines: &[InvoiceLine]) -> Result<(), ControlError> {
        Ok(self.tx.insert_invoice(invoice, lines).await?)
    }

    pub(crate) async fn delete_invoice(&self, id: &str) -> Result<bool, ControlError> {
        Ok(self.tx.delete_invoice(id).await?)
    }

    pub(crate) async fn replace_token(
        &self,
        digest: &str,
        purpose: &str,
        until: Timestamp,
    ) -> Result<(), ControlError> {
        Ok(self.tx.replace_token(digest, purpose, self.now, until).await?)
    }

    pub(crate) async fn use_token(&self, digest: &str, purpose: &str) -> Result<bool, ControlError> {
        Ok(self.tx.use_token(digest, purpose, self.now).await?)
    }

    /// Adds an audit row for something that is no change of a managed thing: a sign-in, an export.
    pub async fn record(
        &self,
        action: &str,
        subject: Subject<'_>,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), ControlError> {
        self.record_as(&self.op.actor, action, subject, before, after).await
    }

    /// The same for an actor who is known only now: after a sign-in.
    pub async fn record_as(
        &self,
        actor: &Actor,
        action: &str,
        subject: Subject<'_>,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), ControlError> {
        let event = AuditEvent {
            id: AuditId::new(self.control.clock().as_ref(), self.control.entropy()),
            at: self.now,
            actor_kind: actor.kind().to_owned(),
            actor: actor.label(),
            on_behalf_of: self.op.on_behalf_of.as_deref().map(plain),
            address: self.op.address.as_deref().map(plain),
            user_agent: self.op.user_agent.as_deref().map(plain),
            request_id: plain(&self.op.request_id),
            action: action.to_owned(),
            resource_kind: subject.kind.to_owned(),
            resource_id: plain(subject.id),
            before: before.map(|value| redacted(value).to_string()),
            after: after.map(|value| redacted(value).to_string()),
        };
        Ok(self.tx.append_audit(&event).await?)
    }

    /// A key that was exchanged is remembered by its earlier texts, too.
    async fn tell_earlier<T: Managed>(&mut self, thing: &T) -> Result<(), ControlError> {
        let earlier = thing.earlier(&self.tx, self.now).await?;
        self.told.extend(earlier.into_iter().map(Told::Key));
        Ok(())
    }

    fn tell<T: Managed>(&mut self, thing: &T) {
        let told = thing.told();
        if !matches!(told, Told::Nothing) && !self.told.contains(&told) {
            self.told.push(told);
        }
    }

    /// Makes the change last, then has the data plane told: when this returns, the next call sees it.
    pub async fn commit(self) -> Result<(), ControlError> {
        let outcome = self.tx.commit().await;
        // A commit whose answer was lost may have happened: forgetting too often costs one look-up.
        let publish = &self.control.inner.publish;
        for told in self.told {
            match told {
                Told::Nothing => {}
                Told::Key(digest) => publish.key_changed(digest),
                Told::Principals => publish.principals_changed(),
                Told::Catalogue => publish.catalogue_changed().await,
            }
        }
        Ok(outcome?)
    }
}

/// The transaction, for reading only.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(&'a Tx);

impl Reader<'_> {
    pub async fn find<T: Managed>(&self, id: &str) -> Result<Option<T>, ControlError> {
        Ok(T::find(self.0, id).await?.filter(|found| found.meta().deleted_at.is_none()))
    }

    pub async fn list<T: tollgate_store::Table>(&self, filter: &RecordFilter) -> Result<Vec<T>, ControlError> {
        Ok(self.0.list(filter).await?)
    }

    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>, ControlError> {
        Ok(self.0.find_by_handle(email).await?)
    }

    pub async fn key_by_digest(&self, digest: KeyDigest) -> Result<Option<VirtualKey>, ControlError> {
        Ok(self.0.find_key_by_digest(digest).await?)
    }

    pub async fn key_by_alias(&self, alias: &str) -> Result<Option<VirtualKey>, ControlError> {
        Ok(self.0.find_key_by_alias(alias).await?)
    }

    pub async fn digest_is_taken(&self, digest: KeyDigest) -> Result<bool, ControlError> {
        Ok(self.0.digest_is_taken(digest).await?)
    }

    /// In PHC form.
    pub async fn password_hash(&self, user: &UserId) -> Result<Option<Secret>, ControlError> {
        Ok(self.0.password_hash(user).await?)
    }

    pub async fn page<T: tollgate_store::Table>(
        &self,
        filter: &RecordFilter,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<T>, ControlError> {
        Ok(self.0.page(filter, cursor, limit).await?)
    }

    pub async fn count<T: tollgate_store::Table>(&self, filter: &RecordFilter) -> Result<u64, ControlError> {
        Ok(self.0.count::<T>(filter).await?)
    }

    /// The living keys that match, at most 1,000.
    pub async fn keys_of(&self, filter: &KeyFilter, now: Timestamp) -> Result<Vec<VirtualKey>, ControlError> {
        Ok(self.0.keys_of(filter, now).await?)
    }

    pub async fn count_keys(&self, filter: &KeyFilter, now: Timestamp) -> Result<u64, ControlError> {
        Ok(self.0.count_keys(filter, now).await?)
    }
}
