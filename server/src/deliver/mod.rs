//! Telling others over HTTP, off the path of calls: teams' logging services of their calls, and whoever is alerted of
//! budgets' marks.
//!
//! It begins when charges and alerts are in the database. A bounded queue lies between; what does not fit, and what
//! nobody takes after a few tries, is counted and lost: the ledger has it. What a service gets is what the ledger knows:
//! usage, cost, model, times and ids, and no word of prompts or answers.

mod alerts;
mod calls;
mod send;
mod services;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tollgate_control::vault::Vault;
use tollgate_domain::charge::Charge;
use tollgate_domain::ledger::{Alert, AlertKind};
use tollgate_gateway::Written;
use tollgate_store::Store;

pub use alerts::Alerting;
use calls::Calls;
use send::Sender;

/// What waits at most.
const WAITING: usize = 10_000;

/// What is looked at together at most.
const ROUND: usize = 1000;

/// Teams are read anew this often, for other processes change them too.
const REFRESH: Duration = Duration::from_secs(30);

/// How long what waits may take when the process is told to stop.
const LAST: Duration = Duration::from_secs(10);

enum Item {
    Call(Box<Charge>),
    Alert(Box<Alert>),
}

/// What was told, and what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub delivered: u64,
    /// Too many waited, or the service did not take it.
    pub lost: u64,
}

#[derive(Default)]
struct Counters {
    delivered: AtomicU64,
    lost: AtomicU64,
}

impl Counters {
    fn count(&self, delivered: usize, lost: usize) {
        self.delivered.fetch_add(delivered as u64, Ordering::Relaxed);
        self.lost.fetch_add(lost as u64, Ordering::Relaxed);
    }

    fn read(&self) -> Counts {
        Counts { delivered: self.delivered.load(Ordering::Relaxed), lost: self.lost.load(Ordering::Relaxed) }
    }
}

struct Inner {
    queue: mpsc::Sender<Item>,
    alerting: bool,
    calls: Counters,
    alerts: Counters,
    /// Some team has a service.
    any: AtomicBool,
    /// Teams were changed since they were read.
    stale: AtomicBool,
    /// Whether calls of an ownership are told of, as far as it was looked up.
    wanted: Mutex<HashMap<i64, bool>>,
}

/// Where charges and alerts go after they were written. Cheap to clone.
#[derive(Clone)]
pub struct Deliveries(Arc<Inner>);

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries").finish_non_exhaustive()
    }
}

/// What takes them from the queue and tells others.
pub struct Courier {
    deliveries: Deliveries,
    queue: mpsc::Receiver<Item>,
    calls: Calls,
    alerting: Alerting,
    sender: Sender,
}

/// A queue and its courier. Fails if no HTTP client can be made.
pub fn new(store: Store, vault: Arc<Vault>, alerting: Alerting) -> Result<(Deliveries, Courier), String> {
    let (sender, queue) = mpsc::channel(WAITING);
    let deliveries = Deliveries(Arc::new(Inner {
        queue: sender,
        alerting: !alerting.is_empty(),
        calls: Counters::default(),
        alerts: Counters::default(),
        any: AtomicBool::new(false),
        stale: AtomicBool::new(true),
        wanted: Mutex::default(),
    }));
    let calls = Calls::new(store, vault);
    Ok((deliveries.clone(), Courier { deliveries, queue, calls, alerting, sender: Sender::new()? }))
}

impl Deliveries {
    /// To be called after a team was changed.
    pub fn teams_changed(&self) {
        self.0.stale.store(true, Ordering::Release);
    }

    /// Calls that services were told of.
    pub fn call_counts(&self) -> Counts {
        self.0.calls.read()
    }

    /// Alerts that were sent.
    pub fn alert_counts(&self) -> Counts {
        self.0.alerts.read()
    }
}

impl Inner {
    fn wanted(&self) -> std::sync::MutexGuard<'_, HashMap<i64, bool>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Written for Deliveries {
    fn charges(&self, charges: &[Charge]) {
        let stale = self.0.stale.load(Ordering::Acquire);
        if !stale && !self.0.any.load(Ordering::Acquire) {
            return;
        }
        let wanted = self.0.wanted();
        for charge in charges {
            let id = charge.ownership_id;
            if id == 0 || !stale && wanted.get(&id) == Some(&false) {
                continue;
            }
            if self.0.queue.try_send(Item::Call(Box::new(charge.clone()))).is_err() {
                self.0.calls.count(0, 1);
            }
        }
    }

    fn alerts(&self, alerts: Vec<Alert>) {
        if !self.0.alerting {
            return;
        }
        // A limit in shadow may speak with every call.
        for alert in alerts.into_iter().filter(|alert| alert.kind != AlertKind::Shadow) {
            if self.0.queue.try_send(Item::Alert(Box::new(alert))).is_err() {
                self.0.alerts.count(0, 1);
            }
        }
    }
}

impl Courier {
    /// Tells others until `stop`, to be given when nothing more will be written; then the rest, for some seconds.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let mut items = Vec::new();
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tokio::time::timeout(REFRESH, self.queue.recv_many(&mut items, ROUND)) => {}
            }
            self.round(items).await;
        }
        self.queue.close();
        let rest = async {
            let mut items = Vec::new();
            while self.queue.recv_many(&mut items, ROUND).await > 0 {
                self.round(std::mem::take(&mut items)).await;
            }
        };
        if tokio::time::timeout(LAST, rest).await.is_err() {
            tracing::warn!("services were not told of the last calls and alerts: they did not answer in time");
        }
    }

    async fn round(&mut self, items: Vec<Item>) {
        let (mut calls, mut alerts) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                Item::Call(charge) => calls.push(*charge),
                Item::Alert(alert) => alerts.push(*alert),
            }
        }
        // Before it is read: what is changed meanwhile is read the next time.
        let stale = self.deliveries.0.stale.swap(false, Ordering::AcqRel);
        if let Err(error) = self.calls.refresh(stale, &self.deliveries.0).await {
            self.deliveries.teams_changed();
            tracing::warn!(%error, "where teams have their calls logged can't be read");
        }
        let counters = &self.deliveries.0;
        self.alerting.tell(&alerts, &self.sender, &counters.alerts).await;
        self.calls.tell(calls, &self.sender, &self.deliveries.0).await;
    }
}
