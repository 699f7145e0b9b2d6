//! The control plane: what people and administrators' programs can do, one use case a file.
//!
//! Every change goes the same way: authorise → change → audit row, in one transaction → commit → publish. There is no
//! other way to write. This crate may know the domain model and the store, and nothing of HTTP, of pages or of the data
//! plane: that one is told of changes through [`Publish`].

pub mod access;
pub mod audit;
mod change;
mod error;
pub mod keys;
pub mod models;
pub mod overview;
pub mod requests;

use std::sync::Arc;

use tollgate_domain::Clock;
use tollgate_domain::actor::{Action, Actor, Resource, allowed};
use tollgate_domain::entropy::Entropy;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::model::Catalog;
use tollgate_store::Store;

pub use error::ControlError;

/// Told of every change after it was committed, so that the data plane can forget what it remembered.
pub trait Publish: Send + Sync + 'static {
    /// A key was made, changed, blocked or deleted.
    fn key_changed(&self, digest: KeyDigest);
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
            request_id: request_id.into(),
            address: None,
            user_agent: None,
            on_behalf_of: None,
        }
    }

    /// Whether the actor may: to be asked before anything else, reading included.
    pub(crate) fn authorise(&self, action: Action, resource: Resource) -> Result<(), ControlError> {
        if allowed(&self.actor, action, resource) { Ok(()) } else { Err(ControlError::Denied { action, resource }) }
    }
}

impl Control {
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        publish: Arc<dyn Publish>,
        catalog: CatalogSource,
    ) -> Self {
        let (passwords, backoff) = (access::Passwords::default(), access::Backoff::default());
        Self { inner: Arc::new(Inner { store, clock, entropy, publish, catalog, passwords, backoff }) }
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

    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        (self.inner.catalog)()
    }
}
