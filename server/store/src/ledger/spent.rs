//! What accounts spent in stretches of time: whole days and hours from the sums, the ragged edges from the charges.

use tollgate_domain::ledger::{AccountKey, AccountKind, Needed, Span};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::{Nanos, Timestamp};

use super::rollup::CEILING;
use super::rows::indexed;
use crate::calls::{column_between, ids_between};
use crate::sql::{All, Binds};
use crate::{Store, StoreError};

const HOUR: i64 = Timestamp::MICROS_PER_HOUR;
const DAY: i64 = 24 * HOUR;

/// A stretch of time in microseconds, from `since` until before `until`; `None`: without an end on that side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    since: Option<i64>,
    until: Option<i64>,
}

impl Stretch {
    pub(super) fn of(span: Span) -> Self {
        let Span { start: Timestamp(since), end: Timestamp(until) } = span;
        Self { since: (since != i64::MIN).then_some(since), until: (until != i64::MAX).then_some(until) }
    }

    fn is_empty(self) -> bool {
        self.since.zip(self.until).is_some_and(|(since, until)| since >= until)
    }

    fn is_everything(self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// What of it lies within a day.
    fn within_day(self, day: i64) -> Self {
        let (start, end) = (day.saturating_mul(DAY), day.saturating_add(1).saturating_mul(DAY));
        let since = self.since.map_or(start, |since| since.max(start));
        let until = self.until.map_or(end, |until| until.min(end));
        Self { since: Some(since), until: Some(until) }
    }
}

/// A table of sums by the hour or the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rollup {
    table: &'static str,
    /// Its column for the time.
    time: &'static str,
    /// Microseconds that a row stands for.
    length: i64,
}

const fn days(table: &'static str) -> Rollup {
    Rollup { table, time: "day", length: DAY }
}

const fn hours(table: &'static str) -> Rollup {
    Rollup { table, time: "hour", length: HOUR }
}

/// What is read for a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// All that the account ever spent: table and column.
    Ever(&'static str, &'static str),
    /// Rows of a table of sums, from `since` until before `until`, in its hours or days.
    Sums(Rollup, Stretch),
    Charges(Stretch),
}

/// Splits a stretch into whole rows of the coarsest table, of the finer ones at both edges, and charges for the rest:
/// together every moment once.
fn split(stretch: Stretch, rollups: &[Rollup], parts: &mut Vec<Part>) {
    if stretch.is_empty() {
        return;
    }
    let Some((rollup, finer)) = rollups.split_first() else {
        parts.push(Part::Charges(stretch));
        return;
    };
    // Rounded up, and down.
    let whole = Stretch {
        since: stretch.since.map(|since| -(-since).div_euclid(rollup.length)),
        until: stretch.until.map(|until| until.div_euclid(rollup.length)),
    };
    if whole.is_empty() {
        return split(stretch, finer, parts);
    }
    let moment = |place: i64| place.saturating_mul(rollup.length);
    if stretch.since.is_some() {
        split(Stretch { since: stretch.since, until: whole.since.map(moment) }, finer, parts);
    }
    parts.push(Part::Sums(*rollup, whole));
    if stretch.until.is_some() {
        split(Stretch { since: whole.until.map(moment), until: stretch.until }, finer, parts);
    }
}

/// The tables that tell what accounts of a kind spent, coarsest first.
fn rollups(kind: AccountKind) -> &'static [Rollup] {
    const MODELS: &[Rollup] = &[hours("model_hours")];
    const USAGE: &[Rollup] = &[days("usage_days"), hours("usage_hours")];
    const CUSTOMERS: &[Rollup] = &[days("customer_days")];
    const TAGS: &[Rollup] = &[days("tag_days")];
    match kind {
        AccountKind::Gateway => MODELS,
        AccountKind::Customer => CUSTOMERS,
        AccountKind::Tag => TAGS,
        AccountKind::Deployment => &[],
        AccountKind::Organisation
        | AccountKind::Team
        | AccountKind::Membership
        | AccountKind::User
        | AccountKind::Person
        | AccountKind::Key
        | AccountKind::Provider => USAGE,
    }
}

