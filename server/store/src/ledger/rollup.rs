//! The sums over the ledger: added up in memory, then added to what the tables hold.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use tollgate_domain::charge::{Charge, Outcome, Refusal};
use tollgate_domain::ids::KeyId;
use tollgate_domain::usage::Certainty;

use super::bulk::{Arguments, Bulk, Connection};
use super::rows::{indexed, tokens};
use crate::{StoreError, latency};

/// Where sums stop (100 million dollars, or so many tokens, in one hour of one key and model): a provider that reports
/// nonsense must not make the sums of sums overflow.
pub const CEILING: i64 = 100_000_000_000_000_000;

/// What is added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Measures {
    calls: i64,
    errors: i64,
    refused: i64,
    uncertain: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost_nanos: i64,
}

impl Measures {
    fn add_charge(&mut self, charge: &Charge) {
        let add = |sum: &mut i64, value: i64| *sum = sum.saturating_add(value).clamp(-CEILING, CEILING);
        self.calls += 1;
        self.errors += i64::from(charge.outcome != Outcome::Success);
        self.uncertain += i64::from(charge.certainty != Certainty::Measured);
        add(&mut self.input_tokens, tokens(charge.usage.input));
        add(&mut self.output_tokens, tokens(charge.usage.output));
        add(&mut self.cost_nanos, charge.cost.0);
    }

    fn bind(&self, arguments: &mut Arguments) {
        for value in [
            self.calls,
            self.errors,
            self.refused,
            self.uncertain,
            self.input_tokens,
            self.output_tokens,
            self.cost_nanos,
        ] {
            arguments.int(value);
        }
    }
}

/// A key's sums over all time.
#[derive(Clone, Copy, Debug, Default)]
struct KeyTotal {
    calls: i64,
    refused: i64,
    spent_nanos: i64,
    last_used_at: i64,
}

/// The distinct texts of a batch, sorted: their places stand for them while sums are added up, and sort as they do.
#[derive(Debug)]
struct Names<'a>(Vec<Cow<'a, str>>);

impl<'a> Names<'a> {
    fn of(charges: &[&'a Charge]) -> Self {
        let mut distinct: HashSet<&str> = HashSet::from([""]);
        for charge in charges {
            distinct.extend([charge.model.as_str(), charge.provider.as_str()]);
        }
        // Cut to the length that is kept, two may have become one.
        let mut names: Vec<_> = distinct.into_iter().map(indexed).collect();
        names.sort_unstable();
        names.dedup();
        Self(names)
    }

    fn place(&self, text: &str) -> usize {
        // Every text is there: the empty one's place is never needed.
        self.0.binary_search_by(|name| name.as_ref().cmp(&indexed(text))).unwrap_or_default()
    }

    fn text(&self, place: usize) -> &str {
        self.0.get(place).map_or("", |name| name)
    }
}

/// The place of the empty text, which sorts before every other.
const NONE: usize = 0;

/// What a batch adds to every sum. Sorted: writers that touch the same rows lock them in the same order.
#[derive(Debug)]
pub struct Rollup<'a> {
    names: Names<'a>,
    /// Hour, key, model and provider.
    usage_hours: BTreeMap<(i64, Option<KeyId>, usize, usize), Measures>,
    model_hours: BTreeMap<(i64, usize), Measures>,
    key_days: BTreeMap<(i64, Option<KeyId>), Measures>,
    latency_hours: BTreeMap<(usize, i64, u8), i64>,
    key_totals: BTreeMap<Option<KeyId>, KeyTotal>,
}

impl<'a> Rollup<'a> {
    pub fn of(charges: impl IntoIterator<Item = &'a Charge>, refusals: impl IntoIterator<Item = &'a Refusal>) -> Self {
        let charges: Vec<_> = charges.into_iter().collect();
        let mut rollup = Self {
            names: Names::of(&charges),
            usage_hours: BTreeMap::new(),
            model_hours: BTreeMap::new(),
            key_days: BTreeMap::new(),
            latency_hours: BTreeMap::new(),
            key_totals: BTreeMap::new(),
        };
        for charge in charges {
            let (key, hour) = (charge.key_id, charge.started_at.hour());
            let (model, provider) = (rollup.names.place(&charge.model), rollup.names.place(&charge.provider));
            rollup.usage_hours.entry((hour, key, model, provider)).or_default().add_charge(charge);
            rollup.model_hours.entry((hour, model)).or_default().add_charge(charge);
            rollup.key_days.entry((hour.div_euclid(24), key)).or_default().add_charge(charge);
            let bucket = latency::bucket(charge.duration_us);
            // The empty model is every model together.
            *rollup.latency_hours.entry((NONE, hour, bucket)).or_default() += 1;
            if model != NONE {
                *rollup.latency_hours.entry((model, hour, bucket)).or_default() += 1;
            }
            let total = rollup.key_totals.entry(key).or_default();
            total.calls += 1;
            total.spent_nanos = total.spent_nanos.saturating_add(charge.cost.0).clamp(-CEILING, CEILING);
            total.last_used_at = total.last_used_at.max(charge.started_at.0);
        }
        // Without the model that was asked for: it is whatever a caller wrote, and would fill the tables.
        for refusal in refusals {
            let (key, hour) = (refusal.key_id, refusal.at.hour());
            rollup.usage_hours.entry((hour, key, NONE, NONE)).or_default().refused += 1;
            rollup.model_hours.entry((hour, NONE)).or_default().refused += 1;
            rollup.key_days.entry((hour.div_euclid(24), key)).or_default().refused += 1;
            let total = rollup.key_totals.entry(key).or_default();
            total.refused += 1;
            total.last_used_at = total.last_used_at.max(refusal.at.0);
        }
        rollup
    }

