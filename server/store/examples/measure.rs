//! Measures the store: what a line of the ledger costs to write, and how long the dashboard's reads take afterwards.
//!
//! ```sh
//! cargo run --release -p tollgate-store --example measure -- sqlite:///tmp/measure.db 1000000 [keys] [batch] [owners]
//! ```
//!
//! With owners, calls are put down to so many users in a tenth as many teams, and every other one has a tag.

#![expect(clippy::pedantic, clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers, run by hand")]

#[path = "common/charges.rs"]
mod charges;

use std::time::Instant;

use sea_orm::ConnectionTrait as _;
use tollgate_domain::Timestamp;
use tollgate_domain::actor::Visible;
use tollgate_domain::clock::ManualClock;
use tollgate_domain::entropy::SeededEntropy;
use tollgate_domain::ids::{KeyId, TeamId, UserId, smallest_uuid_of};
use tollgate_domain::ledger::{AccountKey, AccountKind, Needed, Span, WindowRule};
use tollgate_domain::page::Cursor;
use tollgate_domain::report::{Dimension, UsageFilter};
use tollgate_domain::summary::{Period, RequestFilter, StatusFilter};
use tollgate_store::{ExportedCharge, KeyFilter, LedgerBatch, Store, StoreOptions};

use charges::{charge, shared};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 2026-11-20 10:30:00 UTC
const NOW: Timestamp = Timestamp(1_795_170_600_000_000);
const MONTH: i64 = 30 * 86_400 * 1_000_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "sqlite:///tmp/tollgate-measure.db".to_owned());
    let mut number = |otherwise: u64| arguments.next().map_or(otherwise, |text| text.parse().unwrap());
    let (rows, keys, batch, owners) = (number(1_000_000), number(100), number(1000), number(0));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(measure(&url, rows as i64, keys, batch as usize, owners));
}

async fn measure(url: &str, rows: i64, keys: u64, batch: usize, owners: u64) {
    let store = Store::open(url, StoreOptions::default()).await.unwrap();
    store.migrate().await.unwrap();
    println!("open and migrated: {} KiB resident", resident());
    add_ownerships(url, owners).await;
    let entropy = SeededEntropy::new(1);
    let keys: Vec<_> = (0..keys).map(|_| KeyId::new(&ManualClock::at(NOW), &entropy)).collect();

    let shared = shared();
    let (mut cpu, mut wall, mut done) = (0, 0.0, 0);
    while done < rows {
        let charges = (0..batch as i64)
            .map(|i| charge(&entropy, &keys, &shared, owners, Timestamp(NOW.0 - MONTH + MONTH / rows * (done + i))))
            .collect();
        let batch = LedgerBatch { charges, refusals: vec![] };
        let (before, start) = (cpu_micros(), Instant::now());
        store.append_ledger(&batch).await.unwrap();
        cpu += cpu_micros() - before;
        wall += start.elapsed().as_secs_f64() * 1e6;
        done += batch.len() as i64;
        if done % 1_000_000 < batch.len() as i64 {
            println!(
                "{done} lines: {:.1} µs of processor, {:.1} µs each",
                cpu as f64 / done as f64,
                wall / done as f64
            );
        }
    }
    println!("{done} lines: {:.1} µs of processor, {:.1} µs each", cpu as f64 / done as f64, wall / done as f64);

    for round in ["first", "again"] {
        for period in Period::ALL {
            let start = Instant::now();
            let overview = store.overview(&Visible::All, period, NOW).await.unwrap();
            report(&format!("overview {}, {round}, {} calls", period.as_str(), overview.calls), start);
        }
        for (name, filter) in filters(&keys) {
            let start = Instant::now();
            let page = store.list_requests(&Visible::All, &filter, None, 50).await.unwrap();
            report(&format!("requests {name}, {round}, {} rows", page.items.len()), start);
        }
        let middle = Timestamp(NOW.0 - MONTH / 2);
        let deep = Cursor { at: middle.0, id: smallest_uuid_of(middle).to_string() };
        let start = Instant::now();
        store.list_requests(&Visible::All, &RequestFilter::default(), Some(&deep), 50).await.unwrap();
        report(&format!("requests half-way down, {round}"), start);
        let start = Instant::now();
        store.deployment_health(NOW).await.unwrap();
        report(&format!("health, {round}"), start);
        let start = Instant::now();
        store.list_keys(&Visible::All, &KeyFilter::default(), None, 50, NOW).await.unwrap();
        report(&format!("keys, {round}"), start);
        for (name, dimensions) in REPORTS {
            let start = Instant::now();
            let filter = UsageFilter { since: midnight(-29), until: midnight(1), ..UsageFilter::default() };
            let rows = store.usage(&Visible::All, &filter, dimensions, 1000).await.unwrap();
            report(&format!("report of 30 days by {name}, {round}, {} rows", rows.len()), start);
        }
        if owners > 0 {
            seen_in_part(&store, round).await;
        }
        export(&store, round).await;
        budgets(&store, round, &keys).await;
        let start = Instant::now();
        let verified = store.verify_ledger().await.unwrap();
        report(&format!("verified, {round}, {} charges, {} wrong", verified.charges, verified.disagreements), start);
    }
    println!("{} KiB resident", resident());
}

