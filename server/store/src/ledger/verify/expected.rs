//! What charges and refusals add up to.

use std::collections::HashMap;
use std::sync::Arc;

use super::lines::{ChargeLine, RefusalLine};
use crate::ledger::rollup::CEILING;
use crate::usage::MEASURES;

/// Texts, and the numbers that stand for them. The empty one's is 0.
pub struct Names {
    numbers: HashMap<Arc<str>, usize>,
    texts: Vec<Arc<str>>,
}

pub const NO_NAME: usize = 0;

impl Default for Names {
    fn default() -> Self {
        let mut names = Self { numbers: HashMap::new(), texts: Vec::new() };
        names.number("");
        names
    }
}

impl Names {
    pub fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let (number, text): (_, Arc<str>) = (self.texts.len(), text.into());
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    pub fn text(&self, number: usize) -> &str {
        self.texts.get(number).map_or("", |text| text)
    }
}

/// Who called what, as far as sums are told apart by it; the numbers of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    pub key: usize,
    pub ownership: i64,
    pub model: usize,
    pub provider: usize,
}

/// What a row of sums is found by; what its table has no column for is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// An hour or a day.
    pub time: i64,
    /// A customer or a tag.
    pub subject: usize,
    pub group: Group,
}

/// Sums in the order of [`MEASURES`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub values: [i64; MEASURES.len()],
    /// The moment of the last call or refusal.
    pub last_at: i64,
}

impl Sums {
    pub fn merge(&mut self, other: &Self) {
        for (sum, value) in self.values.iter_mut().zip(other.values) {
            *sum = sum.saturating_add(value).clamp(-CEILING, CEILING);
        }
        self.last_at = self.last_at.max(other.last_at);
    }

    /// Calls, refused, spent, last use: what totals keep.
    pub fn total(&self) -> [i64; 4] {
        let [calls, _, refused, _, _, _, _, _, cost] = self.values;
        [calls, refused, cost, self.last_at]
    }
}

/// Model, hour and bucket.
pub type LatencyPlace = (usize, i64, i64);

/// What the lines of one day add up to.
#[derive(Default)]
pub struct Day {
    /// By the hour.
    pub usage: HashMap<Place, Sums>,
    /// By the day.
    pub customers: HashMap<Place, Sums>,
    pub tags: HashMap<Place, Sums>,
    pub latencies: HashMap<LatencyPlace, i64>,
}

impl Day {
    pub fn add_charge(&mut self, names: &mut Names, day: i64, charge: &ChargeLine<'_>, tags: &[String]) {
        let adjustment = Sums { values: [0, 0, 0, 0, 0, 0, 0, 0, charge.cost.0], last_at: 0 };
        let call = || Sums {
            values: [
                1,
                i64::from(charge.outcome != "success"),
                0,
                i64::from(charge.certainty != "measured"),
                charge.input_tokens,
                charge.output_tokens,
                charge.cache_read_tokens,
                charge.cache_write_tokens.saturating_add(charge.cache_write_1h_tokens),
                charge.cost.0,
            ],
            last_at: charge.started_at.0,
        };
        let sums = if charge.is_adjustment() { adjustment } else { call() };
        let group = Group {
            key: names.number(charge.key_id),
            ownership: charge.ownership_id,
            model: names.number(charge.model),
            provider: names.number(charge.provider),
        };
        let hour = charge.started_at.hour();
        self.usage.entry(Place { time: hour, subject: NO_NAME, group }).or_default().merge(&sums);
        if let Some(customer) = charge.end_user {
            let place = Place { time: day, subject: names.number(customer), group };
            self.customers.entry(place).or_default().merge(&sums);
        }
        for tag in tags {
            let place = Place { time: day, subject: names.number(tag), group };
            self.tags.entry(place).or_default().merge(&sums);
        }
        if charge.is_adjustment() {
            return;
        }
        // The empty model is every model together.
        *self.latencies.entry((NO_NAME, hour, charge.latency_bucket)).or_default() += 1;
        if group.model != NO_NAME {
            *self.latencies.entry((group.model, hour, charge.latency_bucket)).or_default() += 1;
        }
    }

    pub fn add_refusal(&mut self, names: &mut Names, refusal: &RefusalLine<'_>) {
        let key = names.number(refusal.key_id);
        let group = Group { key, ownership: refusal.ownership_id, ..Group::default() };
        let sums = Sums { values: [0, 0, 1, 0, 0, 0, 0, 0, 0], last_at: refusal.at.0 };
        self.usage.entry(Place { time: refusal.at.hour(), subject: NO_NAME, group }).or_default().merge(&sums);
    }
}

/// Coarser sums of finer ones.
pub fn gather<K: std::hash::Hash + Eq>(
    fine: &HashMap<Place, Sums>,
    coarse: impl Fn(&Place) -> Option<K>,
) -> HashMap<K, Sums> {
    let mut sums: HashMap<K, Sums> = HashMap::new();
    for (place, more) in fine {
        if let Some(place) = coarse(place) {
            sums.entry(place).or_default().merge(more);
        }
    }
    sums
}

/// What everything used, ever, by the numbers of names.
#[derive(Default)]
pub struct Totals {
    pub keys: HashMap<usize, Sums>,
    /// By the ownerships' numbers, as texts.
    pub ownerships: HashMap<usize, Sums>,
    pub customers: HashMap<usize, Sums>,
    pub tags: HashMap<usize, Sums>,
}

impl Totals {
    pub fn add(&mut self, names: &mut Names, day: &Day) {
        let owners = gather(&day.usage, |place| Some(place.group.ownership).filter(|id| *id != 0));
        let owners = owners.into_iter().map(|(id, sums)| (names.number(&id.to_string()), sums)).collect();
        for (totals, more) in [
            (&mut self.keys, gather(&day.usage, |place| Some(place.group.key))),
            (&mut self.ownerships, owners),
            (&mut self.customers, gather(&day.customers, |place| Some(place.subject))),
            (&mut self.tags, gather(&day.tags, |place| Some(place.subject))),
        ] {
            for (subject, sums) in more {
                totals.entry(subject).or_default().merge(&sums);
            }
        }
    }
}