    pub async fn write(self, tx: &mut Connection) -> Result<(), StoreError> {
        let names = &self.names;
        let rows: Vec<_> = self.usage_hours.into_iter().collect();
        USAGE_HOURS
            .insert(tx, &rows, |arguments, &((hour, key, model, provider), sums)| {
                arguments.int(hour);
                arguments.key(key);
                arguments.text(names.text(model));
                arguments.text(names.text(provider));
                sums.bind(arguments);
            })
            .await?;
        let rows: Vec<_> = self.model_hours.into_iter().collect();
        MODEL_HOURS
            .insert(tx, &rows, |arguments, &((hour, model), sums)| {
                arguments.int(hour);
                arguments.text(names.text(model));
                sums.bind(arguments);
            })
            .await?;
        let rows: Vec<_> = self.key_days.into_iter().collect();
        KEY_DAYS
            .insert(tx, &rows, |arguments, &((day, key), sums)| {
                arguments.int(day);
                arguments.key(key);
                sums.bind(arguments);
            })
            .await?;
        let rows: Vec<_> = self.latency_hours.into_iter().collect();
        LATENCY_HOURS
            .insert(tx, &rows, |arguments, &((model, hour, bucket), calls)| {
                arguments.text(names.text(model));
                arguments.int(hour);
                arguments.small(i16::from(bucket));
                arguments.int(calls);
            })
            .await?;
        let rows: Vec<_> = self.key_totals.into_iter().collect();
        KEY_TOTALS
            .insert(tx, &rows, |arguments, &(key, total)| {
                arguments.key(key);
                arguments.int(total.calls);
                arguments.int(total.refused);
                arguments.int(total.spent_nanos);
                arguments.int(total.last_used_at);
            })
            .await
            .map(drop)
    }
}

/// `DO UPDATE` that adds the measures to what the table has, up to [`CEILING`].
macro_rules! add_measures {
    ($table:literal, $key:literal) => {
        concat!(
            "(",
            $key,
            ") DO UPDATE SET ",
            add_measures!(@sum $table, "calls"),
            ", ",
            add_measures!(@sum $table, "errors"),
            ", ",
            add_measures!(@sum $table, "refused"),
            ", ",
            add_measures!(@sum $table, "uncertain"),
            ", ",
            add_measures!(@sum $table, "input_tokens"),
            ", ",
            add_measures!(@sum $table, "output_tokens"),
            ", ",
            add_measures!(@sum $table, "cost_nanos"),
        )
    };
    (@sum $table:literal, $column:literal) => {
        concat!($column, " = {least}(100000000000000000, ", $table, ".", $column, " + excluded.", $column, ")")
    };
}

const USAGE_HOURS: Bulk = Bulk {
    table: "usage_hours",
    columns: &[
        "hour",
        "key_id",
        "model",
        "provider",
        "calls",
        "errors",
        "refused",
        "uncertain",
        "input_tokens",
        "output_tokens",
        "cost_nanos",
    ],
    conflict: add_measures!("usage_hours", "hour, key_id, model, provider"),
};

const MODEL_HOURS: Bulk = Bulk {
    table: "model_hours",
    columns: &[
        "hour",
        "model",
        "calls",
        "errors",
        "refused",
        "uncertain",
        "input_tokens",
        "output_tokens",
        "cost_nanos",
    ],
    conflict: add_measures!("model_hours", "hour, model"),
};

const KEY_DAYS: Bulk = Bulk {
    table: "key_days",
    columns: &[
        "day",
        "key_id",
        "calls",
        "errors",
        "refused",
        "uncertain",
        "input_tokens",
        "output_tokens",
        "cost_nanos",
    ],
    conflict: add_measures!("key_days", "day, key_id"),
};

const LATENCY_HOURS: Bulk = Bulk {
    table: "latency_hours",
    columns: &["model", "hour", "bucket", "calls"],
    conflict: "(model, hour, bucket) DO UPDATE SET calls = latency_hours.calls + excluded.calls",
};

const KEY_TOTALS: Bulk = Bulk {
    table: "key_totals",
    columns: &["key_id", "calls", "refused", "spent_nanos", "last_used_at"],
    conflict: "(key_id) DO UPDATE SET calls = key_totals.calls + excluded.calls, \
               refused = key_totals.refused + excluded.refused, \
               spent_nanos = {least}(100000000000000000, key_totals.spent_nanos + excluded.spent_nanos), \
               last_used_at = {greatest}(key_totals.last_used_at, excluded.last_used_at)",
};
