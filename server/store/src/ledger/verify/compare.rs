//! Comparing the tables of sums with what the lines add up to.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::expected::{Day, Group, NO_NAME, Names, Place, Sums, gather};
use super::snapshot::{Row, Snapshot};
use super::{Books, LedgerReport};
use crate::StoreError;
use crate::sql::Binds;
use crate::usage::MEASURES;

/// The most models in one statement.
const MODELS: usize = 500;

/// A part of what a row is found by.
#[derive(Clone, Copy)]
enum Column {
    /// Of this name.
    Subject(&'static str),
    Key,
    Ownership,
    Model,
    Provider,
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::Subject(name) => name,
            Self::Key => "key_id",
            Self::Ownership => "ownership_id",
            Self::Model => "model",
            Self::Provider => "provider",
        }
    }
}

/// A table of sums by the hour or the day.
pub struct Table {
    name: &'static str,
    hourly: bool,
    columns: &'static [Column],
    /// What its rows of a day should be.
    expected: fn(&Day) -> HashMap<Place, Sums>,
}

impl Table {
    fn time(&self) -> &'static str {
        if self.hourly { "hour" } else { "day" }
    }
}

pub const TABLES: [Table; 6] = {
    use Column::{Key, Model, Ownership, Provider, Subject};
    [
        Table {
            name: "usage_hours",
            hourly: true,
            columns: &[Key, Ownership, Model, Provider],
            expected: |day| day.usage.clone(),
        },
        Table {
            name: "usage_days",
            hourly: false,
            columns: &[Key, Ownership, Model, Provider],
            expected: |day| gather(&day.usage, |place| Some(Place { time: place.time.div_euclid(24), ..*place })),
        },
        Table {
            name: "model_hours",
            hourly: true,
            columns: &[Model],
            expected: |day| {
                gather(&day.usage, |place| {
                    let group = Group { model: place.group.model, ..Group::default() };
                    Some(Place { time: place.time, subject: NO_NAME, group })
                })
            },
        },
        Table {
            name: "key_days",
            hourly: false,
            columns: &[Key],
            expected: |day| {
                gather(&day.usage, |place| {
                    let group = Group { key: place.group.key, ..Group::default() };
                    Some(Place { time: place.time.div_euclid(24), subject: NO_NAME, group })
                })
            },
        },
        Table {
            name: "customer_days",
            hourly: false,
            columns: &[Subject("customer"), Key, Ownership, Model, Provider],
            expected: |day| day.customers.clone(),
        },
        Table {
            name: "tag_days",
            hourly: false,
            columns: &[Subject("tag"), Key, Ownership, Model, Provider],
            expected: |day| day.tags.clone(),
        },
    ]
};

/// Compares a table's rows of a day.
pub async fn sums(
    snapshot: &mut Snapshot,
    books: &mut Books,
    table: &Table,
    day: i64,
    sums: &Day,
) -> Result<(), StoreError> {
    let mut expected = (table.expected)(sums);
    let columns: Vec<_> = table.columns.iter().map(|column| column.name()).chain(MEASURES).collect();
    let (name, time, unit) = (table.name, table.time(), if table.hourly { 24 } else { 1 });
    let mut binds = Binds::default();
    let (first, end) = (binds.add(day.saturating_mul(unit)), binds.add(day.saturating_add(1).saturating_mul(unit)));
    let sql = format!("SELECT {time}, {} FROM {name} WHERE {time} >= {first} AND {time} < {end}", columns.join(", "));
    let Books { report, names, .. } = books;
    let mut rows = 0;
    let each = |row: Row<'_>| {
        rows += 1;
        let mut place = Place { time: row.int(0)?, ..Place::default() };
        for (at, column) in (1..).zip(table.columns) {
            match column {
                Column::Subject(_) => place.subject = names.number(row.text(at)?),
                Column::Key => place.group.key = names.number(row.text(at)?),
                Column::Ownership => place.group.ownership = row.int(at)?,
                Column::Model => place.group.model = names.number(row.text(at)?),
                Column::Provider => place.group.provider = names.number(row.text(at)?),
            }
        }
        let mut says = [0; MEASURES.len()];
        for (at, value) in (1 + table.columns.len()..).zip(&mut says) {
            *value = row.int(at)?;
        }
        let should = expected.remove(&place).unwrap_or_default().values;
        if says != should {
            report
                .disagree(|| format!("{}: {}", row_name(table, names, &place), differences(&MEASURES, &says, &should)));
        }
        Ok(())
    };
    snapshot.each(&sql, &binds, each).await?;
    report.count_rows(name, rows);
    let mut missing: Vec<_> = expected.into_iter().collect();
    missing.sort_unstable_by_key(|(place, _)| *place);
    for (place, should) in missing {
        let none = [0; MEASURES.len()];
        report.disagree(|| {
            let differences = differences(&MEASURES, &none, &should.values);
            format!("{}: there is no such row; {differences}", row_name(table, names, &place))
        });
    }
    Ok(())
}

