//! Keys in memory: a call asks the database only about a key that was not seen lately.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::Semaphore;
use tollgate_domain::key::{KeyDigest, VirtualKey};
use tollgate_store::{Store, StoreError};

/// How long a key is believed without asking again. Changes made through this process are in force at once; this
/// bounds how long another process's are not.
const BELIEVED: Duration = Duration::from_secs(30);

/// How long a text is believed to be no key.
const DISBELIEVED: Duration = Duration::from_secs(10);

const MAX_KEYS: u64 = 100_000;
const MAX_UNKNOWN: u64 = 10_000;

/// Questions to the database at once; a flood of unknown keys must not take all its connections.
const MAX_QUESTIONS: usize = 16;

/// How long a call waits for its question's turn and answer.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// What is known of a digest.
#[derive(Clone, Debug)]
pub enum KeyLookup {
    Known(Arc<VirtualKey>),
    Unknown,
    /// The database did not answer.
    Unavailable,
}

/// The keys seen lately. The whole digest is the cache's key: half of one would let one caller pass as another.
#[derive(Debug)]
pub struct Keys {
    store: Store,
    known: Cache<KeyDigest, Arc<VirtualKey>>,
    unknown: Cache<KeyDigest, ()>,
    questions: Semaphore,
    /// Counts changes, so that an answer read before a change is not kept after it.
    changes: AtomicU64,
}

impl Keys {
    pub fn new(store: Store) -> Self {
        Self {
            store,
            known: Cache::builder().max_capacity(MAX_KEYS).time_to_live(BELIEVED).build(),
            unknown: Cache::builder().max_capacity(MAX_UNKNOWN).time_to_live(DISBELIEVED).build(),
            questions: Semaphore::new(MAX_QUESTIONS),
            changes: AtomicU64::new(0),
        }
    }

    pub async fn find(&self, digest: KeyDigest) -> KeyLookup {
        if let Some(key) = self.known.get(&digest) {
            return KeyLookup::Known(key);
        }
        if self.unknown.contains_key(&digest) {
            return KeyLookup::Unknown;
        }
        tokio::time::timeout(MAX_WAIT, self.ask(digest)).await.unwrap_or(KeyLookup::Unavailable)
    }

    async fn ask(&self, digest: KeyDigest) -> KeyLookup {
        let Ok(_turn) = self.questions.acquire().await else { return KeyLookup::Unavailable };
        loop {
            let before = self.changes.load(Ordering::SeqCst);
            let found = match self.store.find_key_by_digest(digest).await {
                Ok(found) => found.map(Arc::new),
                Err(error) => {
                    log_unavailable(&error);
                    return KeyLookup::Unavailable;
                }
            };
            match &found {
                Some(key) => self.known.insert(digest, Arc::clone(key)),
                None => self.unknown.insert(digest, ()),
            }
            // A change that came meanwhile was told to the caches before or after our insert: look again.
            if self.changes.load(Ordering::SeqCst) == before {
                return found.map_or(KeyLookup::Unknown, KeyLookup::Known);
            }
            self.forget(digest);
        }
    }

    fn forget(&self, digest: KeyDigest) {
        self.known.invalidate(&digest);
        self.unknown.invalidate(&digest);
    }

    /// A key was made, changed or deleted: what is remembered of it is void from now on.
    pub fn changed(&self, digest: KeyDigest) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.forget(digest);
    }
}

impl Keys {
    /// What is remembered is void from now on.
    pub fn all_changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate_all();
        self.unknown.invalidate_all();
    }
}

fn log_unavailable(error: &StoreError) {
    tracing::error!(%error, "a key could not be looked up");
}
