use tollgate_domain::actor::Visible;
use tollgate_domain::ids::ChargeId;
use tollgate_domain::ledger::{AccountKey, AccountKind, Needed, Span, WindowRule};
use tollgate_domain::price::{CostLine, Meter};
use tollgate_domain::repricing::{NewPrice, RepricingOrder, RepricingRun, RunState, adjustment_id};
use tollgate_domain::summary::RequestFilter;
use tollgate_domain::{Nanos, Picos, Timestamp};
use tollgate_store::{Adjustment, LedgerBatch, Progress, Repriceable};

use crate::data::{Maker, NOW, add_ownerships};
use crate::harness::Database;

async fn filled(db: &Database, seed: u64) -> LedgerBatch {
    let make = Maker::new(seed);
    add_ownerships(db).await;
    let mut lines = LedgerBatch { charges: make.charges(400, 5 * 86_400), refusals: make.refusals(20, 5 * 86_400) };
    for charge in &mut lines.charges {
        charge.cost = Nanos::from_picos_rounded_up(charge.cost_lines.iter().map(CostLine::picos).sum()).unwrap();
    }
    db.store.append_ledger(&lines).await.unwrap();
    lines
}

async fn begin(db: &Database, id: &str) -> RepricingRun {
    let order = RepricingOrder { filter: RequestFilter::default(), price: NewPrice::Current };
    let run = RepricingRun {
        id: id.to_owned(),
        state: RunState::Running,
        order,
        after: String::new(),
        charges: 0,
        adjusted: 0,
        difference: Nanos(0),
        created_at: NOW,
        created_by: "system".to_owned(),
        updated_at: NOW,
    };
    let tx = db.store.begin().await.unwrap();
    tx.insert_repricing(&run).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.store.repricing(id).await.unwrap(), Some(run.clone()));
    run
}

/// Entries that make each charge cost so much, of one line.
fn entries(run: &str, of: &[Repriceable], cost: i64) -> Vec<Adjustment> {
    let entry = |one: &Repriceable| {
        let id = adjustment_id(one.charge.id, one.charge.started_at, one.entries + 1);
        let lines = vec![CostLine { meter: Meter::Input, units: 1, price: Picos(cost * 1000) }];
        Adjustment::of(one, id, run, (Nanos(cost), lines), "the test")
    };
    of.iter().map(entry).collect()
}

async fn append(db: &Database, run: &str, from: &str, of: &[Repriceable], entries: &[Adjustment]) -> bool {
    let to = of.last().map_or(String::new(), |last| last.charge.id.to_string());
    let progress = Progress { run_id: run, from, to: &to, charges: of.len() as u64, at: NOW.plus_seconds(1) };
    db.store.append_adjustments(entries, progress).await.unwrap()
}

pub async fn sums_have_them_and_counts_do_not(db: &Database) {
    let lines = filled(db, 90).await;
    begin(db, "run-1").await;
    let before = db.store.verify_ledger().await.unwrap();
    assert!(before.balances(), "{:#?}", before.told);
    let requests = db.store.list_requests(&Visible::All, &RequestFilter::default(), None, 1000).await.unwrap();

    let all = db.store.repriceable(&RequestFilter::default(), None, 10_000).await.unwrap();
    assert_eq!(all.len(), lines.charges.len());
    assert!(all.iter().all(|one| one.entries == 0 && one.cost() == one.charge.cost));
    assert!(append(db, "run-1", "", &all[..100], &entries("run-1", &all[..100], 7)).await);
    let moved = db.store.repricing("run-1").await.unwrap().unwrap();
    let difference: i64 = all[..100].iter().map(|one| 7 - one.charge.cost.0).sum();
    assert_eq!((moved.charges, moved.adjusted, moved.difference), (100, 100, Nanos(difference)));
    assert_eq!(moved.after, all[99].charge.id.to_string());

    let after = db.store.verify_ledger().await.unwrap();
    assert!(after.balances(), "{:#?}", after.told);
    assert_eq!((after.charges, after.adjustments, after.refusals), (400, 100, 20));
    assert_eq!(after.cost.0, before.cost.0 + difference);

    // What is spent has them, in the window of the calls.
    let window = |start, end| Needed {
        account: AccountKey::new(AccountKind::Gateway, ""),
        window: WindowRule::Forever,
        span: Span { start, end },
    };
    let (first, last) = (all[0].charge.started_at, all[99].charge.started_at);
    let end = Timestamp(last.0 + 1);
    let spent = db.store.spent(&[window(first, end), window(end, NOW)]).await.unwrap();
    assert_eq!(spent[0], Nanos(700));
    let rest: i64 = all[100..].iter().filter(|one| one.charge.started_at < NOW).map(|one| one.charge.cost.0).sum();
    assert_eq!(spent[1], Nanos(rest));

    // They are no calls.
    let now = db.store.list_requests(&Visible::All, &RequestFilter::default(), None, 1000).await.unwrap();
    assert_eq!(now, requests);
    let entry = adjustment_id(all[0].charge.id, all[0].charge.started_at, 1);
    assert!(db.store.get_request(&Visible::All, &entry.to_string()).await.unwrap().is_none());
    // An export has them, each beside its charge.
    let mut exported = Vec::new();
    let each = |charge: &tollgate_store::ExportedCharge<'_>| {
        if !charge.adjusts.is_empty() {
            exported.push((charge.adjusts.to_owned(), charge.cost, charge.input_tokens));
        }
    };
    db.store.charges_after(&Visible::All, &RequestFilter::default(), None, 10_000, each).await.unwrap();
    assert_eq!(exported.len(), 100);
    for one in &all[..100] {
        let entry = (one.charge.id.to_string(), Nanos(7 - one.charge.cost.0), 0);
        assert!(exported.contains(&entry), "{entry:?}");
    }
    let again = db.store.repriceable(&RequestFilter::default(), None, 10).await.unwrap();
    assert!(again.iter().all(|one| one.entries == 1 && one.cost() == Nanos(7)));
}

