//! Proves that the ledger's charges and every table of sums of them agree.
//!
//! The charges and refusals are read once, a day at a time and in parts of bounded size, and added up here anew; then the
//! rows that the tables have for the day are compared with that. So memory holds the sums of one day, and a few numbers
//! for each key, owner, customer and tag that ever was. All is read as it was at one moment: calls that go on meanwhile
//! disturb nothing.

mod adjusted;
mod compare;
mod expected;
mod lines;
mod snapshot;

use std::collections::HashSet;

use tollgate_domain::ids::smallest_uuid_of;
use tollgate_domain::{Nanos, Timestamp};
use uuid::Uuid;

use crate::sql::Binds;
use crate::{Store, StoreError};
use expected::{Day, Names, Totals};
use snapshot::Snapshot;

/// How many disagreements are told in words.
pub const MOST_TOLD: usize = 100;

/// What the charges, the refusals and the sums of them say of each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerReport {
    pub charges: u64,
    /// Adjusting entries, each of one charge.
    pub adjustments: u64,
    pub refusals: u64,
    /// Of all charges and adjusting entries.
    pub cost: Nanos,
    /// The tables of sums that were compared, and how many rows each has.
    pub tables: Vec<(&'static str, u64)>,
    /// How many rows are not what they should be.
    pub disagreements: u64,
    /// The first [`MOST_TOLD`] of them, in words.
    pub told: Vec<String>,
}

impl LedgerReport {
    pub fn balances(&self) -> bool {
        self.disagreements == 0
    }

    fn disagree(&mut self, words: impl FnOnce() -> String) {
        self.disagreements += 1;
        if self.told.len() < MOST_TOLD {
            self.told.push(words());
        }
    }

    fn count_rows(&mut self, table: &'static str, rows: u64) {
        match self.tables.iter_mut().find(|(known, _)| *known == table) {
            Some((_, sum)) => *sum += rows,
            None => self.tables.push((table, rows)),
        }
    }

    fn rows_of(&self, table: &str) -> u64 {
        self.tables.iter().find(|(known, _)| *known == table).map_or(0, |(_, rows)| *rows)
    }
}

/// What is carried from day to day.
#[derive(Default)]
struct Books {
    report: LedgerReport,
    names: Names,
    totals: Totals,
    /// Tags of charges.
    tags: u64,
}

impl Store {
    /// Adds the whole ledger up and compares it with what is kept: every row of every table of sums, and of every charge
    /// its cost with the lines of it, with its adjusting entries and without.
    pub async fn verify_ledger(&self) -> Result<LedgerReport, StoreError> {
        let mut snapshot = Snapshot::take(self).await?;
        let mut books = Books::default();
        let models = compare::models_with_latencies(&mut snapshot).await?;
        let (mut last, mut days) = (i64::MIN, HashSet::new());
        while let Some(day) = next_day(&mut snapshot, last).await? {
            let sums = lines::read_day(&mut snapshot, &mut books, day).await?;
            books.totals.add(&mut books.names, &sums);
            compare_day(&mut snapshot, &mut books, day, &sums, &models).await?;
            days.insert(day);
            last = day;
        }
        adjusted::check(&mut snapshot, &mut books.report).await?;
        compare::totals(&mut snapshot, &mut books).await?;
        compare::other_latencies(&mut snapshot, &mut books, &days).await?;
        compare::tags(&mut snapshot, &mut books).await?;
        snapshot.close().await?;
        Ok(books.report)
    }
}

async fn compare_day(
    snapshot: &mut Snapshot,
    books: &mut Books,
    day: i64,
    sums: &Day,
    models: &[String],
) -> Result<(), StoreError> {
    for table in &compare::TABLES {
        compare::sums(snapshot, books, table, day, sums).await?;
    }
    compare::latencies(snapshot, books, day, sums, models).await
}

/// The first day after `last` of which there is anything.
async fn next_day(snapshot: &mut Snapshot, last: i64) -> Result<Option<i64>, StoreError> {
    let mut days = Vec::new();
    let mut binds = Binds::default();
    let (after, hour) = (binds.add(last), binds.add(last.saturating_add(1).saturating_mul(24)));
    let of_days = ["usage_days", "key_days", "customer_days", "tag_days"]
        .map(|table| format!("SELECT CAST(1 AS BIGINT), MIN(day) FROM {table} WHERE day > {after}"));
    let of_hours = ["usage_hours", "model_hours"]
        .map(|table| format!("SELECT CAST(24 AS BIGINT), MIN(hour) FROM {table} WHERE hour >= {hour}"));
    let sql = [of_days.join(" UNION ALL "), of_hours.join(" UNION ALL ")].join(" UNION ALL ");
    let each = |row: snapshot::Row<'_>| {
        let (parts, first) = (row.int(0)?, row.maybe_int(1)?);
        days.extend(first.map(|first| first.div_euclid(parts)));
        Ok(())
    };
    snapshot.each(&sql, &binds, each).await?;
    let mut binds = Binds::default();
    let id = binds.add(smallest_uuid_of(start_of(last.saturating_add(1))).to_string());
    let sql = ["charges", "refusals"].map(|table| format!("SELECT MIN(id) FROM {table} WHERE id >= {id}"));
    let each = |row: snapshot::Row<'_>| {
        if let Some(id) = row.maybe_text(0)? {
            let at = moment_of(id).ok_or_else(|| StoreError::corrupt("charges", id, &"the id"))?;
            days.push(day_of(at));
        }
        Ok(())
    };
    snapshot.each(&sql.join(" UNION ALL "), &binds, each).await?;
    let next = days.into_iter().min();
    if let Some(next) = next
        && next <= last
    {
        // An id beyond the last that there can be.
        return Err(StoreError::corrupt("charges", format!("of day {next}"), &"the id"));
    }
    Ok(next)
}

/// Days since 1970, in UTC.
fn day_of(at: Timestamp) -> i64 {
    at.hour().div_euclid(24)
}

fn start_of(day: i64) -> Timestamp {
    Timestamp(day.saturating_mul(24 * Timestamp::MICROS_PER_HOUR))
}

/// The millisecond that an id was made of.
fn moment_of(id: &str) -> Option<Timestamp> {
    let millis = i64::try_from(Uuid::try_parse(id).ok()?.as_u128() >> 80).ok()?;
    Some(Timestamp(millis * 1000))
}
