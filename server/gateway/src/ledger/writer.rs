//! The one writer: takes what waits, a batch at a time, to the database.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tollgate_domain::charge::{Charge, Refusal};
use tollgate_domain::ledger::Alert;
use tollgate_store::LedgerBatch;

use super::Ledger;
use super::journal::SegmentHold;

/// The longest that a charge waits for others to go with it.
const INTERVAL: Duration = Duration::from_millis(400);

/// The most that goes in one transaction; as many waiting wake the writer at once.
const BATCH: usize = 3000;

/// How long the last flush may take when the process is told to stop; the journal keeps what is left.
const LAST_FLUSH: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub struct Queue(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    charges: VecDeque<(Charge, Holds)>,
    refusals: VecDeque<Refusal>,
    alerts: VecDeque<Alert>,
}

/// The journal's files that must stay until the charge is in the database.
#[derive(Debug)]
pub struct Holds {
    pub opened: SegmentHold,
    pub settled: Option<SegmentHold>,
    /// Nearly always none.
    pub extended: Vec<SegmentHold>,
}

impl Queue {
    /// Whether a full batch waits now.
    pub fn push_charge(&self, charge: Charge, holds: Holds) -> bool {
        let mut waiting = self.lock();
        waiting.charges.push_back((charge, holds));
        waiting.charges.len() == BATCH
    }

    /// `false` if `limit` wait already and the refusal was dropped.
    pub fn push_refusal(&self, refusal: Refusal, limit: usize) -> bool {
        let mut waiting = self.lock();
        if waiting.refusals.len() >= limit {
            return false;
        }
        waiting.refusals.push_back(refusal);
        true
    }

    /// How many were dropped because `limit` wait already.
    pub fn push_alerts(&self, alerts: Vec<Alert>, limit: usize) -> u64 {
        let mut waiting = self.lock();
        let room = limit.saturating_sub(waiting.alerts.len());
        let dropped = alerts.len().saturating_sub(room);
        waiting.alerts.extend(alerts.into_iter().take(room));
        u64::try_from(dropped).unwrap_or(u64::MAX)
    }

    fn take_alerts(&self) -> Vec<Alert> {
        let mut waiting = self.lock();
        let count = waiting.alerts.len().min(BATCH);
        waiting.alerts.drain(..count).collect()
    }

    pub fn waiting_charges(&self) -> usize {
        self.lock().charges.len()
    }

    /// Everything that waits.
    fn waiting(&self) -> usize {
        let waiting = self.lock();
        waiting.charges.len() + waiting.refusals.len()
    }

    fn take(&self) -> Option<(LedgerBatch, Vec<Holds>)> {
        let mut waiting = self.lock();
        if waiting.charges.is_empty() && waiting.refusals.is_empty() {
            return None;
        }
        let charges = waiting.charges.len().min(BATCH);
        let refusals = waiting.refusals.len().min(BATCH);
        let (charges, holds) = waiting.charges.drain(..charges).unzip();
        let refusals = waiting.refusals.drain(..refusals).collect();
        Some((LedgerBatch { charges, refusals }, holds))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub async fn run(ledger: &Ledger, queue: &Queue, wake: &Notify, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    loop {
        let stopped = tokio::select! {
            () = &mut stop => true,
            () = wake.notified() => false,
            () = tokio::time::sleep(INTERVAL) => false,
        };
        if !stopped {
            // What comes meanwhile waits for the next time: chased, it would be written in ever smaller batches.
            let mut flush = pin!(flush(ledger, queue, queue.waiting()));
            tokio::select! {
                () = &mut flush => continue,
                () = &mut stop => {}
            }
            if tokio::time::timeout(LAST_FLUSH, flush).await.is_err() {
                tracing::error!("the database did not take the last charges; the journal keeps them");
                break;
            }
        }
        if tokio::time::timeout(LAST_FLUSH, flush(ledger, queue, usize::MAX)).await.is_err() {
            tracing::error!("the database did not take the last charges; the journal keeps them");
        }
        break;
    }
}

/// Writes until nothing waits, or so many lines are written. A charge can't be lost here, for its journal files are held
/// until the commit.
async fn flush(ledger: &Ledger, queue: &Queue, lines: usize) {
    let mut left = lines;
    while left > 0
        && let Some((batch, holds)) = queue.take()
    {
        left = left.saturating_sub(batch.len());
        ledger.append(&batch).await;
        for Holds { opened, settled, extended } in holds {
            opened.release();
            settled.into_iter().chain(extended).for_each(SegmentHold::release);
        }
        ledger.0.journal.shrink();
    }
    // After the charges that they are about.
    loop {
        let alerts = queue.take_alerts();
        if alerts.is_empty() {
            return;
        }
        let all = alerts.len() < BATCH;
        ledger.append_alerts(alerts).await;
        if all {
            return;
        }
    }
}
