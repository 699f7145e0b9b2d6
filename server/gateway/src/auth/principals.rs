//! Principals in memory: a call asks the database only about a key that was not seen lately.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::Semaphore;
use tollgate_domain::Clock;
use tollgate_domain::key::KeyDigest;
use tollgate_store::{Store, StoreError};

use super::tokens::TokenCallers;
use crate::openai::error::CallError;
use crate::payers::Payer;

/// How long a principal is believed without asking again. Changes made through this process are in force at once; this
/// bounds how long another process's are not.
const BELIEVED: Duration = Duration::from_secs(30);

/// How long a text is believed to be no key.
const DISBELIEVED: Duration = Duration::from_secs(10);

const MAX_KNOWN: u64 = 100_000;
const MAX_UNKNOWN: u64 = 10_000;

/// Questions to the database at once; a flood of unknown keys must not take all its connections.
const MAX_QUESTIONS: usize = 16;

/// How long a call waits for its question's turn and answer.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// What is known of a digest.
#[derive(Clone, Debug)]
pub enum Lookup {
    Known(Arc<Payer>),
    Unknown,
    /// The database did not answer.
    Unavailable,
}

/// What was read, and how many changes of everything there had been before.
type Remembered<T> = (T, u64);

/// The principals seen lately. The whole digest is the cache's key: half of one would let one caller pass as another.
pub struct Principals {
    store: Store,
    clock: Arc<dyn Clock>,
    known: Cache<KeyDigest, Remembered<Arc<Payer>>>,
    unknown: Cache<KeyDigest, Remembered<()>>,
    questions: Semaphore,
    /// Counts changes of single keys, so that an answer read before a change is not kept after it.
    changes: AtomicU64,
    /// Counts changes of what any principal may be made of: what was read before the last one is void.
    generation: AtomicU64,
}

impl Principals {
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            known: Cache::builder().max_capacity(MAX_KNOWN).time_to_live(BELIEVED).build(),
            unknown: Cache::builder().max_capacity(MAX_UNKNOWN).time_to_live(DISBELIEVED).build(),
            questions: Semaphore::new(MAX_QUESTIONS),
            changes: AtomicU64::new(0),
            generation: AtomicU64::new(0),
        }
    }

    pub async fn find(&self, digest: KeyDigest) -> Lookup {
        let generation = self.generation.load(Ordering::SeqCst);
        if let Some((payer, read_in)) = self.known.get(&digest)
            && read_in == generation
        {
            return Lookup::Known(payer);
        }
        if self.unknown.get(&digest).is_some_and(|((), read_in)| read_in == generation) {
            return Lookup::Unknown;
        }
        tokio::time::timeout(MAX_WAIT, self.ask(digest)).await.unwrap_or(Lookup::Unavailable)
    }

    async fn ask(&self, digest: KeyDigest) -> Lookup {
        let Ok(_turn) = self.questions.acquire().await else { return Lookup::Unavailable };
        loop {
            let (changes, generation) = self.counts();
            let found = match self.store.find_principal(digest, self.clock.now()).await {
                Ok(found) => found.map(|principal| Arc::new(Payer::new(principal))),
                Err(error) => {
                    log_unavailable(&error);
                    return Lookup::Unavailable;
                }
            };
            match &found {
                Some(payer) => self.known.insert(digest, (Arc::clone(payer), generation)),
                None => self.unknown.insert(digest, ((), generation)),
            }
            // A change that came meanwhile was told to the caches before or after our insert: look again.
            if self.counts() == (changes, generation) {
                return found.map_or(Lookup::Unknown, Lookup::Known);
            }
            self.forget(digest);
        }
    }

    /// Who shows a token that `callers` take: remembered as keys are.
    pub async fn find_by_token(
        &self,
        callers: &TokenCallers,
        digest: KeyDigest,
        text: &str,
    ) -> Result<Arc<Payer>, CallError> {
        let generation = self.generation.load(Ordering::SeqCst);
        if let Some((payer, read_in)) = self.known.get(&digest)
            && read_in == generation
        {
            return Ok(payer);
        }
        if let Some(refusal) = callers.refusal(&digest) {
            return Err(refusal);
        }
        let asked = tokio::time::timeout(MAX_WAIT, self.ask_by_token(callers, digest, text)).await;
        asked.unwrap_or_else(|_| Err(CallError::token_keys_unavailable()))
    }

    async fn ask_by_token(
        &self,
        callers: &TokenCallers,
        digest: KeyDigest,
        text: &str,
    ) -> Result<Arc<Payer>, CallError> {
        let Ok(_turn) = self.questions.acquire().await else { return Err(CallError::store_unavailable()) };
        loop {
            let before = self.counts();
            let principal = callers.principal(&self.store, digest, text, self.clock.now()).await?;
            let payer = Arc::new(Payer::new(principal));
            self.known.insert(digest, (Arc::clone(&payer), before.1));
            if self.counts() == before {
                return Ok(payer);
            }
            self.forget(digest);
        }
    }

    fn counts(&self) -> (u64, u64) {
        (self.changes.load(Ordering::SeqCst), self.generation.load(Ordering::SeqCst))
    }

    fn forget(&self, digest: KeyDigest) {
        self.known.invalidate(&digest);
        self.unknown.invalidate(&digest);
    }

    /// A key was made, changed or deleted: what is remembered of it is void from now on.
    pub fn key_changed(&self, digest: KeyDigest) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.forget(digest);
    }

    /// Something above the keys changed: all that is remembered is void from now on.
    pub fn all_changed(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        // The count alone makes it void; this gives the memory back.
        self.known.invalidate_all();
        self.unknown.invalidate_all();
    }
}

fn log_unavailable(error: &StoreError) {
    tracing::error!(%error, "a key could not be looked up");
}
