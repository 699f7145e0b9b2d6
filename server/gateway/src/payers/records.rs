//! Customers, tags and budgets in memory: a call asks the database only about one that was not seen lately.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::Semaphore;
use tollgate_store::{Store, StoreError, Table};

use crate::openai::error::CallError;

/// How long a record is believed without asking again. Changes made through this process are in force at once; this
/// bounds how long another process's are not.
const BELIEVED: Duration = Duration::from_secs(30);

const MAX_KNOWN: u64 = 100_000;

/// Questions to the database at once.
const MAX_QUESTIONS: usize = 8;

/// How long a call waits for its question's turn and answer.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// A living record; `None`: there is none with that id.
pub type Found<T> = Option<Arc<T>>;

/// The records of a kind that were asked for lately.
pub struct Records<T> {
    store: Store,
    /// What was found, and how many changes there had been before.
    known: Cache<String, (Found<T>, u64)>,
    questions: Semaphore,
    changes: AtomicU64,
}

impl<T: Table + Send + Sync + 'static> Records<T> {
    pub fn new(store: &Store) -> Self {
        Self {
            store: store.clone(),
            known: Cache::builder().max_capacity(MAX_KNOWN).time_to_live(BELIEVED).build(),
            questions: Semaphore::new(MAX_QUESTIONS),
            changes: AtomicU64::new(0),
        }
    }

    pub async fn find(&self, id: &str) -> Result<Found<T>, CallError> {
        let changes = self.changes.load(Ordering::SeqCst);
        if let Some((found, read_in)) = self.known.get(id)
            && read_in == changes
        {
            return Ok(found);
        }
        match tokio::time::timeout(MAX_WAIT, self.ask(id)).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                tracing::error!(%error, "a record could not be looked up");
                Err(CallError::limits_unavailable())
            }
            Err(_) => Err(CallError::limits_unavailable()),
        }
    }

    async fn ask(&self, id: &str) -> Result<Found<T>, StoreError> {
        let closed = |_| StoreError::Unavailable("the gateway is stopping".to_owned());
        let _turn = self.questions.acquire().await.map_err(closed)?;
        loop {
            let changes = self.changes.load(Ordering::SeqCst);
            let found = self.store.find::<T>(id).await?;
            let found = found.filter(|record| record.meta().deleted_at.is_none()).map(Arc::new);
            self.known.insert(id.to_owned(), (found.clone(), changes));
            // A change that came meanwhile may or may not be in it: look again.
            if self.changes.load(Ordering::SeqCst) == changes {
                return Ok(found);
            }
        }
    }

    /// What is remembered is void from now on.
    pub fn all_changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.known.invalidate_all();
    }
}
