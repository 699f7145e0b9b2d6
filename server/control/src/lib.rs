//! The control plane: what people and administrators' programs can do, one use case a file.
//!
//! Every change goes the same way: authorise → change → audit row, in one transaction → commit → publish. There is no
//! other way to write. This crate may know the domain model and the store, and nothing of HTTP, of pages or of the data
//! plane: that one is told of changes through [`Publish`].

pub mod access;
pub mod alerts;
pub mod audit;
pub mod budgets;
pub mod callbacks;
mod cascade;
mod change;
mod error;
pub mod export;
pub mod groups;
pub mod increases;
pub mod invoices;
pub mod keys;
mod managed;
pub mod models;
pub mod overview;
pub mod people;
pub mod records;
mod redact;
pub mod replay;
pub mod repricing;
pub mod requests;
pub mod reset;
mod rules;
pub mod scim;
pub mod secrets;
mod settings;
pub mod usage;
pub mod users;
pub mod vault;

use std::sync::Arc;

use tollgate_domain::Clock;
use tollgate_domain::actor::{
    Action, Actor, Memberships, Place, Resource, Visible, allowed, allowed_somewhere, visible,
};
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::entropy::Entropy;
use tollgate_domain::ids::{OrganisationId, TeamId, UserId};
use tollgate_domain::key::KeyDigest;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::model::Catalog;
use tollgate_domain::team::Team;
use tollgate_store::{RecordFilter, Store};

use change::Subject;

pub use change::{Change, Permit};
pub use error::ControlError;
pub use managed::Managed;
pub use settings::{Settings, settings};

/// The most memberships of one person that count.
const MOST_MEMBERSHIPS: usize = 1000;

/// The most teams that somebody sees through organisations at once: databases bound how long a list may be.
const MOST_TEAMS: usize = 10_000;

/// The data plane, as far as the control plane is concerned: told of every change after it was committed. When a method
/// returns, the next call is made under the change.
#[async_trait::async_trait]
pub trait Publish: Send + Sync + 'static {
    /// A key was made, changed, blocked or deleted.
    fn key_changed(&self, digest: KeyDigest);

    /// Something changed that many keys depend on: a team, a user, an organisation, …
    fn principals_changed(&self);

    /// The models or credentials of the database changed.
    async fn catalogue_changed(&self);

    /// Sums of what was spent changed in the database, of moments that are over.
    fn sums_changed(&self) {}

    /// Calls a model once, as it is written, with the smallest request there is.
    async fn test_deployment(&self, deployment: &StoredDeployment, credential: Option<&Credential>) -> TestOutcome;

    /// Whether a model could be called as it is written; if not, why not, in words for whoever wrote it.
    fn check_deployment(&self, deployment: &StoredDeployment, credential: Option<&Credential>) -> Result<(), String>;

    /// The providers that can be called, by name.
    fn providers(&self) -> Vec<models::Provider> {
        Vec::new()
    }
}

/// What came of calling a model to see whether it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestOutcome {
    pub works: bool,
    /// What the provider or the network said; no secrets.
    pub message: String,
    pub milliseconds: u64,
}

/// Gives the models as they are configured at the moment.
pub type CatalogSource = Arc<dyn Fn() -> Arc<Catalog> + Send + Sync>;

/// What every use case needs. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    publish: Arc<dyn Publish>,
    catalog: CatalogSource,
    vault: Arc<vault::Vault>,
    passwords: access::Passwords,
    backoff: access::Backoff,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("store", &self.inner.store).finish_non_exhaustive()
    }
}

/// Who does something, and where the request came from.
#[derive(Clone, Debug)]
pub struct OpContext {
    pub actor: Actor,
    /// What the actor is a member of: see [`Control::memberships`].
    pub memberships: Memberships,
    pub request_id: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    /// LiteLLM's `litellm-changed-by`: on whose behalf, as the actor says. Recorded, never believed.
    pub on_behalf_of: Option<String>,
}

impl OpContext {
    /// The program itself, or the operator at the command line.
    pub fn system(request_id: impl Into<String>) -> Self {
        Self {
            actor: Actor::System,
            memberships: Memberships::default(),
            request_id: request_id.into(),
            address: None,
            user_agent: None,
            on_behalf_of: None,
        }
    }

    /// Whether the actor may do this to a thing at this place.
    pub(crate) fn authorise(&self, action: Action, resource: Resource, place: &Place) -> Result<(), ControlError> {
        if allowed(&self.actor, &self.memberships, action, resource, place) {
            Ok(())
        } else {
            Err(ControlError::Denied { action, resource })
        }
    }

    /// Whether the actor may do this to anything of the kind: for what is offered.
    pub fn allowed_somewhere(&self, action: Action, resource: Resource) -> bool {
        allowed_somewhere(&self.actor, &self.memberships, action, resource)
    }