/// The table that tells what accounts of a kind spent, ever.
fn totals(kind: AccountKind) -> Option<Part> {
    match kind {
        AccountKind::Organisation
        | AccountKind::Team
        | AccountKind::Membership
        | AccountKind::User
        | AccountKind::Person => Some(Part::Ever("ownership_totals", "ownership_id")),
        AccountKind::Key => Some(Part::Ever("key_totals", "key_id")),
        AccountKind::Customer => Some(Part::Ever("customer_totals", "customer")),
        AccountKind::Tag => Some(Part::Ever("tag_totals", "tag")),
        AccountKind::Gateway | AccountKind::Provider | AccountKind::Deployment => None,
    }
}

/// Which ownerships an account has its charges through; `None`: it is none of those that have.
pub(super) fn owners(account: &AccountKey, binds: &mut Binds) -> Option<String> {
    let id = &*account.id;
    // That the column is not empty is said for the index that has only such rows.
    let condition = match account.kind {
        AccountKind::Organisation => format!("organisation_id = {} AND organisation_id <> ''", binds.add(id)),
        AccountKind::Team => format!("team_id = {} AND team_id <> ''", binds.add(id)),
        // A person's own account is for personal keys.
        AccountKind::User => format!("user_id = {} AND team_id = ''", binds.add(id)),
        AccountKind::Person => format!("user_id = {} AND user_id <> ''", binds.add(id)),
        AccountKind::Membership => {
            // `team:TEAM:USER`, and both may have colons: whatever follows one may be the user.
            let users =
                id.match_indices(':').skip(1).map(|(place, _)| &id[place + 1..]).filter(|user| !user.is_empty());
            let users = binds.among("user_id", users).unwrap_or_else(|| "1 = 0".to_owned());
            format!("{users} AND team_id <> '' AND 'team:' || team_id || ':' || user_id = {}", binds.add(id))
        }
        _ => return None,
    };
    Some(format!("ownership_id IN (SELECT id FROM ownerships WHERE {condition})"))
}

impl Part {
    /// The statement that reads sums by model, or one sum under an empty name.
    fn statement(self, account: &AccountKey, binds: &mut Binds) -> String {
        let mut all = All::default();
        let owned = owners(account, binds);
        let id = &*indexed(&account.id);
        let (from, amount) = match self {
            Self::Ever(table, column) => {
                all.add(owned.unwrap_or_else(|| format!("{column} = {}", binds.add(id))));
                (table, "spent_nanos".to_owned())
            }
            Self::Sums(rollup, Stretch { since, until }) => {
                let column = match account.kind {
                    AccountKind::Key => Some("key_id"),
                    AccountKind::Customer => Some("customer"),
                    AccountKind::Tag => Some("tag"),
                    AccountKind::Provider => Some("provider"),
                    _ => None,
                };
                all.add_option(column.map(|column| format!("{column} = {}", binds.add(id))));
                all.add_option(owned);
                all.add_option(since.map(|since| format!("{} >= {}", rollup.time, binds.add(since))));
                all.add_option(until.map(|until| format!("{} < {}", rollup.time, binds.add(until))));
                (rollup.table, "cost_nanos".to_owned())
            }
            Self::Charges(stretch) => {
                let from = charges(account, owned, id, stretch, binds, &mut all);
                (from, format!("CASE WHEN cost_nanos > {CEILING} THEN {CEILING} ELSE cost_nanos END"))
            }
        };
        let (model, group_by) = if account.model.is_some() { ("model", " GROUP BY model") } else { ("''", "") };
        // SUM is NUMERIC on PostgreSQL: without the cast no integer comes back.
        format!("SELECT {model}, CAST(COALESCE(SUM({amount}), 0) AS BIGINT) FROM {from} WHERE {all}{group_by}")
    }
}

