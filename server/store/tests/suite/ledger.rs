use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use tollgate_domain::actor::Visible;
use tollgate_domain::charge::{CallKey, Charge, Outcome, Refusal};
use tollgate_domain::ids::{OrganisationId, TeamId, UserId};
use tollgate_domain::summary::RequestFilter;
use tollgate_domain::usage::Certainty;
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::{LedgerBatch, latency};

use crate::data::{Maker, NOW, add_ownerships};
use crate::harness::Database;

type Sums = [i64; 9];

/// Reads rows of texts and numbers behind the store's back; numbers come as text too.
async fn table(db: &Database, columns: &[&str], table: &str) -> Vec<Vec<String>> {
    let list = columns.iter().map(|column| format!("CAST({column} AS TEXT)")).collect::<Vec<_>>().join(", ");
    let sql = AssertSqlSafe(format!("SELECT {list} FROM {table}"));
    if db.is_postgres() {
        let mut connection = PgConnection::connect(&db.url).await.unwrap();
        let rows = sea_orm::sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| (0..columns.len()).map(|i| row.get(i)).collect()).collect()
    } else {
        let mut connection = SqliteConnection::connect(&db.url).await.unwrap();
        let rows = sea_orm::sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| (0..columns.len()).map(|i| row.get(i)).collect()).collect()
    }
}

const MEASURES: [&str; 9] = [
    "calls",
    "errors",
    "refused",
    "uncertain",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cost_nanos",
];

/// A rollup's rows by their key.
async fn sums(db: &Database, name: &str, key: &[&str]) -> BTreeMap<Vec<String>, Sums> {
    let columns: Vec<_> = key.iter().copied().chain(MEASURES).collect();
    let rows = table(db, &columns, name).await;
    rows.into_iter()
        .map(|row| {
            let (key, sums) = row.split_at(key.len());
            (key.to_vec(), std::array::from_fn(|i| sums[i].parse().unwrap()))
        })
        .collect()
}

fn of_charge(charge: &Charge) -> Sums {
    [
        1,
        i64::from(charge.outcome != Outcome::Success),
        0,
        i64::from(charge.certainty != Certainty::Measured),
        charge.usage.input as i64,
        charge.usage.output as i64,
        charge.usage.cache_read as i64,
        (charge.usage.cache_write + charge.usage.cache_write_1h) as i64,
        charge.cost.0,
    ]
}

const REFUSED: Sums = [0, 0, 1, 0, 0, 0, 0, 0, 0];

fn add(map: &mut BTreeMap<Vec<String>, Sums>, key: Vec<String>, sums: Sums) {
    let entry = map.entry(key).or_default();
    for (sum, value) in entry.iter_mut().zip(sums) {
        *sum += value;
    }
}

fn key_of(key: Option<CallKey>) -> String {
    match key {
        Some(CallKey::Virtual(id)) => id.to_string(),
        Some(CallKey::Master) => "master_key".to_owned(),
        None => String::new(),
    }
}

type Totals = BTreeMap<String, (i64, i64, i64, i64)>;

fn add_total(totals: &mut Totals, key: String, sums: Sums, at: Timestamp) {
    let total = totals.entry(key).or_default();
    *total = (total.0 + sums[0], total.1 + sums[2], total.2 + sums[8], total.3.max(at.0));
}

async fn totals(db: &Database, name: &str, key: &str) -> Totals {
    let rows = table(db, &[key, "calls", "refused", "spent_nanos", "last_used_at"], name).await;
    rows.into_iter()
        .map(|r| {
            let number = |i: usize| r[i].parse().unwrap();
            (r[0].clone(), (number(1), number(2), number(3), number(4)))
        })
        .collect()
}

