//! The ledger's first form: every attempt at a provider is journalled before it is made, settled before its last byte
//! is handed out, and written to the database by one writer that no call waits for.

mod frame;
mod journal;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tollgate_domain::charge::{Charge, Refusal};
use tollgate_store::Store;

use crate::upstream::BeforeWrite;
use journal::{Journal, SegmentHold};
pub use journal::{JournalError, Recovered};
use writer::Queue;

/// Charges that wait for the database; beyond it no new call is taken, for nothing that happened may be forgotten.
const MAX_WAITING_CHARGES: usize = 50_000;

/// Refusals that wait for the database; beyond it they are counted and dropped.
const MAX_WAITING_REFUSALS: usize = 5_000;

/// Where charges go.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    journal: Journal,
    queue: Queue,
    wake: Notify,
    dropped_refusals: AtomicU64,
}

/// A charge on its way: on record from the instant before the provider is asked, settled exactly once.
#[derive(Debug)]
pub struct OpenCharge {
    /// As it would stand if nothing more were heard of the call.
    pub charge: Charge,
    hold: HoldSlot,
}

/// Filled when the charge is journalled.
type HoldSlot = Arc<Mutex<Option<SegmentHold>>>;

/// The journal can't be written, or too much waits for the database.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the ledger's journal can't be written: {0}")]
    Journal(#[from] std::io::Error),
    #[error("{MAX_WAITING_CHARGES} charges wait for the database")]
    Backlog,
}

impl Ledger {
    /// Opens the journal in `folder` and brings what an earlier process left there into the database.
    pub async fn open(folder: &Path, store: &Store) -> Result<(Self, Recovered), JournalError> {
        let (journal, recovered) = Journal::open(folder, store).await?;
        let inner =
            Inner { journal, queue: Queue::default(), wake: Notify::new(), dropped_refusals: AtomicU64::new(0) };
        Ok((Self(Arc::new(inner)), recovered))
    }

    /// Whether a new call may be taken.
    pub fn admit(&self) -> Result<(), LedgerError> {
        if self.0.queue.waiting_charges() >= MAX_WAITING_CHARGES { Err(LedgerError::Backlog) } else { Ok(()) }
    }

    /// A charge that is not journalled yet, and what journals it: to be called in the instant before the request's first
    /// byte is written to the provider's socket, so that nearly no crash can fall between the two.
    pub fn prepare(&self, charge: Charge) -> Result<(OpenCharge, BeforeWrite), LedgerError> {
        let frame = journal::encode(frame::Kind::Opened, &charge)?;
        let hold = HoldSlot::default();
        let (ledger, slot) = (self.clone(), Arc::clone(&hold));
        let before_write = Box::new(move || {
            let hold = ledger.0.journal.append(&frame)?;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(hold);
            Ok(())
        });
        Ok((OpenCharge { charge, hold }, before_write))
    }

    /// Puts the charge's final form into the journal and on its way to the database. A charge that was never journalled
    /// reached no provider and leaves no trace: `false`.
    pub fn settle(&self, open: OpenCharge) -> bool {
        let Some(opened) = open.hold.lock().unwrap_or_else(PoisonError::into_inner).take() else { return false };
        let settled = journal::encode(frame::Kind::Settled, &open.charge).and_then(|f| self.0.journal.append(&f));
        let settled = settled
            .inspect_err(|error| {
                // The database may still take it; if the process dies before, it is recovered as unknown.
                tracing::error!(charge.id = %open.charge.id, %error, "a settled charge could not be journalled");
            })
            .ok();
        if self.0.queue.push_charge(open.charge, opened, settled) {
            self.0.wake.notify_one();
        }
        true
    }

    /// Notes a call that reached no provider.
    pub fn refuse(&self, refusal: Refusal) {
        if !self.0.queue.push_refusal(refusal, MAX_WAITING_REFUSALS) {
            self.0.dropped_refusals.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Charges that wait for the database.
    pub fn waiting(&self) -> usize {
        self.0.queue.waiting_charges()
    }

    /// Refusals that were dropped because too many waited.
    pub fn dropped_refusals(&self) -> u64 {
        self.0.dropped_refusals.load(Ordering::Relaxed)
    }

    /// Writes what waits to the database, again and again, until `stop` resolves; then once more, to the end.
    pub async fn run_writer(self, store: Store, stop: impl Future<Output = ()>) {
        writer::run(&self.0.queue, &self.0.wake, &self.0.journal, &store, stop).await;
    }
}
