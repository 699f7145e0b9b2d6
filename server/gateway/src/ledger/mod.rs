//! The ledger at work: what a call may need is reserved before it is made; every attempt at a provider is journalled
//! before it is made, settled before its last byte is handed out, and written to the database by one writer that no call
//! waits for.

mod frame;
mod journal;
mod reserve;
mod size;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tollgate_domain::charge::{Charge, Refusal};
use tollgate_domain::ledger::{Alert, AlertKind, Ask, Book, Zone};
use tollgate_domain::{Clock, Timestamp};
use tollgate_store::{LedgerBatch, Store};

use crate::upstream::BeforeWrite;
use journal::{Journal, SegmentHold};
pub use journal::{JournalError, Recovered};
pub use reserve::{AdmitError, Extended, Reservation, Reserved};
pub use size::{Answer, Size, Sized};
use writer::{Holds, Queue};

/// Charges that wait for the database; beyond it no new call is taken, for nothing that happened may be forgotten.
const MAX_WAITING_CHARGES: usize = 50_000;

/// Refusals that wait for the database; beyond it they are counted and dropped.
const MAX_WAITING_REFUSALS: usize = 5_000;

/// Alerts that wait for the database; beyond it they are counted and dropped.
const MAX_WAITING_ALERTS: usize = 5_000;

/// Between two tries when the database does not take a batch.
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_LAST: Duration = Duration::from_secs(10);

/// Told of what reached the database. What it does must take no time: it is called by the one writer.
pub trait Written: Send + Sync + 'static {
    fn charges(&self, charges: &[Charge]);

    /// Those that were not told before.
    fn alerts(&self, alerts: Vec<Alert>);
}

/// Where charges go.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    journal: Journal,
    queue: Queue,
    wake: Notify,
    dropped_refusals: AtomicU64,
    /// By [`AlertKind::ALL`].
    told_alerts: [AtomicU64; AlertKind::ALL.len()],
    lost_alerts: AtomicU64,
    /// Every account: one lock, held for microseconds.
    book: Mutex<Book>,
    /// Held while charges go to the database and the book lets go of them, and while sums are read from it.
    flushing: tokio::sync::Mutex<()>,
    store: Store,
    clock: Arc<dyn Clock>,
    written: OnceLock<Arc<dyn Written>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("journal", &self.journal).finish_non_exhaustive()
    }
}

/// A charge on its way: on record from the instant before the provider is asked, settled exactly once.
#[derive(Debug)]
pub struct OpenCharge {
    /// As it would stand if nothing more were heard of the call.
    pub charge: Charge,
    hold: HoldSlot,
    reservation: Reservation,
    /// Records of what was added to the reservation.
    extended: Vec<SegmentHold>,
    is_extended: bool,
}

impl OpenCharge {
    /// How many tokens of its answers are paid for.
    pub fn paid(&self) -> u64 {
        self.reservation.paid
    }

    /// Whether more was set aside than at first.
    pub fn is_extended(&self) -> bool {
        self.is_extended
    }

    /// How many tokens of its answers are counted against rate limits.
    pub fn paced(&self) -> u64 {
        self.reservation.held.output_tokens
    }

    /// Counts so many more.
    pub fn pace(&mut self, tokens: u64) {
        self.reservation.pace(tokens);
    }

    /// Sets aside more: if nothing more is heard of the call, it costs that too.
    pub fn extend(&mut self, ledger: &Ledger, tokens: u64) -> Extended {
        let extended = self.reservation.extend(tokens);
        self.is_extended |= matches!(extended, Extended::Held);
        if matches!(extended, Extended::Held) && self.charge.cost != self.reservation.held.amount {
            self.charge.cost = self.reservation.held.amount;
            let frame = journal::encode(frame::Kind::Opened, &self.charge);
            match frame.and_then(|frame| ledger.0.journal.append(&frame)) {
                Ok(hold) => self.extended.push(hold),
                Err(error) => {
                    tracing::error!(charge.id = %self.charge.id, %error, "an extended reservation could not be journalled");
                }
            }
        }
        extended
    }
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
    pub async fn open(folder: &Path, store: &Store, clock: Arc<dyn Clock>) -> Result<(Self, Recovered), JournalError> {
        let (journal, recovered) = Journal::open(folder, store).await?;
        let latest = store.latest_charge().await?.unwrap_or(Timestamp(0));
        let inner = Inner {
            journal,
            queue: Queue::default(),
            wake: Notify::new(),
            dropped_refusals: AtomicU64::new(0),
            told_alerts: Default::default(),
            lost_alerts: AtomicU64::new(0),
            book: Mutex::new(Book::new(Zone::default(), latest).after(latest)),
            flushing: tokio::sync::Mutex::default(),
            store: store.clone(),
            clock,
            written: OnceLock::new(),
        };
        Ok((Self(Arc::new(inner)), recovered))
    }

    /// Has somebody told of what is written from now on. Only the first counts.
    pub fn tell_written(&self, written: Arc<dyn Written>) {
        let _first = self.0.written.set(written);
    }

    /// Whether a new call may be taken.
    pub fn admit(&self) -> Result<(), LedgerError> {
        if self.0.queue.waiting_charges() >= MAX_WAITING_CHARGES { Err(LedgerError::Backlog) } else { Ok(()) }
    }

