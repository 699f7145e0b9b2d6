//! The gateway's state: what every call shares.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{HeaderMap, HeaderName};
use tokio_util::task::TaskTracker;
use tollgate_domain::Clock;
use tollgate_domain::entropy::Entropy;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::ledger::House;
use tollgate_domain::model::Catalog;
use tollgate_sso::looks_like_token;
use tollgate_store::Store;

use crate::auth::{Caller, Lookup, Principals, TokenCallers, present_key};
use crate::ledger::Ledger;
use crate::openai::error::CallError;
use crate::payers::Paying;
use crate::targets::Targets;
use crate::upstream::Pools;

/// Limits and habits that the configuration sets.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The largest request body, in bytes.
    pub max_request_bytes: usize,
    /// The largest form with files, in bytes: they pass through and are not held.
    pub max_upload_bytes: u64,
    /// The largest unstreamed answer, in bytes.
    pub max_response_bytes: usize,
    /// All headers of a request together, in bytes.
    pub max_header_bytes: usize,
    /// How long a request's body may take, and longer the more of it has come.
    pub body_pause: Duration,
    /// How long a provider is read on after the client left.
    pub drain: Duration,
    /// Whether a client that leaves takes its call with it, where neither its key nor its team says
    /// (`general_settings.cancel_on_disconnect`).
    pub cancel: bool,
    /// Fields of a request that the provider can't be told are left out; otherwise the call is refused.
    pub drop_params: bool,
    /// Calls under way at once, drained ones included.
    pub max_calls: usize,
    /// `general_settings.litellm_key_header_name`
    pub key_header: Option<HeaderName>,
    /// The dashboard's address before `/ui`, for links in refusals; empty: they are without a host.
    pub dashboard: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_request_bytes: 64 * 1024 * 1024,
            max_upload_bytes: 512 * 1024 * 1024,
            max_response_bytes: 128 * 1024 * 1024,
            max_header_bytes: 64 * 1024,
            body_pause: Duration::from_secs(30),
            drain: Duration::from_secs(300),
            cancel: false,
            drop_params: false,
            max_calls: 10_000,
            key_header: None,
            dashboard: String::new(),
        }
    }
}

/// What a gateway is made of.
pub struct GatewayParts {
    pub store: Store,
    pub ledger: Ledger,
    pub catalog: Arc<Catalog>,
    pub master_key: Option<KeyDigest>,
    pub settings: Settings,
    /// Limits that the configuration sets.
    pub house: House,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// Calls that outlive their client run on it: shutdown waits for it.
    pub tasks: TaskTracker,
}

/// The data plane. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    principals: Principals,
    /// Who shows tokens instead of keys, where those are taken.
    tokens: OnceLock<TokenCallers>,
    paying: Paying,
    ledger: Ledger,
    catalog: ArcSwap<Targets>,
    /// Catalogs so far.
    epochs: AtomicU64,
    pools: Pools,
    master_key: Option<KeyDigest>,
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    tasks: TaskTracker,
    calls: AtomicUsize,
}

impl Gateway {
    pub fn new(parts: GatewayParts) -> Self {
        let pools = Pools::default();
        let targets = Targets::new(parts.catalog, &pools, 0);
        Self(Arc::new(Inner {
            paying: Paying::new(parts.house, &parts.store),
            principals: Principals::new(parts.store, Arc::clone(&parts.clock)),
            tokens: OnceLock::new(),
            ledger: parts.ledger,
            catalog: ArcSwap::from_pointee(targets),
            epochs: AtomicU64::new(0),
            pools,
            master_key: parts.master_key,
            settings: parts.settings,
            clock: parts.clock,
            entropy: parts.entropy,
            tasks: parts.tasks,
            calls: AtomicUsize::new(0),
        }))
    }

    /// Takes access tokens of these callers, too. Only the first word on it counts.
    pub fn take_tokens(&self, callers: TokenCallers) {
        let _ = self.0.tokens.set(callers);
    }

    /// Asks for the keys of token issuers again, where it is time. To be called now and then.
    pub async fn refresh_token_keys(&self) {
        if let Some(callers) = self.0.tokens.get() {
            callers.refresh(self.0.clock.now()).await;
        }
    }

    /// Every call from now on uses `catalog`; those under way end with what they began with.
    pub fn replace_catalog(&self, catalog: Arc<Catalog>) {
        let epoch = self.0.epochs.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.catalog.store(Arc::new(Targets::new(catalog, &self.0.pools, epoch)));
    }

    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(self.0.catalog.load().catalog())
    }

    /// Limits that the configuration sets.
    pub fn house(&self) -> &House {
        self.0.paying.house()
    }

    /// A key was made, changed or deleted: the next call sees it.
    pub fn key_changed(&self, digest: KeyDigest) {
        self.0.principals.key_changed(digest);
    }

    /// A team, user, organisation, membership, access group, customer, tag or budget was made, changed or deleted: the
    /// next call of every key sees it.
    pub fn principals_changed(&self) {
        if let Some(callers) = self.0.tokens.get() {
            callers.forget();
        }
        self.0.principals.all_changed();
        self.0.paying.all_changed();
    }

    /// Sums of what was spent changed in the database: the next call of each account reads them anew.
    pub fn sums_changed(&self) {
        self.0.ledger.forget_sums();
    }

    /// Calls under way.
    pub fn calls(&self) -> usize {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// Closes connections to providers that were idle for too long, and forgets idle accounts. To be called now and then.
    pub fn sweep(&self) {
        self.0.pools.sweep();
        self.0.ledger.sweep();
    }

    /// Whose key the request carries, whether or not it may be used now: see [`Caller::check`].
    pub(crate) async fn identify(&self, headers: &HeaderMap) -> Result<Caller, CallError> {
        let text = present_key(headers, self.0.settings.key_header.as_ref())?;
        let digest = KeyDigest::of(text);
        if self.0.master_key.is_some_and(|master| master.matches(&digest)) {
            return Ok(Caller::MasterKey);
        }
        if let Some(callers) = self.0.tokens.get().filter(|_| looks_like_token(text)) {
            return Ok(Caller::Key(self.0.principals.find_by_token(callers, digest, text).await?));
        }
        match self.0.principals.find(digest).await {
            Lookup::Known(payer) => Ok(Caller::Key(payer)),
            Lookup::Unknown => Err(CallError::unknown_key()),
            Lookup::Unavailable => Err(CallError::store_unavailable()),
        }
    }

    /// Who asks for `path`, and may.
    pub(crate) async fn authenticate(&self, headers: &HeaderMap, path: &str) -> Result<Caller, CallError> {
        let caller = self.identify(headers).await?;
        caller.check(self.0.clock.now())?;
        caller.check_route(path)?;
        Ok(caller)
    }

    /// A place among the calls under way.
    pub(crate) fn enter(&self) -> Result<CallPlace, CallError> {
        if self.0.calls.fetch_add(1, Ordering::Relaxed) >= self.0.settings.max_calls {
            self.0.calls.fetch_sub(1, Ordering::Relaxed);
            return Err(CallError::overloaded());
        }
        Ok(CallPlace(self.clone()))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn paying(&self) -> &Paying {
        &self.0.paying
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    pub(crate) fn targets(&self) -> arc_swap::Guard<Arc<Targets>> {
        self.0.catalog.load()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.0.entropy
    }

    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }
}

/// Given back when it is dropped.
pub(crate) struct CallPlace(Gateway);

impl Drop for CallPlace {
    fn drop(&mut self) {
        self.0.0.calls.fetch_sub(1, Ordering::Relaxed);
    }
}
