//! The sums over the ledger: added up in memory, then added to what the tables hold.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use tollgate_domain::charge::{CallKey, Charge, Outcome, Refusal};
use tollgate_domain::usage::Certainty;

use super::bulk::{Arguments, Bulk, Connection};
use super::rows::{indexed, tokens};
use super::sums;
use crate::{StoreError, latency};

/// Where sums stop (100 million dollars, or so many tokens, in one hour of one key and model): a provider that reports
/// nonsense must not make the sums of sums overflow.
pub const CEILING: i64 = 100_000_000_000_000_000;

fn add(sum: &mut i64, value: i64) {
    *sum = sum.saturating_add(value).clamp(-CEILING, CEILING);
}

/// What is added up.
#[derive(Clone, Copy, Debug, Default)]
struct Measures {
    calls: i64,
    errors: i64,
    refused: i64,
    uncertain: i64,
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_write_tokens: i64,
    cost_nanos: i64,
    /// Of the last call or refusal; only totals keep it.
    last_at: i64,
}

impl Measures {
    fn add_charge(&mut self, charge: &Charge) {
        let usage = &charge.usage;
        self.calls += 1;
        self.errors += i64::from(charge.outcome != Outcome::Success);
        self.uncertain += i64::from(charge.certainty != Certainty::Measured);
        add(&mut self.input_tokens, tokens(usage.input));
        add(&mut self.output_tokens, tokens(usage.output));
        add(&mut self.cache_read_tokens, tokens(usage.cache_read));
        add(&mut self.cache_write_tokens, tokens(usage.cache_write.saturating_add(usage.cache_write_1h)));
        add(&mut self.cost_nanos, charge.cost.0);
        self.last_at = self.last_at.max(charge.started_at.0);
    }

    /// An adjusting entry is no call, and used nothing: it is money alone.
    fn add_adjustment(&mut self, entry: &Charge) {
        add(&mut self.cost_nanos, entry.cost.0);
    }

    fn add_refusal(&mut self, refusal: &Refusal) {
        self.refused += 1;
        self.last_at = self.last_at.max(refusal.at.0);
    }

    fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.refused += other.refused;
        self.uncertain += other.uncertain;
        add(&mut self.input_tokens, other.input_tokens);
        add(&mut self.output_tokens, other.output_tokens);
        add(&mut self.cache_read_tokens, other.cache_read_tokens);
        add(&mut self.cache_write_tokens, other.cache_write_tokens);
        add(&mut self.cost_nanos, other.cost_nanos);
        self.last_at = self.last_at.max(other.last_at);
    }

    /// In the order of [`sums`]' columns.
    fn bind(&self, arguments: &mut Arguments) {
        for value in [
            self.calls,
            self.errors,
            self.refused,
            self.uncertain,
            self.input_tokens,
            self.output_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens,
            self.cost_nanos,
        ] {
            arguments.int(value);
        }
    }

    fn bind_total(&self, arguments: &mut Arguments) {
        for value in [self.calls, self.refused, self.cost_nanos, self.last_at] {
            arguments.int(value);
        }
    }
}

/// The distinct texts of a batch, sorted: their places stand for them while sums are added up, and sort as they do.
#[derive(Debug)]
struct Names<'a>(Vec<Cow<'a, str>>);