/// The reads of somebody who sees one user's calls, or one team's.
async fn seen_in_part(store: &Store, round: &str) {
    let within = |user: Option<&str>, team: Option<&str>| Visible::Within {
        user: user.and_then(UserId::parse),
        key: None,
        teams: team.and_then(TeamId::parse).into_iter().collect(),
        organisations: vec![],
    };
    for (name, visible) in [("a user", within(Some("user-3"), None)), ("a team", within(None, Some("team-1")))] {
        let start = Instant::now();
        let page = store.list_requests(&visible, &RequestFilter::default(), None, 50).await.unwrap();
        report(&format!("requests seen by {name}, {round}, {} rows", page.items.len()), start);
        for period in Period::ALL {
            let start = Instant::now();
            let overview = store.overview(&visible, period, NOW).await.unwrap();
            report(&format!("overview {} of {name}, {round}, {} calls", period.as_str(), overview.calls), start);
        }
    }
    let start = Instant::now();
    let filter = RequestFilter { tag: Some("tag-3".to_owned()), ..RequestFilter::default() };
    let page = store.list_requests(&Visible::All, &filter, None, 50).await.unwrap();
    report(&format!("requests with a tag, {round}, {} rows", page.items.len()), start);
}

/// The sums that a budget's first call waits for, of a window that begins and ends within an hour.
async fn budgets(store: &Store, round: &str, keys: &[KeyId]) {
    let span = Span { start: Timestamp(NOW.0 - 7 * 86_400_000_000 + 17), end: Timestamp(NOW.0 - 1_000_000_017) };
    let key = keys[0].to_string();
    for (kind, id) in [
        (AccountKind::Gateway, ""),
        (AccountKind::Team, "team-1"),
        (AccountKind::Key, &*key),
        (AccountKind::Customer, "user-17"),
        (AccountKind::Tag, "tag-3"),
        (AccountKind::Provider, "openai"),
        (AccountKind::Deployment, "a3f9c1d27b5e4f60"),
    ] {
        let needed = Needed { account: AccountKey::new(kind, id), window: WindowRule::Forever, span };
        let start = Instant::now();
        let spent = store.spent(std::slice::from_ref(&needed)).await.unwrap();
        report(&format!("spent in a week by a {}, {round}, {}", kind.as_str(), spent[0]), start);
    }
}

async fn export(store: &Store, round: &str) {
    let (start, mut after, mut rows, mut bytes) = (Instant::now(), None::<String>, 0, 0);
    while rows < 200_000 {
        let each = |charge: &ExportedCharge<'_>| {
            rows += 1;
            bytes += charge.id.len() + charge.model.len() + charge.upstream_model.len();
        };
        let filter = RequestFilter::default();
        after = store.charges_after(&Visible::All, &filter, after.as_deref(), 10_000, each).await.unwrap();
        if after.is_none() {
            break;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{:8.0} rows a second exported, {round}, {rows} rows, {bytes} bytes", rows as f64 / seconds);
}

const REPORTS: [(&str, &[Dimension]); 5] = [
    ("day", &[Dimension::Day]),
    ("key", &[Dimension::Key]),
    ("model and day", &[Dimension::Model, Dimension::Day]),
    ("team and provider", &[Dimension::Team, Dimension::Provider]),
    ("customer", &[Dimension::Customer]),
];

fn midnight(days: i64) -> Timestamp {
    let day = 86_400 * Timestamp::MICROS_PER_SECOND;
    Timestamp((NOW.0.div_euclid(day) + days) * day)
}

async fn add_ownerships(url: &str, owners: u64) {
    if owners == 0 {
        return;
    }
    let values: Vec<_> = (1..=owners).map(|id| format!("({id}, 'user-{id}', 'team-{}', '')", id / 10)).collect();
    let db = sea_orm::Database::connect(url).await.unwrap();
    db.execute_unprepared(&format!("INSERT INTO ownerships VALUES {}", values.join(", "))).await.unwrap();
    db.close().await.unwrap();
}

fn filters(keys: &[KeyId]) -> Vec<(&'static str, RequestFilter)> {
    let all = RequestFilter::default();
    vec![
        ("all", all.clone()),
        ("of a key", RequestFilter { key: Some(keys[0].to_string()), ..all.clone() }),
        ("of a model", RequestFilter { model: Some("model-3".to_owned()), ..all.clone() }),
        ("failed", RequestFilter { status: Some(StatusFilter::Failed), ..all.clone() }),
        ("refused", RequestFilter { status: Some(StatusFilter::Refused), ..all.clone() }),
        (
            "failed of a key",
            RequestFilter { key: Some(keys[0].to_string()), status: Some(StatusFilter::Failed), ..all.clone() },
        ),
        (
            "of a key and model",
            RequestFilter { key: Some(keys[0].to_string()), model: Some("model-3".to_owned()), ..all.clone() },
        ),
        ("of no such key", RequestFilter { key: Some("nobody".to_owned()), ..all }),
    ]
}

fn report(what: &str, start: Instant) {
    println!("{:8.1} ms  {what}", start.elapsed().as_secs_f64() * 1e3);
}

/// What all threads of this process have run for, in microseconds.
fn cpu_micros() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let nanos = tasks.map(|task| {
        let text = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap_or_default();
        text.split(' ').next().and_then(|text| text.parse::<u64>().ok()).unwrap_or_default()
    });
    nanos.sum::<u64>() / 1000
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