pub async fn none_is_written_twice(db: &Database) {
    filled(db, 91).await;
    begin(db, "run-1").await;
    begin(db, "run-2").await;
    let all = db.store.repriceable(&RequestFilter::default(), None, 50).await.unwrap();
    let first = entries("run-1", &all, 7);
    assert!(append(db, "run-1", "", &all, &first).await);
    // The same part of the same run, and another run that read the charges before.
    assert!(!append(db, "run-1", "", &all, &first).await);
    assert!(!append(db, "run-2", "", &all, &entries("run-2", &all, 7)).await);
    assert_eq!(db.store.repricing("run-2").await.unwrap().unwrap().adjusted, 0);
    let report = db.store.verify_ledger().await.unwrap();
    assert!(report.balances() && report.adjustments == 50, "{:#?}", report.told);
    // Read anew, there is a second entry for each.
    let all = db.store.repriceable(&RequestFilter::default(), None, 50).await.unwrap();
    assert!(append(db, "run-2", "", &all, &entries("run-2", &all, 9)).await);
    let report = db.store.verify_ledger().await.unwrap();
    assert!(report.balances() && report.adjustments == 100, "{:#?}", report.told);
    // A run that has ended goes nowhere.
    let tx = db.store.begin().await.unwrap();
    assert!(tx.finish_repricing("run-2", NOW).await.unwrap());
    assert!(!tx.finish_repricing("run-2", NOW).await.unwrap());
    tx.commit().await.unwrap();
    let from = db.store.repricing("run-2").await.unwrap().unwrap();
    assert_eq!(from.state, RunState::Done);
    assert!(!append(db, "run-2", &from.after, &all, &[]).await);
    assert_eq!(db.store.repricings(10).await.unwrap().len(), 2);
}

pub async fn what_is_wrong_of_them_is_found(db: &Database) {
    filled(db, 92).await;
    begin(db, "run-1").await;
    let all = db.store.repriceable(&RequestFilter::default(), None, 5).await.unwrap();
    assert!(append(db, "run-1", "", &all, &entries("run-1", &all, 7)).await);
    let of = |place: usize| adjustment_id(all[place].charge.id, all[place].charge.started_at, 1).to_string();
    let missing = ChargeId::of(NOW, &tollgate_domain::entropy::SeededEntropy::new(9));
    for (change, told) in [
        (format!("adjusts = '{missing}' WHERE id = '{}'", of(0)), "there is no such charge"),
        (format!("attempt = 2 WHERE id = '{}'", of(1)), "its place among the entries"),
        (format!("cost_lines = 'input:1:9000' WHERE id = '{}'", of(2)), "and should cost 9"),
        (format!("run_id = 'x' WHERE id = '{}'", of(3)), "the run that wrote it"),
        (format!("deployment_id = 'x' WHERE id = '{}'", of(4)), "which it adjusts"),
    ] {
        db.execute("CREATE TABLE kept AS SELECT * FROM charges WHERE adjusts IS NOT NULL").await;
        db.execute(&format!("UPDATE charges SET {change}")).await;
        let report = db.store.verify_ledger().await.unwrap();
        assert!(report.told.iter().any(|text| text.contains(told)), "{told}: {:#?}", report.told);
        db.execute("DELETE FROM charges WHERE adjusts IS NOT NULL").await;
        db.execute("INSERT INTO charges SELECT * FROM kept").await;
        db.execute("DROP TABLE kept").await;
    }
    assert!(db.store.verify_ledger().await.unwrap().balances());
}