    /// A charge that is not journalled yet, and what journals it: to be called in the instant before the request's first
    /// byte is written to the provider's socket, so that nearly no crash can fall between the two. Until it is settled it
    /// costs what is reserved for it.
    pub fn prepare(
        &self,
        mut charge: Charge,
        reservation: Reservation,
    ) -> Result<(OpenCharge, BeforeWrite), LedgerError> {
        charge.cost = reservation.held.amount;
        charge.reserved = reservation.held.amount;
        let frame = journal::encode(frame::Kind::Opened, &charge)?;
        let hold = reservation.hold();
        let (ledger, slot) = (self.clone(), Arc::clone(&hold));
        let before_write = Box::new(move || {
            let hold = ledger.0.journal.append(&frame)?;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(hold);
            Ok(())
        });
        Ok((OpenCharge { charge, hold, reservation, extended: Vec::new(), is_extended: false }, before_write))
    }

    /// Puts the charge's final form into the journal and on its way to the database. A charge that was never journalled
    /// reached no provider and leaves no trace: `false`.
    pub fn settle(&self, open: OpenCharge) -> bool {
        let OpenCharge { charge, hold, reservation, extended, .. } = open;
        let Some(opened) = hold.lock().unwrap_or_else(PoisonError::into_inner).take() else { return false };
        let settled = journal::encode(frame::Kind::Settled, &charge).and_then(|f| self.0.journal.append(&f));
        let settled = settled
            .inspect_err(|error| {
                // The database may still take it; if the process dies before, it is recovered as unknown.
                tracing::error!(charge.id = %charge.id, %error, "a settled charge could not be journalled");
            })
            .ok();
        let usage = &charge.usage;
        // Before the writer sees it: it tells the book to forget what it wrote.
        let events =
            reservation.settle(Ask { amount: charge.cost, input_tokens: usage.input, output_tokens: usage.output });
        if !events.is_empty() {
            self.tell(Alert::of_charge(events, &charge, self.0.clock.now()));
        }
        if self.0.queue.push_charge(charge, Holds { opened, settled, extended }) {
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

    /// Logs what people may want to know, and puts it on its way to the database.
    fn tell(&self, alerts: Vec<Alert>) {
        for alert in &alerts {
            log(alert);
            let counts = AlertKind::ALL.iter().zip(&self.0.told_alerts);
            for (_, count) in counts.filter(|(kind, _)| **kind == alert.kind) {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        let lost = self.0.queue.push_alerts(alerts, MAX_WAITING_ALERTS);
        self.0.lost_alerts.fetch_add(lost, Ordering::Relaxed);
    }

    /// How many alerts of each kind there were.
    pub fn told_alerts(&self) -> impl Iterator<Item = (AlertKind, u64)> {
        AlertKind::ALL.into_iter().zip(self.0.told_alerts.iter().map(|count| count.load(Ordering::Relaxed)))
    }

    /// Alerts that were lost: too many waited, or the database did not take them.
    pub fn lost_alerts(&self) -> u64 {
        self.0.lost_alerts.load(Ordering::Relaxed)
    }

    /// Writes alerts. Unlike charges they are not worth holding everything else up.
    async fn append_alerts(&self, mut alerts: Vec<Alert>) {
        let mut tries = 0;
        let new = loop {
            match self.0.store.append_alerts(&alerts).await {
                Ok(new) => break new,
                Err(error) => {
                    tries += 1;
                    if tries == 3 {
                        let lost = u64::try_from(alerts.len()).unwrap_or(u64::MAX);
                        self.0.lost_alerts.fetch_add(lost, Ordering::Relaxed);
                        tracing::error!(%error, lost, "alerts could not be written and are lost");
                        return;
                    }
                    tokio::time::sleep(RETRY_FIRST).await;
                }
            }
        };
        if let Some(written) = self.0.written.get() {
            let new: HashSet<String> = new.into_iter().collect();
            alerts.retain(|alert| new.contains(&alert.id));
            if !alerts.is_empty() {
                written.alerts(alerts);
            }
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
    pub async fn run_writer(self, stop: impl Future<Output = ()>) {
        writer::run(&self, &self.0.queue, &self.0.wake, stop).await;
    }

    /// Writes a batch and lets the book forget its calls.
    async fn append(&self, batch: &LedgerBatch) {
        let _no_load = self.0.flushing.lock().await;
        let mut wait = RETRY_FIRST;
        // The lock is kept meanwhile: whether the database took the batch is not known, and a sum that is read now might
        // count it twice.
        while let Err(error) = self.0.store.append_ledger(batch).await {
            tracing::error!(%error, charges = batch.charges.len(), "charges could not be written; trying again");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RETRY_LAST);
        }
        let mut book = self.book();
        for charge in &batch.charges {
            book.flushed(charge.id);
        }
        drop(book);
        if let Some(written) = self.0.written.get() {
            written.charges(&batch.charges);
        }
    }
}

/// As a line of the log: what `budget_events` has, too.
fn log(alert: &Alert) {
    let Alert { account, limited, limit, used, charge_id, .. } = alert;
    let kind = alert.kind.as_str();
    if alert.kind == AlertKind::Shadow {
        tracing::info!(kind, %account, limited, limit, used, charge_id, "a limit in shadow would have refused a call");
    } else {
        let percent = alert.percent;
        tracing::warn!(kind, %account, limited, percent, limit, used, charge_id, "a budget's mark was reached");
    }
}
