//! Reports: sums by day, key, owner, model, customer or tag, read from the rollups alone.

#![expect(clippy::format_collect, reason = "a few short texts of a statement; clearer than a loop")]

use std::collections::HashMap;

use sea_orm::QueryResult;
use tollgate_domain::actor::Visible;
use tollgate_domain::report::{Dimension, MOST_DIMENSIONS, Measures, Totals, TotalsOf, UsageFilter, UsageRow};
use tollgate_domain::{Nanos, Timestamp};

use crate::scope::Scope;
use crate::sql::{All, Binds};
use crate::{Store, StoreError};

/// The most lines of a report.
pub const LONGEST_REPORT: u32 = 10_000;

/// The most ids in one statement.
const IDS: usize = 1000;

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

/// A rollup, and its column of time: hours, or days.
#[derive(Clone, Copy)]
struct Source {
    table: &'static str,
    hourly: bool,
}

impl Source {
    fn time(self) -> &'static str {
        if self.hourly { "hour" } else { "day" }
    }
}

/// The smallest table that can answer.
fn source(scope: &Scope<'_>, filter: &UsageFilter, dimensions: &[Dimension]) -> Result<Source, StoreError> {
    let customers = !filter.customers.is_empty() || dimensions.contains(&Dimension::Customer);
    let tags = !filter.tags.is_empty() || dimensions.contains(&Dimension::Tag);
    let only = |kept: &[Dimension]| dimensions.iter().all(|dimension| kept.contains(dimension));
    let (keys, models) = (filter.keys.is_empty(), filter.models.is_empty() && filter.providers.is_empty());
    let day = 24 * Timestamp::MICROS_PER_HOUR;
    let whole_days = filter.since.0.rem_euclid(day) == 0 && filter.until.0.rem_euclid(day) == 0;
    let (table, hourly) = match (customers, tags) {
        (true, true) => return Err(StoreError::Unsupported("sums of both customers and tags")),
        (true, false) => ("customer_days", false),
        (false, true) => ("tag_days", false),
        (false, false)
            if scope.is_all() && keys && filter.providers.is_empty() && only(&[Dimension::Day, Dimension::Model]) =>
        {
            ("model_hours", true)
        }
        (false, false) if !whole_days => ("usage_hours", true),
        (false, false) if scope.is_all() && models && only(&[Dimension::Day, Dimension::Key]) => ("key_days", false),
        (false, false) => ("usage_days", false),
    };
    Ok(Source { table, hourly })
}

/// How a dimension is read from a rollup; `None`: through the ownership.
fn column(source: Source, dimension: Dimension) -> Option<&'static str> {
    match dimension {
        Dimension::Day => Some(if source.hourly { "hour / 24" } else { "day" }),
        Dimension::Key => Some("key_id"),
        Dimension::Model => Some("model"),
        Dimension::Provider => Some("provider"),
        Dimension::Customer => Some("customer"),
        Dimension::Tag => Some("tag"),
        Dimension::User | Dimension::Team | Dimension::Organisation => None,
    }
}

fn owner(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Team => "team_id",
        Dimension::Organisation => "organisation_id",
        _ => "user_id",
    }
}

/// SUM is NUMERIC on PostgreSQL: without the cast no integer comes back.
fn sums() -> String {
    MEASURES.map(|column| format!("CAST(SUM({column}) AS BIGINT) AS {column}")).join(", ")
}

fn conditions(source: Source, scope: &Scope<'_>, filter: &UsageFilter, binds: &mut Binds) -> All {
    let step = if source.hourly { 1 } else { 24 };
    let last = Timestamp(filter.until.0.saturating_sub(1));
    let mut all = All::default();
    all.add(format!("{} >= {}", source.time(), binds.add(filter.since.hour().div_euclid(step))));
    all.add(format!("{} <= {}", source.time(), binds.add(last.hour().div_euclid(step))));
    for (column, values) in [
        ("key_id", &filter.keys),
        ("model", &filter.models),
        ("provider", &filter.providers),
        ("customer", &filter.customers),
        ("tag", &filter.tags),
    ] {
        all.add_option(binds.among(column, values.iter().map(String::as_str)));
    }
    all.add_option(scope.indexed_condition(binds));
    all
}

impl Store {
    /// Sums of the calls that may be seen and match, by up to four dimensions: the dearest `limit` lines, at most
    /// [`LONGEST_REPORT`]. Without dimensions it is one line, or none if there were no calls.
    pub async fn usage(
        &self,
        visible: &Visible,
        filter: &UsageFilter,
        dimensions: &[Dimension],
        limit: u32,
    ) -> Result<Vec<UsageRow>, StoreError> {
        if dimensions.len() > MOST_DIMENSIONS {
            return Err(StoreError::Unsupported("sums by more than four dimensions"));
        }
        if visible.is_nothing() || filter.since >= filter.until {
            return Ok(Vec::new());
        }
        let scope = Scope { visible, users: &filter.users, teams: &filter.teams, organisations: &filter.organisations };
        let source = source(&scope, filter, dimensions)?;
        let mut binds = Binds::default();
        let all = conditions(source, &scope, filter, &mut binds);
        let sql = statement(source, dimensions, &all, limit.clamp(1, LONGEST_REPORT));
        let rows = self.read(&sql, binds).await?;
        let rows = rows.iter().map(|row| line(row, dimensions)).collect::<Result<Vec<_>, _>>()?;
        // Without groups, the sum of nothing is a line too.
        Ok(rows.into_iter().flatten().collect())
    }

