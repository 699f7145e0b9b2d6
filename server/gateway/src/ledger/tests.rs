//! The ledger against a real database: what is on record is in the end in the database, once, whatever happened between.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tollgate_domain::actor::Visible;
use tollgate_domain::charge::{Charge, Operation, Outcome};
use tollgate_domain::clock::ManualClock;
use tollgate_domain::entropy::SeededEntropy;
use tollgate_domain::ids::ChargeId;
use tollgate_domain::ledger::{AccountKey, AccountKind, BudgetRule, Chain, Estimate, Rules, WindowRule};
use tollgate_domain::money::Picos;
use tollgate_domain::summary::RequestFilter;
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::{Store, StoreOptions};

use super::{
    AdmitError, Alert, Answer, Extended, JournalError, Ledger, OpenCharge, Recovered, Reservation, Reserved, Size,
    Written,
};

/// A call that may cost a hundred nano-dollars.
const SIZE: Size = Size {
    prompt_tokens: 60,
    likely_prompt_tokens: 30,
    answer: Answer::Named(40),
    answers: 1,
    estimate: Some(Estimate { input: Picos(1000), output: Picos(1000), request: Picos::ZERO }),
};

/// The gateway's account, with this budget a day.
fn chain(limit: Option<Nanos>) -> Chain {
    let budgets = limit.map(|limit| BudgetRule::new(WindowRule::Day, limit)).into_iter().collect();
    let mut chain = Chain::default();
    chain.push(AccountKey::new(AccountKind::Gateway, ""), Arc::new(Rules { budgets, ..Rules::default() }));
    chain
}

struct Bench {
    folder: TempDir,
    store: Store,
    clock: Arc<ManualClock>,
    entropy: SeededEntropy,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let store = Store::open(&url, StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp(1_700_000_000_000_000)));
        Self { folder, store, clock, entropy: SeededEntropy::new(7) }
    }

    async fn ledger(&self) -> (Ledger, Recovered) {
        Ledger::open(&self.journal(), &self.store, self.clock.clone()).await.unwrap()
    }

    fn journal(&self) -> std::path::PathBuf {
        self.folder.path().join("journal")
    }

    /// A charge, and what is set aside for it on the gateway's account.
    async fn reserved(&self, ledger: &Ledger) -> (Charge, Reservation) {
        self.clock.advance_seconds(1);
        let Reserved { reservation, .. } = ledger.reserve(&chain(None), &SIZE, &self.entropy).await.unwrap();
        (Self::charge(reservation.id), reservation)
    }

    fn charge(id: ChargeId) -> Charge {
        Charge {
            id,
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
            reserved: Nanos::ZERO,
            cost_lines: Vec::new(),
            price_source: None,
            duration_us: 0,
            first_byte_us: None,
            client_left: false,
            instead_of: None,
            upstream_id: None,
            end_user: None,
            tags: Vec::new(),
        }
    }

    /// A charge that is in the journal, and not settled.
    async fn opened(&self, ledger: &Ledger) -> OpenCharge {
        let (charge, reservation) = self.reserved(ledger).await;
        let (open, before_write) = ledger.prepare(charge, reservation).unwrap();
        before_write().unwrap();
        open
    }

    async fn settled(&self, ledger: &Ledger) -> ChargeId {
        let mut open = self.opened(ledger).await;
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
        ledger.clone().run_writer(stop.cancelled_owned()).await;
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
        bench.settled(&ledger).await;
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
    let (charge, reservation) = bench.reserved(&ledger).await;
    let (open, _before_write) = ledger.prepare(charge, reservation).unwrap();
    assert_eq!(ledger.reserved(), (1, Nanos(100)));
    assert!(!ledger.settle(open));
    assert_eq!(ledger.reserved(), (0, Nanos::ZERO));
    bench.flush(&ledger).await;
    assert!(bench.outcomes().await.is_empty());
}

#[tokio::test]
async fn what_was_added_to_a_reservation_is_charged_too_after_a_kill() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    bench.clock.advance_seconds(1);
    let within = chain(Some(Nanos(200)));
    let Reserved { reservation, .. } = ledger.reserve(&within, &SIZE, &bench.entropy).await.unwrap();
    let id = reservation.id;
    let (mut open, before_write) = ledger.prepare(Bench::charge(id), reservation).unwrap();
    before_write().unwrap();
    assert_eq!((open.paid(), open.is_extended()), (40, false));
    assert!(matches!(open.extend(&ledger, 101), Extended::Refused(_)));
    assert!(matches!(open.extend(&ledger, 70), Extended::Held));
    assert_eq!((open.paid(), open.is_extended()), (110, true));
    assert_eq!(ledger.reserved(), (1, Nanos(170)));
    drop((ledger, open));
    let (_ledger, recovered) = bench.ledger().await;
    assert_eq!(recovered.interrupted, 1);
    let page = bench.store.list_requests(&Visible::All, &RequestFilter::default(), None, 10).await.unwrap();
    assert_eq!(page.items.iter().map(|row| row.cost).collect::<Vec<_>>(), [Nanos(170)]);
}