fn row_name(table: &Table, names: &Names, place: &Place) -> String {
    let mut text = format!("{} ({} {}", table.name, table.time(), place.time);
    for column in table.columns {
        let name = column.name();
        // Writing to a text can't fail.
        let _ = match column {
            Column::Ownership => write!(text, ", {name} {}", place.group.ownership),
            // Callers make up some of these: escaped, they can't do anything to a terminal.
            Column::Subject(_) => write!(text, ", {name} {:?}", names.text(place.subject)),
            Column::Key => write!(text, ", {name} {:?}", names.text(place.group.key)),
            Column::Model => write!(text, ", {name} {:?}", names.text(place.group.model)),
            Column::Provider => write!(text, ", {name} {:?}", names.text(place.group.provider)),
        };
    }
    text.push(')');
    text
}

/// `cost_nanos is 5 and should be 7, calls is 1 and should be 2`
fn differences(columns: &[&str], says: &[i64], should: &[i64]) -> String {
    let differing = columns.iter().zip(says.iter().zip(should)).filter(|(_, (says, should))| says != should);
    let words = differing.map(|(column, (says, should))| format!("{column} is {says} and should be {should}"));
    words.collect::<Vec<_>>().join(", ")
}

const TOTALS: [&str; 4] = ["calls", "refused", "spent_nanos", "last_used_at"];

/// Compares the totals with what all days added up to.
pub async fn totals(snapshot: &mut Snapshot, books: &mut Books) -> Result<(), StoreError> {
    let Books { report, names, totals, .. } = books;
    for (table, column, expected) in [
        ("key_totals", "key_id", &mut totals.keys),
        ("ownership_totals", "ownership_id", &mut totals.ownerships),
        ("customer_totals", "customer", &mut totals.customers),
        ("tag_totals", "tag", &mut totals.tags),
    ] {
        let sql = format!("SELECT CAST({column} AS TEXT), {} FROM {table}", TOTALS.join(", "));
        let mut rows = 0;
        let each = |row: Row<'_>| {
            rows += 1;
            let subject = row.text(0)?;
            let says = [row.int(1)?, row.int(2)?, row.int(3)?, row.int(4)?];
            let should = expected.remove(&names.number(subject)).unwrap_or_default().total();
            if says != should {
                report.disagree(|| format!("{table} ({column} {subject:?}): {}", differences(&TOTALS, &says, &should)));
            }
            Ok(())
        };
        snapshot.each(&sql, &Binds::default(), each).await?;
        report.count_rows(table, rows);
        let mut missing: Vec<_> = expected.drain().map(|(subject, should)| (names.text(subject), should)).collect();
        missing.sort_unstable_by_key(|(subject, _)| *subject);
        for (subject, should) in missing {
            report.disagree(|| {
                let differences = differences(&TOTALS, &[0; 4], &should.total());
                format!("{table} ({column} {subject:?}): there is no such row; {differences}")
            });
        }
    }
    Ok(())
}