    /// What these users, teams, organisations, customers or tags used, ever. Those that used nothing are left out.
    pub async fn totals_of(&self, kind: TotalsOf, ids: &[String]) -> Result<HashMap<String, Totals>, StoreError> {
        let (table, id) = match kind {
            TotalsOf::User => (OWNED, "user_id"),
            TotalsOf::Team => (OWNED, "team_id"),
            TotalsOf::Organisation => (OWNED, "organisation_id"),
            TotalsOf::Customer => ("customer_totals", "customer"),
            TotalsOf::Tag => ("tag_totals", "tag"),
        };
        let mut totals = HashMap::new();
        for ids in ids.chunks(IDS) {
            let mut binds = Binds::default();
            let Some(among) = binds.among(id, ids.iter().map(String::as_str)) else { continue };
            let sql = format!(
                "SELECT {id}, CAST(SUM(calls) AS BIGINT), CAST(SUM(refused) AS BIGINT), \
                        CAST(SUM(spent_nanos) AS BIGINT), MAX(last_used_at) FROM {table} WHERE {among} GROUP BY {id}"
            );
            for row in self.read(&sql, binds).await? {
                let total = Totals {
                    calls: row.try_get_by_index(1)?,
                    refused: row.try_get_by_index(2)?,
                    spent: Nanos(row.try_get_by_index(3)?),
                    last_used_at: Some(Timestamp(row.try_get_by_index(4)?)),
                };
                totals.insert(row.try_get_by_index(0)?, total);
            }
        }
        Ok(totals)
    }
}

const OWNED: &str = "ownership_totals JOIN ownerships ON ownerships.id = ownership_totals.ownership_id";

fn statement(source: Source, dimensions: &[Dimension], all: &All, limit: u32) -> String {
    let sums = sums();
    let names: Vec<String> = (0..dimensions.len()).map(|place| format!("d{place}")).collect();
    let mut plain = Vec::new();
    let mut owned = Vec::new();
    for (dimension, name) in dimensions.iter().zip(&names) {
        match column(source, *dimension) {
            Some(column) => plain.push((column, name.as_str())),
            None => owned.push((owner(*dimension), name.as_str())),
        }
    }
    let list =
        |of: &[(&str, &str)]| of.iter().map(|(column, name)| format!("{column} AS {name}, ")).collect::<String>();
    let mut grouped: Vec<&str> = plain.iter().map(|(_, name)| *name).collect();
    let group_by =
        |names: &[&str]| if names.is_empty() { String::new() } else { format!(" GROUP BY {}", names.join(", ")) };
    let table = source.table;
    // Added up by ownership first: there are far fewer of them than rows.
    let from = if owned.is_empty() {
        // The names of columns are not those of the groups: the inner select names them for both databases.
        format!("(SELECT {}{} FROM {table} WHERE {all}) AS lines", list(&plain), MEASURES.join(", "))
    } else {
        let mut inner = grouped.clone();
        inner.push("ownership_id");
        let lines = format!("SELECT {}ownership_id, {} FROM {table} WHERE {all}", list(&plain), MEASURES.join(", "));
        let owners: String =
            owned.iter().map(|(column, name)| format!("COALESCE(ownerships.{column}, '') AS {name}, ")).collect();
        let plain: String = grouped.iter().map(|name| format!("{name}, ")).collect();
        grouped = names.iter().map(String::as_str).collect();
        format!(
            "(SELECT {plain}{owners}{} FROM (SELECT {plain}ownership_id, {sums} FROM ({lines}) AS lines{}) AS sums \
             LEFT JOIN ownerships ON ownerships.id = sums.ownership_id) AS owned",
            MEASURES.join(", "),
            group_by(&inner),
        )
    };
    let chosen: String = names.iter().map(|name| format!("{name}, ")).collect();
    let order: String = names.iter().map(|name| format!(", {name}")).collect();
    format!(
        "SELECT {chosen}{sums} FROM {from}{} ORDER BY cost_nanos DESC, calls DESC{order} LIMIT {limit}",
        group_by(&grouped)
    )
}

fn line(row: &QueryResult, dimensions: &[Dimension]) -> Result<Option<UsageRow>, sea_orm::DbErr> {
    let mut group = Vec::with_capacity(dimensions.len());
    for (place, dimension) in dimensions.iter().enumerate() {
        group.push(match dimension {
            Dimension::Day => {
                let day: i64 = row.try_get_by_index(place)?;
                let start = Timestamp(day.saturating_mul(24 * Timestamp::MICROS_PER_HOUR));
                start.to_datetime().date_naive().to_string()
            }
            _ => row.try_get_by_index(place)?,
        });
    }
    let mut values = [0_i64; MEASURES.len()];
    for (place, value) in values.iter_mut().enumerate() {
        let Some(sum) = row.try_get_by_index::<Option<i64>>(dimensions.len() + place)? else { return Ok(None) };
        *value = sum;
    }
    let [calls, errors, refused, uncertain, input, output, cache_read, cache_write, cost] = values;
    let measures = Measures {
        calls,
        errors,
        refused,
        uncertain,
        input_tokens: input,
        output_tokens: output,
        cache_read_tokens: cache_read,
        cache_write_tokens: cache_write,
        cost: Nanos(cost),
    };
    Ok(Some(UsageRow { group, measures }))
}
