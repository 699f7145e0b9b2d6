use tollgate_domain::charge::{Charge, Outcome};
use tollgate_domain::price::CostLine;
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::{LedgerBatch, LedgerReport, MOST_TOLD};

use crate::data::{Maker, NOW, add_ownerships};
use crate::harness::Database;

const DAY: i64 = 24 * Timestamp::MICROS_PER_HOUR;

/// A ledger whose costs are those of their lines.
fn batch(make: &Maker, charges: usize, refusals: usize) -> LedgerBatch {
    let mut batch =
        LedgerBatch { charges: make.charges(charges, 5 * 86_400), refusals: make.refusals(refusals, 5 * 86_400) };
    for charge in &mut batch.charges {
        charge.cost = cost_of(charge);
        if make.below(10) == 0 {
            // Without lines, nothing is said of the cost.
            (charge.cost, charge.cost_lines) = (Nanos(1234), vec![]);
        }
    }
    batch
}

fn cost_of(charge: &Charge) -> Nanos {
    Nanos::from_picos_rounded_up(charge.cost_lines.iter().map(CostLine::picos).sum()).unwrap()
}

async fn balanced(db: &Database, lines: &LedgerBatch) -> LedgerReport {
    let report = db.store.verify_ledger().await.unwrap();
    assert!(report.balances() && report.told.is_empty(), "{:#?}", report.told);
    assert_eq!(report.charges, lines.charges.len() as u64);
    assert_eq!(report.refusals, lines.refusals.len() as u64);
    assert_eq!(report.cost.0, lines.charges.iter().map(|charge| charge.cost.0).sum::<i64>());
    report
}

pub async fn a_healthy_ledger_balances(db: &Database) {
    let make = Maker::new(70);
    let report = balanced(db, &LedgerBatch::default()).await;
    assert!(report.tables.iter().all(|(_, rows)| *rows == 0));
    add_ownerships(db).await;
    let mut lines = batch(&make, 700, 120);
    // At both ends of a day.
    let midnight = NOW.0.div_euclid(DAY) * DAY;
    for (charge, at) in lines.charges.iter_mut().zip([midnight, midnight - 1]) {
        make.move_charge(charge, Timestamp(at));
    }
    // What is cut before it is kept.
    lines.charges[2].model = "m".repeat(900).into();
    lines.charges[2].tags = vec!["t".repeat(900), "t".repeat(901)];
    lines.charges[2].end_user = Some("nul \u{0}".to_owned());
    lines.charges[3].model = "".into();
    for part in lines.charges.chunks(90) {
        db.store.append_ledger(&LedgerBatch { charges: part.to_vec(), refusals: vec![] }).await.unwrap();
    }
    db.store.append_ledger(&LedgerBatch { charges: vec![], refusals: lines.refusals.clone() }).await.unwrap();
    let report = balanced(db, &lines).await;
    assert_eq!(report.tables.len(), 12);
    assert!(report.tables.iter().all(|(table, rows)| *rows > 0 || panic!("{table} is empty")));
}

/// Sums stop at a ceiling, and those of the verification too.
pub async fn an_absurd_ledger_balances(db: &Database) {
    let make = Maker::new(71);
    let mut lines = batch(&make, 10, 2);
    for charge in &mut lines.charges {
        make.move_charge(charge, NOW);
        (charge.cost, charge.cost_lines, charge.usage.input) = (Nanos(i64::MAX), vec![], u64::MAX);
    }
    db.store.append_ledger(&lines).await.unwrap();
    let report = db.store.verify_ledger().await.unwrap();
    assert!(report.balances(), "{:#?}", report.told);
    assert_eq!(report.cost, Nanos(i64::MAX));
}

/// More charges than are read at once, on one day.
pub async fn a_long_day_balances(db: &Database) {
    let make = Maker::new(72);
    let mut lines = batch(&make, 10_003, 20_000);
    for charge in &mut lines.charges {
        let at = Timestamp(NOW.0 + make.below(1000) as i64);
        make.move_charge(charge, at);
    }
    for refusal in &mut lines.refusals {
        make.move_refusal(refusal, NOW);
    }
    db.store.append_ledger(&lines).await.unwrap();
    balanced(db, &lines).await;
}

