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

/// The columns of sums.
pub const MEASURES: [&str; 9] = [
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

/// A rollup, and the hours or days of it that are read, both ends included.
#[derive(Clone, Copy, Debug)]
struct Part {
    table: &'static str,
    hourly: bool,
    first: i64,
    last: i64,
}

impl Part {
    fn time(self) -> &'static str {
        if self.hourly { "hour" } else { "day" }
    }
}

/// The smallest tables that can answer: together every hour once.
fn parts(scope: &Scope<'_>, filter: &UsageFilter, dimensions: &[Dimension]) -> Result<Vec<Part>, StoreError> {
    let customers = !filter.customers.is_empty() || dimensions.contains(&Dimension::Customer);
    let tags = !filter.tags.is_empty() || dimensions.contains(&Dimension::Tag);
    let only = |kept: &[Dimension]| dimensions.iter().all(|dimension| kept.contains(dimension));
    let (first, last) = (filter.since.hour(), Timestamp(filter.until.0.saturating_sub(1)).hour());
    let hours = |table, first, last| Part { table, hourly: true, first, last };
    let days = |table, first, last| Part { table, hourly: false, first, last };
    let all_days = |table| vec![days(table, first.div_euclid(24), last.div_euclid(24))];
    match (customers, tags) {
        (true, true) => return Err(StoreError::Unsupported("sums of both customers and tags")),
        (true, false) => return Ok(all_days("customer_days")),
        (false, true) => return Ok(all_days("tag_days")),
        (false, false) => {}
    }
    let (any_key, any_provider) = (filter.keys.is_empty(), filter.providers.is_empty());
    if scope.is_all() && any_key && any_provider && only(&[Dimension::Day, Dimension::Model]) {
        return Ok(vec![hours("model_hours", first, last)]);
    }
    let by_key = scope.is_all() && filter.models.is_empty() && any_provider && only(&[Dimension::Day, Dimension::Key]);
    // Whole days have fewer rows than their hours.
    let (first_day, end_day) = ((first + 23).div_euclid(24), (last + 1).div_euclid(24));
    if first_day >= end_day {
        return Ok(vec![hours("usage_hours", first, last)]);
    }
    let parts = [
        hours("usage_hours", first, first_day * 24 - 1),
        days(if by_key { "key_days" } else { "usage_days" }, first_day, end_day - 1),
        hours("usage_hours", end_day * 24, last),
    ];
    Ok(parts.into_iter().filter(|part| part.first <= part.last).collect())
}

/// How a dimension is read from a rollup; `None`: through the ownership.
fn column(part: Part, dimension: Dimension) -> Option<&'static str> {
    match dimension {
        Dimension::Day => Some(if part.hourly { "hour / 24" } else { "day" }),
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

fn conditions(part: Part, scope: &Scope<'_>, filter: &UsageFilter, binds: &mut Binds) -> All {
    let mut all = All::default();
    all.add(format!("{} >= {}", part.time(), binds.add(part.first)));
    all.add(format!("{} <= {}", part.time(), binds.add(part.last)));
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
        let mut binds = Binds::default();
        let parts = parts(&scope, filter, dimensions)?
            .into_iter()
            .map(|part| (part, conditions(part, &scope, filter, &mut binds)))
            .collect::<Vec<_>>();
        let sql = statement(&parts, dimensions, limit.clamp(1, LONGEST_REPORT));
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

/// What is read of the rollups, with the dimensions named `d0`, `d1` and so on; those of owners are left to the ownership.
fn lines(parts: &[(Part, All)], dimensions: &[Dimension], owned: bool) -> String {
    let select = |(part, all): &(Part, All)| {
        let columns: String = dimensions
            .iter()
            .enumerate()
            .filter_map(|(place, dimension)| Some(format!("{} AS d{place}, ", column(*part, *dimension)?)))
            .collect();
        let owner = if owned { "ownership_id, " } else { "" };
        format!("SELECT {columns}{owner}{} FROM {} WHERE {all}", MEASURES.join(", "), part.table)
    };
    parts.iter().map(select).collect::<Vec<_>>().join(" UNION ALL ")
}

fn statement(parts: &[(Part, All)], dimensions: &[Dimension], limit: u32) -> String {
    let sums = sums();
    let names: Vec<String> = (0..dimensions.len()).map(|place| format!("d{place}")).collect();
    let is_owned =
        |dimension: &Dimension| matches!(dimension, Dimension::User | Dimension::Team | Dimension::Organisation);
    let owned = dimensions.iter().any(is_owned);
    let lines = lines(parts, dimensions, owned);
    let group_by =
        |names: &[&str]| if names.is_empty() { String::new() } else { format!(" GROUP BY {}", names.join(", ")) };
    // Added up by ownership first: there are far fewer of them than rows.
    let from = if owned {
        let named = || dimensions.iter().zip(&names);
        let plain: Vec<&str> = named().filter(|(d, _)| !is_owned(d)).map(|(_, name)| name.as_str()).collect();
        let owners: String = named()
            .filter(|(dimension, _)| is_owned(dimension))
            .map(|(dimension, name)| format!("COALESCE(ownerships.{}, '') AS {name}, ", owner(*dimension)))
            .collect();
        let inner = [&plain[..], &["ownership_id"]].concat();
        let plain: String = plain.iter().map(|name| format!("{name}, ")).collect();
        format!(
            "(SELECT {plain}{owners}{} FROM (SELECT {plain}ownership_id, {sums} FROM ({lines}) AS lines{}) AS sums \
             LEFT JOIN ownerships ON ownerships.id = sums.ownership_id) AS owned",
            MEASURES.join(", "),
            group_by(&inner),
        )
    } else {
        // The names of columns are not those of the groups: the inner select names them for both databases.
        format!("({lines}) AS lines")
    };
    let chosen: String = names.iter().map(|name| format!("{name}, ")).collect();
    let order: String = names.iter().map(|name| format!(", {name}")).collect();
    let grouped: Vec<&str> = names.iter().map(String::as_str).collect();
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