/// The models of which there are latencies: with them, a day's are found through the table's key.
pub async fn models_with_latencies(snapshot: &mut Snapshot) -> Result<Vec<String>, StoreError> {
    let mut models = Vec::new();
    let each = |row: Row<'_>| {
        models.push(row.text(0)?.to_owned());
        Ok(())
    };
    snapshot.each("SELECT DISTINCT model FROM latency_hours", &Binds::default(), each).await?;
    Ok(models)
}

const LATENCIES: &str = "SELECT model, hour, CAST(bucket AS BIGINT), calls FROM latency_hours";

/// Compares the histograms of a day.
pub async fn latencies(
    snapshot: &mut Snapshot,
    books: &mut Books,
    day: i64,
    sums: &Day,
    models: &[String],
) -> Result<(), StoreError> {
    let Books { report, names, .. } = books;
    let mut expected = sums.latencies.clone();
    let mut rows = 0;
    for models in models.chunks(MODELS) {
        let mut binds = Binds::default();
        let Some(among) = binds.among("model", models.iter().map(String::as_str)) else { continue };
        let (first, end) = (binds.add(day.saturating_mul(24)), binds.add(day.saturating_add(1).saturating_mul(24)));
        let sql = format!("{LATENCIES} WHERE {among} AND hour >= {first} AND hour < {end}");
        let each = |row: Row<'_>| {
            rows += 1;
            let (model, hour, bucket, says) = (row.text(0)?, row.int(1)?, row.int(2)?, row.int(3)?);
            let should = expected.remove(&(names.number(model), hour, bucket)).unwrap_or_default();
            report.compare_latency(model, hour, bucket, says, should);
            Ok(())
        };
        snapshot.each(&sql, &binds, each).await?;
    }
    report.count_rows("latency_hours", rows);
    let mut missing: Vec<_> = expected.into_iter().collect();
    missing.sort_unstable();
    for ((model, hour, bucket), should) in missing {
        report.compare_latency(names.text(model), hour, bucket, 0, should);
    }
    Ok(())
}

/// Histograms of days of which there is nothing else.
pub async fn other_latencies(
    snapshot: &mut Snapshot,
    books: &mut Books,
    days: &HashSet<i64>,
) -> Result<(), StoreError> {
    let seen = books.report.rows_of("latency_hours");
    if count(snapshot, "latency_hours").await? == seen {
        return Ok(());
    }
    let each = |row: Row<'_>| {
        let (model, hour, bucket, says) = (row.text(0)?, row.int(1)?, row.int(2)?, row.int(3)?);
        if !days.contains(&hour.div_euclid(24)) {
            books.report.count_rows("latency_hours", 1);
            books.report.compare_latency(model, hour, bucket, says, 0);
        }
        Ok(())
    };
    snapshot.each(LATENCIES, &Binds::default(), each).await
}

impl LedgerReport {
    fn compare_latency(&mut self, model: &str, hour: i64, bucket: i64, says: i64, should: i64) {
        if says != should {
            self.disagree(|| {
                let differences = differences(&["calls"], &[says], &[should]);
                format!("latency_hours (model {model:?}, hour {hour}, bucket {bucket}): {differences}")
            });
        }
    }
}

/// Compares how many rows find charges by their tags.
pub async fn tags(snapshot: &mut Snapshot, books: &mut Books) -> Result<(), StoreError> {
    let says = count(snapshot, "charge_tags").await?;
    let (report, should) = (&mut books.report, books.tags);
    report.count_rows("charge_tags", says);
    if says != should {
        report.disagree(|| format!("charge_tags: it has {says} rows and should have {should}"));
    }
    Ok(())
}

async fn count(snapshot: &mut Snapshot, table: &str) -> Result<u64, StoreError> {
    let mut count = 0;
    let each = |row: Row<'_>| {
        count = row.int(0)?;
        Ok(())
    };
    snapshot.each(&format!("SELECT COUNT(*) FROM {table}"), &Binds::default(), each).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}