/// Adds the conditions on charges, and tells where they are read from.
pub(super) fn charges(
    account: &AccountKey,
    owned: Option<String>,
    id: &str,
    stretch: Stretch,
    binds: &mut Binds,
    all: &mut All,
) -> &'static str {
    let (since, until) = (stretch.since.map(Timestamp), stretch.until.map(Timestamp));
    all.add(ids_between(binds, since, until).to_string());
    all.add_option(stretch.since.map(|since| format!("started_at >= {}", binds.add(since))));
    all.add_option(stretch.until.map(|until| format!("started_at < {}", binds.add(until))));
    // Word for word the condition of the index.
    all.add_option(owned.map(|owned| format!("ownership_id <> 0 AND {owned}")));
    let column = match account.kind {
        AccountKind::Key => "key_id",
        AccountKind::Customer => "end_user",
        AccountKind::Provider => "provider",
        AccountKind::Deployment => "deployment_id",
        AccountKind::Tag => {
            all.add(format!("tag = {}", binds.add(id)));
            all.add(column_between("charge_id", binds, since, until).to_string());
            all.add("id = charge_id".to_owned());
            // In this order: SQLite keeps to it with CROSS JOIN.
            return "charge_tags CROSS JOIN charges";
        }
        _ => return "charges",
    };
    all.add(format!("{column} = {}", binds.add(id)));
    "charges"
}

impl Store {
    /// What each account spent in its span, in the order of `needed`: the costs of the charges that are in the database
    /// and began within the span. One with a model counts the charges whose model it is, or matches its pattern.
    ///
    /// Each account's sum is of one moment, but a deployment's, whose charges are read a day at a time: nothing but
    /// charges knows it.
    pub async fn spent(&self, needed: &[Needed]) -> Result<Vec<Nanos>, StoreError> {
        let mut sums = Vec::with_capacity(needed.len());
        for Needed { account, span, .. } in needed {
            sums.push(self.spent_by(account, Stretch::of(*span)).await?);
        }
        Ok(sums)
    }

    async fn spent_by(&self, account: &AccountKey, stretch: Stretch) -> Result<Nanos, StoreError> {
        let parts = self.parts(account, stretch).await?;
        // A deployment's days one by one: each is bounded in time.
        let at_once = if account.kind == AccountKind::Deployment { 1 } else { parts.len().max(1) };
        let pattern = account.model.as_deref().map(ModelPattern::new);
        let mut sum = Nanos::ZERO;
        for parts in parts.chunks(at_once) {
            let mut binds = Binds::default();
            let statements: Vec<_> = parts.iter().map(|part| part.statement(account, &mut binds)).collect();
            for row in self.read(&statements.join(" UNION ALL "), binds).await? {
                let (model, spent): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
                if pattern.as_ref().is_none_or(|pattern| pattern.matches(&model)) {
                    sum = Nanos(sum.0.saturating_add(spent));
                }
            }
        }
        Ok(sum)
    }

    async fn parts(&self, account: &AccountKey, stretch: Stretch) -> Result<Vec<Part>, StoreError> {
        if account.kind == AccountKind::Deployment {
            return Ok(self.busy_days(stretch).await?.into_iter().map(Part::Charges).collect());
        }
        let ever = totals(account.kind).filter(|_| stretch.is_everything() && account.model.is_none());
        let mut parts = Vec::from_iter(ever);
        if parts.is_empty() {
            split(stretch, rollups(account.kind), &mut parts);
        }
        Ok(parts)
    }

    /// The days of a stretch in which there were calls.
    async fn busy_days(&self, stretch: Stretch) -> Result<Vec<Stretch>, StoreError> {
        if stretch.is_empty() {
            return Ok(Vec::new());
        }
        let mut binds = Binds::default();
        let mut all = All::default();
        all.add_option(stretch.since.map(|since| format!("day >= {}", binds.add(since.div_euclid(DAY)))));
        all.add_option(stretch.until.map(|until| format!("day <= {}", binds.add((until - 1).div_euclid(DAY)))));
        let rows = self.read(&format!("SELECT DISTINCT day FROM key_days WHERE {all} ORDER BY day"), binds).await?;
        rows.iter().map(|row| Ok(stretch.within_day(row.try_get_by_index(0)?))).collect()
    }
}

#[cfg(test)]
mod tests;