impl<'a> Names<'a> {
    fn of(charges: &[&'a Charge]) -> Self {
        let mut distinct: HashSet<&str> = HashSet::from([""]);
        for charge in charges {
            distinct.extend([&*charge.model, &*charge.provider]);
            distinct.extend(charge.end_user.as_deref());
            distinct.extend(charge.tags.iter().map(String::as_str));
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

/// Who called what, as far as sums are told apart by it. Without a key, refusals of calls that showed none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    key: Option<CallKey>,
    ownership: i64,
    model: usize,
    provider: usize,
}

/// What a batch adds to every sum. Sorted: writers that touch the same rows lock them in the same order.
#[derive(Debug)]
pub struct Rollup<'a> {
    names: Names<'a>,
    hours: BTreeMap<(i64, Group), Measures>,
    customer_days: BTreeMap<(i64, usize, Group), Measures>,
    tag_days: BTreeMap<(i64, usize, Group), Measures>,
    /// By model, hour and bucket.
    latencies: BTreeMap<(usize, i64, u8), i64>,
}

impl<'a> Rollup<'a> {
    pub fn of(charges: impl IntoIterator<Item = &'a Charge>, refusals: impl IntoIterator<Item = &'a Refusal>) -> Self {
        let mut sums = Self::of_lines(charges.into_iter().collect(), Measures::add_charge, true);
        // Without the model that was asked for: it is whatever a caller wrote, and would fill the tables.
        for refusal in refusals {
            let group = Group { key: refusal.key, ownership: refusal.ownership_id, model: NONE, provider: NONE };
            sums.hours.entry((refusal.at.hour(), group)).or_default().add_refusal(refusal);
        }
        sums
    }

    pub fn of_adjustments(entries: impl IntoIterator<Item = &'a Charge>) -> Self {
        Self::of_lines(entries.into_iter().collect(), Measures::add_adjustment, false)
    }

    fn of_lines(charges: Vec<&'a Charge>, add: fn(&mut Measures, &Charge), calls: bool) -> Self {
        let names = Names::of(&charges);
        let mut hours: BTreeMap<_, Measures> = BTreeMap::new();
        let mut customer_days: BTreeMap<_, Measures> = BTreeMap::new();
        let mut tag_days: BTreeMap<_, Measures> = BTreeMap::new();
        let mut latencies = BTreeMap::new();
        for charge in charges {
            let hour = charge.started_at.hour();
            let day = hour.div_euclid(24);
            let model = names.place(&charge.model);
            let group = Group {
                key: Some(charge.key()),
                ownership: charge.ownership_id,
                model,
                provider: names.place(&charge.provider),
            };
            add(hours.entry((hour, group)).or_default(), charge);
            if let Some(customer) = &charge.end_user {
                add(customer_days.entry((day, names.place(customer), group)).or_default(), charge);
            }
            for tag in &charge.tags {
                add(tag_days.entry((day, names.place(tag), group)).or_default(), charge);
            }
            if calls {
                *latencies.entry((model, hour, latency::bucket(charge.duration_us))).or_default() += 1;
            }
        }
        Self { names, hours, customer_days, tag_days, latencies }
    }

    pub async fn write(&self, tx: &mut Connection) -> Result<(), StoreError> {
        let names = &self.names;
        write(tx, sums::USAGE_HOURS, &self.hours, |arguments, (hour, group)| {
            arguments.int(*hour);
            bind_group(arguments, names, group);
        })
        .await?;
        let days = gather(&self.hours, |(hour, group)| Some((hour.div_euclid(24), *group)));
        write(tx, sums::USAGE_DAYS, &days, |arguments, (day, group)| {
            arguments.int(*day);
            bind_group(arguments, names, group);
        })
        .await?;
        let models = gather(&self.hours, |(hour, group)| Some((*hour, group.model)));
        write(tx, sums::MODEL_HOURS, &models, |arguments, (hour, model)| {
            arguments.int(*hour);
            arguments.text(names.text(*model));
        })
        .await?;
        let days = gather(&self.hours, |(hour, group)| Some((hour.div_euclid(24), group.key)));
        write(tx, sums::KEY_DAYS, &days, |arguments, (day, key)| {
            arguments.int(*day);
            arguments.key(*key);
        })
        .await?;
        self.write_latencies(tx).await?;
        for (table, days) in [(sums::CUSTOMER_DAYS, &self.customer_days), (sums::TAG_DAYS, &self.tag_days)] {
            write(tx, table, days, |arguments, (day, subject, group)| {
                arguments.int(*day);
                arguments.text(names.text(*subject));
                bind_group(arguments, names, group);
            })
            .await?;
        }
        self.write_totals(tx).await
    }

    async fn write_latencies(&self, tx: &mut Connection) -> Result<(), StoreError> {
        // The empty model is every model together.
        let mut sums = BTreeMap::new();
        for (&(model, hour, bucket), calls) in &self.latencies {
            *sums.entry((NONE, hour, bucket)).or_default() += calls;
            if model != NONE {
                *sums.entry((model, hour, bucket)).or_default() += calls;
            }
        }
        let rows: Vec<((usize, i64, u8), i64)> = sums.into_iter().collect();
        sums::LATENCY_HOURS
            .insert(tx, &rows, |arguments, &((model, hour, bucket), calls)| {
                arguments.text(self.names.text(model));
                arguments.int(hour);
                arguments.small(i16::from(bucket));
                arguments.int(calls);
            })
            .await
            .map(drop)
    }

    async fn write_totals(&self, tx: &mut Connection) -> Result<(), StoreError> {
        let names = &self.names;
        let keys = gather(&self.hours, |(_, group)| Some(group.key));
        write_totals(tx, sums::KEY_TOTALS, &keys, |arguments, key| arguments.key(*key)).await?;
        let owners = gather(&self.hours, |(_, group)| Some(group.ownership).filter(|id| *id != 0));
        write_totals(tx, sums::OWNERSHIP_TOTALS, &owners, |arguments, id| arguments.int(*id)).await?;
        for (table, days) in [(sums::CUSTOMER_TOTALS, &self.customer_days), (sums::TAG_TOTALS, &self.tag_days)] {
            let subjects = gather(days, |(_, subject, _)| Some(*subject));
            write_totals(tx, table, &subjects, |arguments, subject| arguments.text(names.text(*subject))).await?;
        }
        Ok(())
    }
}

fn bind_group(arguments: &mut Arguments, names: &Names<'_>, group: &Group) {
    arguments.key(group.key);
    arguments.int(group.ownership);
    arguments.text(names.text(group.model));
    arguments.text(names.text(group.provider));
}

/// Coarser sums of finer ones.
fn gather<K, L: Ord>(fine: &BTreeMap<K, Measures>, coarse: impl Fn(&K) -> Option<L>) -> BTreeMap<L, Measures> {
    let mut sums: BTreeMap<L, Measures> = BTreeMap::new();
    for (key, measures) in fine {
        if let Some(key) = coarse(key) {
            sums.entry(key).or_default().merge(measures);
        }
    }
    sums
}

async fn write<K>(
    tx: &mut Connection,
    table: Bulk,
    sums: &BTreeMap<K, Measures>,
    bind: impl Fn(&mut Arguments, &K),
) -> Result<(), StoreError> {
    let rows: Vec<_> = sums.iter().collect();
    table
        .insert(tx, &rows, |arguments, (key, measures)| {
            bind(arguments, key);
            measures.bind(arguments);
        })
        .await
        .map(drop)
}

async fn write_totals<K>(
    tx: &mut Connection,
    table: Bulk,
    sums: &BTreeMap<K, Measures>,
    bind: impl Fn(&mut Arguments, &K),
) -> Result<(), StoreError> {
    let rows: Vec<_> = sums.iter().collect();
    table
        .insert(tx, &rows, |arguments, (key, measures)| {
            bind(arguments, key);
            measures.bind_total(arguments);
        })
        .await
        .map(drop)
}