#[tokio::test]
async fn a_charge_lets_go_of_the_records_of_its_extensions() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    let mut open = bench.opened(&ledger).await;
    let within = chain(Some(Nanos(1_000_000)));
    let Reserved { reservation, .. } = ledger.reserve(&within, &SIZE, &bench.entropy).await.unwrap();
    let (mut other, before_write) = ledger.prepare(Bench::charge(reservation.id), reservation).unwrap();
    before_write().unwrap();
    for _ in 0..5 {
        assert!(matches!(other.extend(&ledger, 10), Extended::Held));
        assert!(matches!(open.extend(&ledger, 10), Extended::Held));
    }
    assert!(ledger.settle(open) && ledger.settle(other));
    assert_eq!(ledger.reserved(), (0, Nanos::ZERO));
    bench.flush(&ledger).await;
    drop(ledger);
    assert_eq!(files(&bench.journal(), "journal"), 0);
}

#[tokio::test]
async fn a_killed_process_leaves_everything_to_the_next() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    bench.settled(&ledger).await;
    bench.flush(&ledger).await;
    bench.settled(&ledger).await;
    let open = bench.opened(&ledger).await;
    // As after a kill: nothing is flushed, nothing is let go.
    drop((ledger, open));
    let (ledger, recovered) = bench.ledger().await;
    assert_eq!(recovered.interrupted, 1);
    assert_eq!(recovered.settled, 2, "the one that was in the database already comes again, and counts once");
    let mut outcomes = bench.outcomes().await;
    outcomes.sort_by_key(|outcome| outcome.map(Outcome::as_str));
    assert_eq!(outcomes, [Some(Outcome::Interrupted), Some(Outcome::Success), Some(Outcome::Success)]);
    // The one under way costs what was set aside for it: its provider may have answered.
    let totals = bench.store.list_requests(&Visible::All, &RequestFilter::default(), None, 10).await.unwrap();
    assert_eq!(totals.items.iter().map(|row| row.cost.0).sum::<i64>(), 100 + 42 + 42);
    drop(ledger);
    let (_, recovered) = bench.ledger().await;
    assert_eq!(recovered, Recovered::default(), "a second start finds nothing more");
}