    /// Whether the actor may do this to a thing at this place: for what is offered. Doing it asks again.
    pub fn may(&self, action: Action, resource: Resource, place: &Place) -> bool {
        self.authorise(action, resource, place).is_ok()
    }
}

impl Control {
    /// What somebody is a member of, for [`OpContext`].
    pub async fn memberships(&self, user: &UserId) -> Result<Memberships, ControlError> {
        let filter = RecordFilter { user_id: Some(user.to_string()), ..RecordFilter::default() };
        let all: Vec<Membership> = self.store().list_all(&Visible::All, &filter, MOST_MEMBERSHIPS).await?;
        Ok(all.into_iter().collect())
    }

    /// Which things of a kind the actor may see (or export): denied, and put down in the audit log, if there can be
    /// none. An organisation's teams count as in it.
    pub(crate) async fn visible(
        &self,
        op: &OpContext,
        action: Action,
        resource: Resource,
    ) -> Result<Visible, ControlError> {
        let mut visible = visible(&op.actor, &op.memberships, action, resource);
        if let Visible::Within { teams, organisations, .. } = &mut visible
            && !organisations.is_empty()
        {
            for organisation in organisations.iter() {
                let room = MOST_TEAMS.saturating_sub(teams.len());
                let filter =
                    RecordFilter { organisation_id: Some(organisation.to_string()), ..RecordFilter::default() };
                let of_organisation: Vec<Team> = self.store().list_all(&Visible::All, &filter, room).await?;
                teams.extend(of_organisation.into_iter().map(|team| team.id));
            }
            teams.sort();
            teams.dedup();
        }
        // A person who is in no team yet sees empty lists, not refusals.
        let may_have = op.allowed_somewhere(action, resource) || matches!(op.actor, Actor::User { .. });
        let never = visible.is_nothing() && (!may_have || !ever(&op.actor, action, resource));
        if never { Err(self.denied(op, action, resource, "").await) } else { Ok(visible) }
    }

    pub(crate) fn tell_sums_changed(&self) {
        self.inner.publish.sums_changed();
    }

    /// The refusal, after it was put down in the audit log.
    pub(crate) async fn denied(&self, op: &OpContext, action: Action, resource: Resource, id: &str) -> ControlError {
        let denied = ControlError::Denied { action, resource };
        // Nobody known is kept out at the door, and could fill the log.
        if matches!(op.actor, Actor::Anonymous) {
            return denied;
        }
        let recorded = async {
            let change = self.change(op).await?;
            let what = serde_json::json!({ "action": format!("{action:?}").to_lowercase() });
            change.record("denied", Subject { kind: resource.as_str(), id }, None, Some(what)).await?;
            change.commit().await
        };
        match recorded.await {
            Ok(()) => denied,
            Err(error) => error,
        }
    }

    /// Does something; a refusal is put down in the audit log, after the work's transaction has ended.
    pub(crate) async fn watched<T>(
        &self,
        op: &OpContext,
        id: &str,
        work: impl Future<Output = Result<T, ControlError>>,
    ) -> Result<T, ControlError> {
        match work.await {
            Err(ControlError::Denied { action, resource }) => Err(self.denied(op, action, resource, id).await),
            done => done,
        }
    }

    /// Like [`OpContext::authorise`], with refusals put down in the audit log.
    pub(crate) async fn authorise(
        &self,
        op: &OpContext,
        action: Action,
        resource: Resource,
        place: &Place,
        id: &str,
    ) -> Result<(), ControlError> {
        match op.authorise(action, resource, place) {
            Ok(()) => Ok(()),
            Err(_) => Err(self.denied(op, action, resource, id).await),
        }
    }
}

/// Whether somebody like that could ever see any.
fn ever(actor: &Actor, action: Action, resource: Resource) -> bool {
    let Actor::User { id, .. } = actor else { return false };
    let (Some(team), Some(organisation)) = (TeamId::parse("any"), OrganisationId::parse("any")) else { return false };
    let admin = |group| Membership::example(group, id.clone());
    let everywhere: Memberships =
        [admin(Group::Team(team)), admin(Group::Organisation(organisation))].into_iter().flatten().collect();
    allowed_somewhere(actor, &everywhere, action, resource)
}

impl Control {
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        publish: Arc<dyn Publish>,
        catalog: CatalogSource,
        vault: Arc<vault::Vault>,
    ) -> Self {
        let (passwords, backoff) = (access::Passwords::default(), access::Backoff::default());
        Self { inner: Arc::new(Inner { store, clock, entropy, publish, catalog, vault, passwords, backoff }) }
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.inner.entropy.as_ref()
    }

    pub(crate) fn publish(&self) -> &dyn Publish {
        self.inner.publish.as_ref()
    }

    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        (self.inner.catalog)()
    }
}
