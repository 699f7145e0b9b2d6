//! The ledger against a real database: what is on record is in the end in the database, once, whatever happened between.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tollgate_domain::actor::Visible;
use tollgate_domain::charge::{Charge, Operation, Outcome};
use tollgate_domain::clock::ManualClock;
use tollgate_domain::entropy::SeededEntropy;
use tollgate_domain::ids::ChargeId;
use tollgate_domain::summary::RequestFilter;
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::{Store, StoreOptions};

use super::{JournalError, Ledger, OpenCharge, Recovered};

struct Bench {
    folder: TempDir,
    store: Store,
    clock: ManualClock,
    entropy: SeededEntropy,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let store = Store::open(&url, StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let clock = ManualClock::at(Timestamp(1_700_000_000_000_000));
        Self { folder, store, clock, entropy: SeededEntropy::new(7) }
    }

    async fn ledger(&self) -> (Ledger, Recovered) {
        Ledger::open(&self.journal(), &self.store).await.unwrap()
    }

    fn journal(&self) -> std::path::PathBuf {
        self.folder.path().join("journal")
    }

    fn charge(&self) -> Charge {
        self.clock.advance_seconds(1);
        Charge {
            id: ChargeId::new(&self.clock, &self.entropy),
            call_id: Some("call".to_owned()),
            attempt: 1,
            started_at: Timestamp(1_700_000_000_000_000),
            key_id: None,
            ownership_id: 0,
            operation: Operation::ChatCompletion,
            model: "m".into(),
            deployment_id: "d".into(),
            provider: "p".into(),
            upstream_model: "m".into(),
            streamed: false,
            outcome: Outcome::Interrupted,
            status: 502,
            error: None,
            certainty: Certainty::Unknown,
            usage: Usage::default(),
            cost: Nanos::ZERO,
            cost_lines: Vec::new(),
            price_source: None,
            duration_us: 0,
            first_byte_us: None,
            client_left: false,
            upstream_id: None,
            end_user: None,
            tags: Vec::new(),
        }
    }

    /// A charge that is in the journal, and not settled.
    fn opened(&self, ledger: &Ledger) -> OpenCharge {
        let (open, before_write) = ledger.prepare(self.charge()).unwrap();
        before_write().unwrap();
        open
    }

    fn settled(&self, ledger: &Ledger) -> ChargeId {
        let mut open = self.opened(ledger);
        open.charge.outcome = Outcome::Success;
        open.charge.status = 200;
        open.charge.cost = Nanos(42);
        let id = open.charge.id;
        assert!(ledger.settle(open));
        id
    }

    /// The outcomes in the database, newest first.
    async fn outcomes(&self) -> Vec<Option<Outcome>> {
        let page = self.store.list_requests(&Visible::All, &RequestFilter::default(), None, 1000).await.unwrap();
        page.items.into_iter().map(|row| row.outcome).collect()
    }

    /// Runs the writer until it is told to stop at once: everything that waits is written.
    async fn flush(&self, ledger: &Ledger) {
        let stop = CancellationToken::new();
        stop.cancel();
        ledger.clone().run_writer(self.store.clone(), stop.cancelled_owned()).await;
    }
}

fn files(folder: &Path, extension: &str) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == extension)).count()
}

#[tokio::test]
async fn what_is_settled_is_written_and_its_journal_goes() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    for _ in 0..2500 {
        bench.settled(&ledger);
    }
    assert_eq!(ledger.waiting(), 2500);
    bench.flush(&ledger).await;
    assert_eq!(ledger.waiting(), 0);
    assert_eq!(bench.outcomes().await.len(), 1000, "a page's most");
    drop(ledger);
    assert_eq!(files(&bench.journal(), "journal"), 0);
    let (_, recovered) = bench.ledger().await;
    assert_eq!(recovered, Recovered::default());
}

#[tokio::test]
async fn a_call_that_was_never_sent_leaves_no_trace() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    let (open, _before_write) = ledger.prepare(bench.charge()).unwrap();
    assert!(!ledger.settle(open));
    bench.flush(&ledger).await;
    assert!(bench.outcomes().await.is_empty());
}

#[tokio::test]
async fn a_killed_process_leaves_everything_to_the_next() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    bench.settled(&ledger);
    bench.flush(&ledger).await;
    bench.settled(&ledger);
    let open = bench.opened(&ledger);
    // As after a kill: nothing is flushed, nothing is let go.
    drop((ledger, open));
    let (ledger, recovered) = bench.ledger().await;
    assert_eq!(recovered.interrupted, 1);
    assert_eq!(recovered.settled, 2, "the one that was in the database already comes again, and counts once");
    let mut outcomes = bench.outcomes().await;
    outcomes.sort_by_key(|outcome| outcome.map(Outcome::as_str));
    assert_eq!(outcomes, [Some(Outcome::Interrupted), Some(Outcome::Success), Some(Outcome::Success)]);
    drop(ledger);
    let (_, recovered) = bench.ledger().await;
    assert_eq!(recovered, Recovered::default(), "a second start finds nothing more");
}

#[tokio::test]
async fn a_torn_tail_loses_only_its_own_record() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    bench.settled(&ledger);
    bench.settled(&ledger);
    drop(ledger);
    let path = bench.journal().join("000000000001.journal");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    let (_, recovered) = bench.ledger().await;
    assert_eq!(recovered, Recovered { settled: 1, interrupted: 1, damaged_files: 0 });
}

#[tokio::test]
async fn damage_is_reported_and_the_file_kept() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    bench.settled(&ledger);
    bench.settled(&ledger);
    drop(ledger);
    let path = bench.journal().join("000000000001.journal");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2 + 40;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let (_, recovered) = bench.ledger().await;
    assert_eq!((recovered.settled, recovered.damaged_files), (1, 1));
    assert_eq!(files(&bench.journal(), "damaged"), 1);
}

#[tokio::test]
async fn two_processes_do_not_share_a_journal() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    let second = Ledger::open(&bench.journal(), &bench.store).await;
    assert!(matches!(second, Err(JournalError::Locked(_))));
    drop(Arc::new(ledger));
}