pub async fn whatever_is_changed_is_found(db: &Database) {
    let make = Maker::new(73);
    add_ownerships(db).await;
    let mut lines = batch(&make, 150, 40);
    let charge = &mut lines.charges[0];
    // A key's id of its own, so that there are rows that stand for this charge alone.
    make.move_charge(charge, Timestamp(NOW.0 - 40 * DAY));
    charge.key_id = None;
    charge.outcome = Outcome::Success;
    (charge.model, charge.end_user, charge.ownership_id) = ("m".into(), Some("c".to_owned()), 3);
    charge.tags = vec!["t".to_owned()];
    let (id, hour) = (charge.id.to_string(), charge.started_at.hour());
    let day = hour / 24;
    db.store.append_ledger(&lines).await.unwrap();
    balanced(db, &lines).await;

    // Numbers: one more, found, and put back.
    let mut changed = Vec::new();
    for (table, row) in [
        ("usage_hours", format!("hour = {hour}")),
        ("usage_days", format!("day = {day}")),
        ("model_hours", format!("hour = {hour}")),
        ("key_days", format!("day = {day}")),
        ("customer_days", "customer = 'c'".to_owned()),
        ("tag_days", "tag = 't'".to_owned()),
    ] {
        for column in ["calls", "errors", "refused", "uncertain", "input_tokens", "output_tokens", "cost_nanos"] {
            changed.push((table, column, row.clone(), 1));
        }
        changed.push((table, "cache_read_tokens", row.clone(), 1));
        changed.push((table, "cache_write_tokens", row, 1));
    }
    for (table, row) in [
        ("key_totals", "key_id = 'master_key'"),
        ("ownership_totals", "ownership_id = 3"),
        ("customer_totals", "customer = 'c'"),
        ("tag_totals", "tag = 't'"),
    ] {
        for column in ["calls", "refused", "spent_nanos", "last_used_at"] {
            changed.push((table, column, row.to_owned(), 1));
        }
    }
    changed.push(("latency_hours", "calls", format!("model = 'm' AND hour = {hour}"), 1));
    changed.push(("latency_hours", "calls", format!("model = '' AND hour = {hour}"), 1));
    changed.push(("charges", "cost_nanos", format!("id = '{id}'"), 1));
    changed.push(("charges", "started_at", format!("id = '{id}'"), -DAY));
    changed.push(("charges", "started_at", format!("id = '{id}'"), 1000));
    changed.push(("charges", "input_tokens", format!("id = '{id}'"), 1));
    changed.push(("charges", "ownership_id", format!("id = '{id}'"), 1));
    for (table, column, row, by) in &changed {
        db.execute(&format!("UPDATE {table} SET {column} = {column} + {by} WHERE {row}")).await;
        let report = db.store.verify_ledger().await.unwrap();
        let about = |text: &String| text.starts_with(&format!("{table} (")) && text.contains(&format!("{column} is "));
        // A charge's own columns show in the sums of them.
        let told = report.told.iter().any(about) || (*table == "charges" && report.told.len() > 5);
        assert!(!report.balances() && told, "{table}.{column}: {:#?}", report.told);
        if *table != "charges" {
            assert_eq!(report.disagreements, 1, "{table}.{column}: {:#?}", report.told);
        }
        db.execute(&format!("UPDATE {table} SET {column} = {column} - {by} WHERE {row}")).await;
    }
    balanced(db, &lines).await;

    rows_that_are_missing_or_too_many(db, &lines, hour).await;
    lines_that_are_missing(db, &lines, &id).await;
}