/// Checks every sum against the lines, added up here in the plainest way.
async fn check_sums(db: &Database, charges: &[Charge], refusals: &[Refusal]) {
    let (mut usage, mut usage_days) = (BTreeMap::new(), BTreeMap::new());
    let (mut models, mut days) = (BTreeMap::new(), BTreeMap::new());
    let (mut customers, mut tags, mut tag_rows) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    let mut latencies = BTreeMap::<_, i64>::new();
    let (mut of_keys, mut of_owners) = (Totals::new(), Totals::new());
    let (mut of_customers, mut of_tags) = (Totals::new(), Totals::new());
    for charge in charges {
        let (hour, key, sums) = (charge.started_at.hour(), key_of(Some(charge.key())), of_charge(charge));
        let (day, at) = ((hour / 24).to_string(), charge.started_at);
        let (model, owner) = (charge.model.to_string(), charge.ownership_id.to_string());
        let group = [key.clone(), owner.clone(), model.clone(), charge.provider.to_string()];
        let under = |first: &[&str]| first.iter().map(|t| (*t).to_owned()).chain(group.iter().cloned()).collect();
        add(&mut usage, under(&[&hour.to_string()]), sums);
        add(&mut usage_days, under(&[&day]), sums);
        add(&mut models, vec![hour.to_string(), model.clone()], sums);
        add(&mut days, vec![day.clone(), key.clone()], sums);
        add_total(&mut of_keys, key.clone(), sums, at);
        if charge.ownership_id != 0 {
            add_total(&mut of_owners, owner.clone(), sums, at);
        }
        if let Some(customer) = &charge.end_user {
            add(&mut customers, under(&[&day, customer]), sums);
            add_total(&mut of_customers, customer.clone(), sums, at);
        }
        for tag in &charge.tags {
            add(&mut tags, under(&[&day, tag]), sums);
            add_total(&mut of_tags, tag.clone(), sums, at);
            tag_rows.insert(vec![tag.clone(), charge.id.to_string()]);
        }
        for model in [model, String::new()] {
            *latencies.entry((model, hour, latency::bucket(charge.duration_us))).or_default() += 1;
        }
    }
    for refusal in refusals {
        let (hour, key) = (refusal.at.hour(), key_of(refusal.key));
        let (day, owner) = ((hour / 24).to_string(), refusal.ownership_id.to_string());
        let none = String::new;
        add(&mut usage, vec![hour.to_string(), key.clone(), owner.clone(), none(), none()], REFUSED);
        add(&mut usage_days, vec![day.clone(), key.clone(), owner.clone(), none(), none()], REFUSED);
        add(&mut models, vec![hour.to_string(), none()], REFUSED);
        add(&mut days, vec![day, key.clone()], REFUSED);
        add_total(&mut of_keys, key, REFUSED, refusal.at);
        if refusal.ownership_id != 0 {
            add_total(&mut of_owners, owner, REFUSED, refusal.at);
        }
    }
    assert_eq!(table(db, &["id"], "charges").await.len(), charges.len());
    assert_eq!(table(db, &["id"], "refusals").await.len(), refusals.len());
    assert_eq!(table(db, &["tag", "charge_id"], "charge_tags").await.into_iter().collect::<BTreeSet<_>>(), tag_rows);
    let group = ["key_id", "ownership_id", "model", "provider"];
    let by = |first: &[&'static str]| [first, &group].concat();
    assert_eq!(sums(db, "usage_hours", &by(&["hour"])).await, usage);
    assert_eq!(sums(db, "usage_days", &by(&["day"])).await, usage_days);
    assert_eq!(sums(db, "customer_days", &by(&["day", "customer"])).await, customers);
    assert_eq!(sums(db, "tag_days", &by(&["day", "tag"])).await, tags);
    assert_eq!(sums(db, "model_hours", &["hour", "model"]).await, models);
    assert_eq!(sums(db, "key_days", &["day", "key_id"]).await, days);
    let found: BTreeMap<_, _> = table(db, &["model", "hour", "bucket", "calls"], "latency_hours")
        .await
        .into_iter()
        .map(|r| ((r[0].clone(), r[1].parse().unwrap(), r[2].parse().unwrap()), r[3].parse().unwrap()))
        .collect();
    assert_eq!(found, latencies);
    assert_eq!(totals(db, "key_totals", "key_id").await, of_keys);
    assert_eq!(totals(db, "ownership_totals", "ownership_id").await, of_owners);
    assert_eq!(totals(db, "customer_totals", "customer").await, of_customers);
    assert_eq!(totals(db, "tag_totals", "tag").await, of_tags);
}

pub async fn lines_come_back_as_they_were_written(db: &Database) {
    let make = Maker::new(10);
    let mut charge = make.charge(60);
    charge.usage = tollgate_domain::usage::Usage {
        input: 1,
        cache_read: 2,
        cache_write: 3,
        cache_write_1h: 4,
        audio_input: 5,
        image_input: 6,
        output: 7,
        reasoning: 8,
        audio_output: 9,
        image_output: 10,
        units: tollgate_domain::usage::Units { pages: 11, web_searches: 12, ..Default::default() },
    };
    charge.end_user = Some("ünïcödé \u{1f600} 'quoted\"".to_owned());
    charge.error = Some("two\nlines".to_owned());
    charge.client_left = true;
    charge.ownership_id = 2;
    charge.tags = vec!["a".to_owned(), "quoted \" and é".to_owned()];
    add_ownerships(db).await;
    let batch = LedgerBatch { charges: vec![charge.clone()], refusals: vec![] };
    db.store.append_ledger(&batch).await.unwrap();
    let detail = db.store.get_request(&Visible::All, &charge.id.to_string()).await.unwrap().unwrap();
    assert_eq!(detail.usage, charge.usage);
    assert_eq!(detail.cost_lines, charge.cost_lines);
    assert_eq!((detail.attempt, detail.client_left), (1, true));
    assert_eq!((&detail.end_user, &detail.tags), (&charge.end_user, &charge.tags));
    assert_eq!(detail.upstream_id, charge.upstream_id);
    assert_eq!(detail.instead_of.as_deref(), charge.instead_of.as_deref());
    assert_eq!(detail.price_source.as_deref(), charge.price_source.as_deref());
    assert_eq!(detail.deployment_id.as_deref(), Some(&*charge.deployment_id));
    assert_eq!(detail.upstream_model.as_deref(), Some(&*charge.upstream_model));
    let row = detail.row;
    assert_eq!(
        row.ownership,
        tollgate_domain::principal::Ownership {
            user_id: UserId::parse("u-1"),
            team_id: TeamId::parse("t-1"),
            organisation_id: OrganisationId::parse("o-1"),
        }
    );
    assert_eq!((row.at, row.cost, row.status), (charge.started_at, charge.cost, charge.status));
    assert_eq!((row.outcome, row.certainty), (Some(charge.outcome), Some(charge.certainty)));
    assert_eq!((row.operation, row.streamed), (charge.operation, charge.streamed));
    assert_eq!((row.duration_us, row.first_byte_us), (Some(charge.duration_us), charge.first_byte_us));
    assert_eq!((row.error, row.model), (charge.error, Some(charge.model.to_string())));
}

pub async fn a_batch_that_comes_twice_counts_once(db: &Database) {
    let make = Maker::new(11);
    let batch = LedgerBatch { charges: make.charges(137, 86_400), refusals: make.refusals(23, 86_400) };
    db.store.append_ledger(&batch).await.unwrap();
    check_sums(db, &batch.charges, &batch.refusals).await;
    db.store.append_ledger(&batch).await.unwrap();
    check_sums(db, &batch.charges, &batch.refusals).await;
    db.store.append_ledger(&LedgerBatch::default()).await.unwrap();
}

pub async fn parts_that_come_again_count_once(db: &Database) {
    let make = Maker::new(12);
    let (charges, refusals) = (make.charges(300, 86_400), make.refusals(30, 86_400));
    let batch = |c: std::ops::Range<usize>, r: std::ops::Range<usize>| LedgerBatch {
        charges: charges[c].to_vec(),
        refusals: refusals[r].to_vec(),
    };
    db.store.append_ledger(&batch(0..120, 0..10)).await.unwrap();
    db.store.append_ledger(&batch(60..200, 5..30)).await.unwrap();
    // The same line twice in one batch, beside new and old ones.
    let mut last = batch(150..300, 29..30);
    last.charges.push(charges[299].clone());
    last.charges.push(charges[0].clone());
    db.store.append_ledger(&last).await.unwrap();
    check_sums(db, &charges, &refusals).await;
}

pub async fn sums_equal_the_ledger(db: &Database) {
    let make = Maker::new(13);
    let (mut charges, mut refusals) = (Vec::new(), Vec::new());
    // Sizes around those of the prepared statements.
    for size in [1, 9, 10, 11, 99, 100, 101, 250] {
        let batch =
            LedgerBatch { charges: make.charges(size, 40 * 86_400), refusals: make.refusals(size / 3, 40 * 86_400) };
        db.store.append_ledger(&batch).await.unwrap();
        charges.extend(batch.charges);
        refusals.extend(batch.refusals);
    }
    check_sums(db, &charges, &refusals).await;
}

pub async fn nothing_in_a_line_makes_a_batch_fail(db: &Database) {
    let make = Maker::new(14);
    let mut charges = make.charges(6, 60);
    let nul = "nul \u{0} and \u{1} and é".to_owned();
    for charge in &mut charges {
        make.move_charge(charge, NOW);
        charge.key_id = None;
        charge.model = "same".into();
        charge.provider = "same".into();
        charge.usage.input = u64::MAX;
        charge.cost = Nanos(i64::MAX);
    }
    charges[0].error = Some(nul.clone());
    charges[0].model = nul.as_str().into();
    // Nothing that PostgreSQL could squeeze into an index entry.
    let noise: String = (0..100_000).map(|_| char::from(b'!' + make.below(90) as u8)).collect();
    charges[1].model = format!("é{noise}").into();
    charges[1].call_id = Some(noise.clone());
    charges[1].tags = vec![nul.clone(), noise.clone()];
    charges[1].end_user = Some(noise.clone());
    charges[2].model = "".into();
    charges[2].duration_us = -1;
    charges[3].duration_us = i64::MAX;
    charges[3].status = u16::MAX;
    charges[4].end_user = Some("x".repeat(1_000_000));
    charges[4].upstream_id = Some(nul.clone());
    make.move_charge(&mut charges[5], Timestamp(-5));
    let mut refusals = make.refusals(2, 60);
    refusals[0].model = Some(nul.clone());
    refusals[0].message = nul.repeat(10_000);
    refusals[1].model = Some(noise.clone());
    refusals[1].call_id = Some(noise);
    for _ in 0..3 {
        let batch = LedgerBatch { charges: charges.clone(), refusals: refusals.clone() };
        db.store.append_ledger(&batch).await.unwrap();
        for charge in &mut charges {
            charge.id = make.charge(60).id;
        }
    }
    // And none makes reading fail.
    for period in tollgate_domain::summary::Period::ALL {
        db.store.overview(&Visible::All, period, NOW).await.unwrap();
    }
    let page = db.store.list_requests(&Visible::All, &RequestFilter::default(), None, 100).await.unwrap();
    assert_eq!(page.items.len(), 20);
    let cut = db.store.get_request(
        &Visible::All,
        &page.items.iter().find(|r| r.model.as_deref().is_some_and(|m| m.len() > 400)).unwrap().id,
    );
    assert!(cut.await.unwrap().is_some());
}

pub async fn many_writers_lose_nothing(db: &Database) {
    let make = Maker::new(15);
    let other = db.open_again().await;
    let batches: Vec<_> =
        (0..24).map(|_| LedgerBatch { charges: make.charges(40, 7200), refusals: make.refusals(5, 7200) }).collect();
    let keys: Vec<_> = (0..10).map(|i| make.key(Some(&format!("k{i}")), NOW)).collect();
    let writing = batches.iter().enumerate().map(|(i, batch)| {
        let store = if i % 2 == 0 { &db.store } else { &other };
        async move {
            // As the gateway does: again, until it is written.
            loop {
                match store.append_ledger(batch).await {
                    Ok(()) => break,
                    Err(error) => assert!(error.is_transient(), "{error:?}"),
                }
            }
        }
    });
    let changing = keys.iter().enumerate().map(|(i, key)| {
        let store = if i % 2 == 0 { &db.store } else { &other };
        async move {
            let tx = store.begin().await.unwrap();
            tx.insert_key(key).await.unwrap();
            tx.commit().await.unwrap();
        }
    });
    futures::join!(futures::future::join_all(writing), futures::future::join_all(changing));
    let charges: Vec<_> = batches.iter().flat_map(|batch| batch.charges.clone()).collect();
    let refusals: Vec<_> = batches.iter().flat_map(|batch| batch.refusals.clone()).collect();
    check_sums(db, &charges, &refusals).await;
    let ids: BTreeSet<_> = table(db, &["id"], "virtual_keys").await.into_iter().flatten().collect();
    assert_eq!(ids, keys.iter().map(|key| key.id.to_string()).collect());
    other.close().await.unwrap();
}