#[tokio::test]
async fn a_torn_tail_loses_only_its_own_record() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    bench.settled(&ledger).await;
    bench.settled(&ledger).await;
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
    bench.settled(&ledger).await;
    bench.settled(&ledger).await;
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
    let second = Ledger::open(&bench.journal(), &bench.store, bench.clock.clone()).await;
    assert!(matches!(second, Err(JournalError::Locked(_))));
    drop(Arc::new(ledger));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_as_many_are_admitted_as_are_affordable() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    // What was spent before counts: it is in the database, in the journal's queue, and in the book.
    bench.settled(&ledger).await;
    bench.flush(&ledger).await;
    bench.settled(&ledger).await;
    let spent = 2 * 42;
    let chain = Arc::new(chain(Some(Nanos(spent + 3750))));
    for round in 0..3 {
        let mut tasks = tokio::task::JoinSet::new();
        // Others than the first charges were drawn with.
        for seed in 1000..1200 {
            let (ledger, chain) = (ledger.clone(), Arc::clone(&chain));
            tasks.spawn(async move { ledger.reserve(&chain, &SIZE, &SeededEntropy::new(seed)).await });
        }
        let mut held = Vec::new();
        while let Some(done) = tasks.join_next().await {
            match done.unwrap() {
                Ok(reserved) => held.push(reserved.reservation),
                Err(AdmitError::Refused(refusal)) => {
                    assert_eq!((refusal.used, refusal.reserved, refusal.asked), (spent, 3700, 100), "round {round}");
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!((held.len(), ledger.reserved()), (37, (37, Nanos(3700))));
        drop(held);
        assert_eq!(ledger.reserved(), (0, Nanos::ZERO));
    }
}

#[tokio::test]
async fn a_budget_needs_a_price_and_a_database() {
    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    let unpriced = Size { estimate: None, ..SIZE };
    assert!(ledger.reserve(&chain(None), &unpriced, &bench.entropy).await.is_ok());
    let refused = ledger.reserve(&chain(Some(Nanos(1_000_000))), &unpriced, &bench.entropy).await;
    assert!(matches!(refused, Err(AdmitError::Unpriced(_))));
    bench.store.close().await.unwrap();
    let refused = ledger.reserve(&chain(Some(Nanos(1_000_000))), &SIZE, &bench.entropy).await;
    assert!(matches!(refused, Err(AdmitError::Unavailable(_))), "what was spent can't be known");
    assert!(ledger.reserve(&chain(None), &SIZE, &bench.entropy).await.is_ok(), "nothing has to be known");
}

#[tokio::test]
async fn limits_in_shadow_and_marks_are_told_in_the_database() {
    use tollgate_domain::ledger::{AlertKind, House, rules_of};
    use tollgate_domain::limits::Limits;
    use tollgate_store::AlertFilter;

    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    // Calls reserve 100 and cost 42: of ten, the shadow would have refused those after the fifth.
    let shadow = Limits { max_budget: Some(Nanos(5 * 42 + 99)), ..Limits::default() };
    let limits = Limits {
        max_budget: Some(Nanos(1000)),
        soft_budget: Some(Nanos(100)),
        shadow: Some(Box::new(shadow)),
        ..Limits::default()
    };
    let house = House { thresholds: vec![20], ..House::default() };
    let mut chain = Chain::default();
    chain.push(AccountKey::new(AccountKind::Gateway, ""), Arc::new(rules_of(&limits, &house, Timestamp(0))));
    for _ in 0..10 {
        bench.clock.advance_seconds(1);
        let Reserved { reservation, .. } = ledger.reserve(&chain, &SIZE, &bench.entropy).await.unwrap();
        let (mut open, before_write) = ledger.prepare(Bench::charge(reservation.id), reservation).unwrap();
        before_write().unwrap();
        open.charge.cost = Nanos(42);
        assert!(ledger.settle(open));
    }
    // One that reached no provider would have saved nothing: it is not told.
    drop(ledger.reserve(&chain, &SIZE, &bench.entropy).await.unwrap());
    let told = Arc::new(Told::default());
    ledger.tell_written(told.clone());
    bench.flush(&ledger).await;
    assert_eq!((told.charges.load(Ordering::Relaxed), told.alerts.load(Ordering::Relaxed)), (10, 7));
    let again = bench.store.list_alerts(&Visible::All, &AlertFilter::default(), None, 100).await.unwrap().items;
    ledger.append_alerts(again).await;
    assert_eq!(told.alerts.load(Ordering::Relaxed), 7, "each is told once");
    let page = bench.store.list_alerts(&Visible::All, &AlertFilter::default(), None, 100).await.unwrap();
    let of = |kind| page.items.iter().filter(move |alert| alert.kind == kind);
    let shadows: Vec<_> =
        of(AlertKind::Shadow).map(|alert| (alert.limit, alert.used, alert.asked, alert.cost)).collect();
    assert_eq!(shadows.len(), 5);
    assert_eq!(shadows[4], (309, 210, 100, Nanos(42)));
    let soft: Vec<_> = of(AlertKind::SoftLimit).map(|alert| (alert.limit, alert.used)).collect();
    assert_eq!(soft, [(100, 126)]);
    let shares: Vec<_> = of(AlertKind::Threshold).map(|alert| (alert.percent, alert.used)).collect();
    assert_eq!(shares, [(Some(20), 210)]);
    assert_eq!(ledger.lost_alerts(), 0);
    assert_eq!(ledger.told_alerts().map(|(_, count)| count).collect::<Vec<_>>(), [1, 1, 5, 0]);
    // What was set aside is on record with each charge.
    let mut reserved = Vec::new();
    let filter = RequestFilter::default();
    bench
        .store
        .charges_after(&Visible::All, &filter, None, 100, |charge| reserved.push(charge.reserved))
        .await
        .unwrap();
    assert_eq!(reserved, vec![Nanos(100); 10]);
}

#[tokio::test]
async fn the_last_minute_before_a_restart_counts() {
    use tollgate_domain::ledger::{House, rules_of};
    use tollgate_domain::limits::Limits;

    let bench = Bench::new().await;
    let (ledger, _) = bench.ledger().await;
    let limits = Limits { rpm_limit: Some(2), ..Limits::default() };
    let mut chain = Chain::default();
    let rules = rules_of(&limits, &House::default(), Timestamp(0));
    chain.push(AccountKey::new(AccountKind::Gateway, ""), Arc::new(rules));
    for _ in 0..2 {
        bench.clock.advance_seconds(1);
        let Reserved { reservation, .. } = ledger.reserve(&chain, &SIZE, &bench.entropy).await.unwrap();
        let charge = Charge { started_at: reservation.at, ..Bench::charge(reservation.id) };
        let (open, before_write) = ledger.prepare(charge, reservation).unwrap();
        before_write().unwrap();
        assert!(ledger.settle(open));
    }
    bench.flush(&ledger).await;
    drop(ledger);
    let (ledger, _) = bench.ledger().await;
    bench.clock.advance_seconds(30);
    let refused = ledger.reserve(&chain, &SIZE, &bench.entropy).await;
    assert!(matches!(&refused, Err(AdmitError::Refused(refusal)) if refusal.used == 2), "{refused:?}");
    bench.clock.advance_seconds(32);
    drop(ledger.reserve(&chain, &SIZE, &bench.entropy).await.unwrap());
}

/// Counts what it is told.
#[derive(Default)]
struct Told {
    charges: AtomicUsize,
    alerts: AtomicUsize,
}

impl Written for Told {
    fn charges(&self, charges: &[Charge]) {
        self.charges.fetch_add(charges.len(), Ordering::Relaxed);
    }

    fn alerts(&self, alerts: Vec<Alert>) {
        self.alerts.fetch_add(alerts.len(), Ordering::Relaxed);
    }
}