async fn rows_that_are_missing_or_too_many(db: &Database, lines: &LedgerBatch, hour: i64) {
    let day = hour / 24;
    for (table, row) in [
        ("usage_hours", format!("hour = {hour}")),
        ("usage_days", format!("day = {day}")),
        ("model_hours", format!("hour = {hour}")),
        ("key_days", format!("day = {day}")),
        ("customer_days", "customer = 'c'".to_owned()),
        ("tag_days", "tag = 't'".to_owned()),
        ("key_totals", "key_id = 'master_key'".to_owned()),
        ("ownership_totals", "ownership_id = 3".to_owned()),
        ("customer_totals", "customer = 'c'".to_owned()),
        ("tag_totals", "tag = 't'".to_owned()),
        ("latency_hours", format!("model = 'm' AND hour = {hour}")),
        ("charge_tags", "tag = 't'".to_owned()),
    ] {
        db.execute(&format!("CREATE TABLE kept AS SELECT * FROM {table} WHERE {row}")).await;
        db.execute(&format!("DELETE FROM {table} WHERE {row}")).await;
        let report = db.store.verify_ledger().await.unwrap();
        assert_eq!(report.disagreements, 1, "{table}: {:#?}", report.told);
        assert!(report.told[0].starts_with(table), "{table}: {:#?}", report.told);
        db.execute(&format!("INSERT INTO {table} SELECT * FROM kept")).await;
        db.execute("DROP TABLE kept").await;
    }
    balanced(db, lines).await;

    // Rows that nothing stands behind, on a day of which there is nothing else.
    let nine = "1, 0, 0, 0, 0, 0, 0, 0, 5";
    for (table, row) in [
        ("usage_hours", format!("24000, 'k', 0, 'x', 'y', {nine}")),
        ("usage_days", format!("1000, 'k', 0, 'x', 'y', {nine}")),
        ("model_hours", format!("24000, 'x', {nine}")),
        ("key_days", format!("1000, 'k', {nine}")),
        ("customer_days", format!("1000, 'x', 'k', 0, 'x', 'y', {nine}")),
        ("tag_days", format!("1000, 'x', 'k', 0, 'x', 'y', {nine}")),
        ("latency_hours", "'x', 24000, 7, 1".to_owned()),
        ("key_totals", "'x', 1, 0, 5, 9".to_owned()),
        ("ownership_totals", "77, 1, 0, 5, 9".to_owned()),
        ("customer_totals", "'x', 1, 0, 5, 9".to_owned()),
        ("tag_totals", "'x', 1, 0, 5, 9".to_owned()),
        ("charge_tags", "'x', 'y'".to_owned()),
    ] {
        db.execute(&format!("INSERT INTO {table} VALUES ({row})")).await;
        let report = db.store.verify_ledger().await.unwrap();
        assert_eq!(report.disagreements, 1, "{table}: {:#?}", report.told);
        assert!(report.told[0].starts_with(table), "{table}: {:#?}", report.told);
        let column = if table.ends_with("_hours") { "hour = 24000" } else { "day = 1000" };
        let column = match table {
            "key_totals" => "key_id = 'x'",
            "ownership_totals" => "ownership_id = 77",
            "customer_totals" => "customer = 'x'",
            "tag_totals" | "charge_tags" => "tag = 'x'",
            _ => column,
        };
        db.execute(&format!("DELETE FROM {table} WHERE {column}")).await;
    }
    balanced(db, lines).await;
}

async fn lines_that_are_missing(db: &Database, lines: &LedgerBatch, id: &str) {
    // Words that make nothing.
    for (column, value) in [("cost_lines", "input:x"), ("tags", "[")] {
        db.execute(&format!("CREATE TABLE kept AS SELECT {column} FROM charges WHERE id = '{id}'")).await;
        db.execute(&format!("UPDATE charges SET {column} = '{value}' WHERE id = '{id}'")).await;
        let report = db.store.verify_ledger().await.unwrap();
        assert!(
            report.told.iter().any(|text| text.contains(id) && text.contains("can't be read")),
            "{:?}",
            report.told
        );
        db.execute(&format!("UPDATE charges SET {column} = (SELECT {column} FROM kept) WHERE id = '{id}'")).await;
        db.execute("DROP TABLE kept").await;
    }
    balanced(db, lines).await;

    // The only charge of its day: every sum has one call too many.
    db.execute(&format!("DELETE FROM charges WHERE id = '{id}'")).await;
    let report = db.store.verify_ledger().await.unwrap();
    assert_eq!(report.charges, lines.charges.len() as u64 - 1);
    for table in [
        "usage_hours",
        "usage_days",
        "model_hours",
        "key_days",
        "customer_days",
        "tag_days",
        "latency_hours",
        "key_totals",
        "ownership_totals",
        "customer_totals",
        "tag_totals",
        "charge_tags",
    ] {
        assert!(report.told.iter().any(|text| text.starts_with(table)), "{table}: {:#?}", report.told);
    }

    // A refusal, too.
    let before = report.disagreements;
    db.execute(&format!("DELETE FROM refusals WHERE id = '{}'", lines.refusals[0].id)).await;
    assert!(db.store.verify_ledger().await.unwrap().disagreements > before);

    // Nothing is left: all is wrong, and a part of it told.
    db.execute("DELETE FROM charges").await;
    let report = db.store.verify_ledger().await.unwrap();
    assert!(report.disagreements > MOST_TOLD as u64);
    assert_eq!((report.charges, report.told.len()), (0, MOST_TOLD));
}

/// A gateway that writes meanwhile disturbs nothing.
pub async fn it_balances_while_others_write(db: &Database) {
    let make = Maker::new(74);
    let other = db.open_again().await;
    let batches: Vec<_> = (0..40).map(|_| batch(&make, 25, 3)).collect();
    let writing = async {
        for batch in &batches {
            other.append_ledger(batch).await.unwrap();
        }
    };
    let verifying = async {
        let mut seen = 0;
        for _ in 0..20 {
            let report = db.store.verify_ledger().await.unwrap();
            assert!(report.balances() && report.charges >= seen, "{:#?}", report.told);
            seen = report.charges;
        }
    };
    futures::join!(writing, verifying);
    assert_eq!(db.store.verify_ledger().await.unwrap().charges, 1000);
    other.close().await.unwrap();
}
