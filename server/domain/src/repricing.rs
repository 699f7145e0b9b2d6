//! What charges would have cost at another price: a charge is never changed, what was wrong of it is made up for by an
//! adjusting entry of its own.
//!
//! An entry belongs to the moment of the call that it adjusts, in reports and in budgets' windows alike: a correction of
//! last month makes last month right, and never blocks today.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use crate::clock::Timestamp;
use crate::ids::ChargeId;
use crate::money::Nanos;
use crate::price::{Cost, CostError, CostLine, PriceSheet, ServiceTier};
use crate::summary::RequestFilter;
use crate::usage::{Certainty, Usage};

/// The most lines that a report tells of each kind; what is beyond is in the sums alone.
pub const MOST_LINES: usize = 1000;

/// How many of the largest differences are told.
pub const LARGEST: usize = 20;

/// Which charges are priced anew, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepricingOrder {
    pub filter: RequestFilter,
    pub price: NewPrice,
}

/// The price that should have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewPrice {
    /// What holds today for each charge's deployment; without the deployment, the price book's.
    Current,
    /// This one, for all of them.
    Sheet(PriceSheet),
}

/// What pricing anew needs to know of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced<'a> {
    pub certainty: Certainty,
    pub usage: &'a Usage,
    /// With every adjustment so far.
    pub cost: Nanos,
    /// Of the charge as it was written.
    pub lines: &'a [CostLine],
}

/// What came of pricing a charge anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Cost(Cost),
    /// The call came to nothing: there was nothing to pay for, and there is not now.
    Nothing,
    /// It is not known what was used.
    NoUsage,
    /// There is no price, or none for a part of what was used.
    NoPrice,
}

/// Prices a charge anew. An amount that can't be counted has no price.
pub fn price(charge: &Priced<'_>, sheet: Option<&PriceSheet>) -> Outcome {
    let used = !charge.usage.is_zero();
    match charge.certainty {
        Certainty::Unknown | Certainty::Estimated if !used => return Outcome::NoUsage,
        _ if !used && charge.lines.is_empty() => return Outcome::Nothing,
        _ => {}
    }
    let Some(sheet) = sheet.filter(|sheet| !sheet.is_empty()) else { return Outcome::NoPrice };
    match sheet.cost(charge.usage, tier(charge, sheet)) {
        Ok(cost) => Outcome::Cost(cost),
        Err(CostError::Unpriced(_) | CostError::TooLarge) => Outcome::NoPrice,
    }
}

/// The service tier of a charge, as far as the prices that it was charged at tell: the ledger does not keep it. The
/// standard one if they are not those of exactly one other tier.
fn tier(charge: &Priced<'_>, sheet: &PriceSheet) -> ServiceTier {
    let fits = |tier: ServiceTier| {
        let own = sheet.rates().iter().any(|rate| rate.tier == tier);
        own && charge.lines.iter().all(|line| {
            let whole = line.meter.whole();
            let rate = |meter| sheet.rate(meter, tier, charge.usage.input);
            rate(line.meter).or_else(|| whole.and_then(rate)) == Some(line.price)
        })
    };
    if charge.lines.is_empty() || fits(ServiceTier::Standard) {
        return ServiceTier::Standard;
    }
    let mut fitting = ServiceTier::ALL.into_iter().filter(|tier| fits(*tier));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => only,
        _ => ServiceTier::Standard,
    }
}

/// The id of the adjusting entry with this number (from 1) of a charge. It is of the charge's moment, and the same
/// whoever writes the entry: two that write at once can't both succeed.
pub fn adjustment_id(charge: ChargeId, at: Timestamp, number: i64) -> ChargeId {
    let digest = Sha256::new_with_prefix(charge.0.as_bytes()).chain_update(number.to_be_bytes()).finalize();
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    let millis = u64::try_from(at.0.div_euclid(1000)).unwrap_or_default();
    ChargeId(Builder::from_unix_timestamp_millis(millis.min((1 << 48) - 1), &random).into_uuid())
}

/// Charges, what they cost with the adjustments so far, and what they would cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub charges: u64,
    pub old: Nanos,
    pub new: Nanos,
}

impl Sums {
    pub fn add(&mut self, old: Nanos, new: Nanos) {
        self.charges += 1;
        self.old = Nanos(self.old.0.saturating_add(old.0));
        self.new = Nanos(self.new.0.saturating_add(new.0));
    }

    pub fn difference(&self) -> Nanos {
        Nanos(self.new.0.saturating_sub(self.old.0))
    }
}

/// What one kind of calls comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Model and day (`2026-11-23`, in UTC); or team and key, empty for none.
    pub of: [String; 2],
    pub sums: Sums,
}

/// A charge whose price changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub id: String,
    pub at: Timestamp,
    pub model: String,
    pub old: Nanos,
    pub new: Nanos,
}

impl Changed {
    fn size(&self) -> u64 {
        self.new.0.abs_diff(self.old.0)
    }
}

/// What pricing anew would change, before anything is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepricingReport {
    /// Everything that can be priced anew.
    pub total: Sums,
    /// Those of them whose cost changes.
    pub changed: Sums,
    /// Those of all that can be priced whose usage is an estimate.
    pub estimated: Sums,
    /// Can't be priced: nothing is known of what was used. `new` is what they cost now.
    pub unknown: Sums,
    /// Can't be priced: the amount was estimated without any usage.
    pub estimated_without_usage: Sums,
    /// Can't be priced: there is no price for what was used.
    pub without_price: Sums,
    pub by_model_and_day: Vec<Line>,
    pub by_team_and_key: Vec<Line>,
    /// The largest differences, up or down.
    pub largest: Vec<Changed>,
}

/// Gathers a report, in memory that does not grow with the number of charges.
#[derive(Debug, Default)]
pub struct Reporter {
    report: RepricingReport,
    days: BTreeMap<[String; 2], Sums>,
    keys: BTreeMap<[String; 2], Sums>,
}

/// Whose a charge is and when it was.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    pub id: ChargeId,
    pub at: Timestamp,
    pub model: &'a str,
    pub team: &'a str,
    pub key: &'a str,
}

impl Reporter {
    pub fn add(&mut self, whose: Whose<'_>, charge: &Priced<'_>, outcome: &Outcome) {
        let old = charge.cost;
        let report = &mut self.report;
        let new = match outcome {
            Outcome::Cost(cost) => cost.total,
            Outcome::Nothing => old,
            Outcome::NoUsage if charge.certainty == Certainty::Estimated => {
                return report.estimated_without_usage.add(old, old);
            }
            Outcome::NoUsage => return report.unknown.add(old, old),
            Outcome::NoPrice => return report.without_price.add(old, old),
        };
        report.total.add(old, new);
        if charge.certainty == Certainty::Estimated {
            report.estimated.add(old, new);
        }
        let day = whose.at.to_datetime().format("%Y-%m-%d").to_string();
        add(&mut self.days, [whose.model.to_owned(), day], old, new);
        add(&mut self.keys, [whose.team.to_owned(), whose.key.to_owned()], old, new);
        if old != new {
            report.changed.add(old, new);
            let (id, model) = (whose.id.to_string(), whose.model.to_owned());
            let changed = Changed { id, at: whose.at, model, old, new };
            let place = report.largest.partition_point(|known| known.size() >= changed.size());
            if place < LARGEST {
                report.largest.insert(place, changed);
                report.largest.truncate(LARGEST);
            }
        }
    }

    pub fn finish(self) -> RepricingReport {
        let Self { mut report, days, keys } = self;
        report.by_model_and_day = lines(days);
        report.by_team_and_key = lines(keys);
        report
    }
}

/// Many more groups than are told would only fill memory: what comes late goes into the sums alone.
fn add(groups: &mut BTreeMap<[String; 2], Sums>, of: [String; 2], old: Nanos, new: Nanos) {
    if groups.len() < 100 * MOST_LINES || groups.contains_key(&of) {
        groups.entry(of).or_default().add(old, new);
    }
}

/// The groups with the largest differences, in their own order.
fn lines(groups: BTreeMap<[String; 2], Sums>) -> Vec<Line> {
    let mut lines: Vec<_> = groups.into_iter().map(|(of, sums)| Line { of, sums }).collect();
    if lines.len() > MOST_LINES {
        lines.sort_by_key(|line| std::cmp::Reverse(line.sums.difference().0.unsigned_abs()));
        lines.truncate(MOST_LINES);
        lines.sort_by(|a, b| a.of.cmp(&b.of));
    }
    lines
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Entries are being written, or were until it was interrupted.
    Running,
    Done,
}

impl RunState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Done].into_iter().find(|state| state.as_str() == text)
    }
}

/// A run that writes adjusting entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepricingRun {
    pub id: String,
    pub state: RunState,
    pub order: RepricingOrder,
    /// The last charge that was looked at; empty: none yet.
    pub after: String,
    /// Charges that were looked at.
    pub charges: u64,
    /// Entries that were written.
    pub adjusted: u64,
    /// Their sum.
    pub difference: Nanos,
    pub created_at: Timestamp,
    pub created_by: String,
    pub updated_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::Picos;
    use crate::entropy::SeededEntropy;
    use crate::price::{Meter, Rate};

    fn rate(meter: Meter, tier: ServiceTier, price: i64) -> Rate {
        Rate { meter, tier, above: 0, price: Picos(price) }
    }

    fn sheet() -> PriceSheet {
        PriceSheet::new(vec![
            rate(Meter::Input, ServiceTier::Standard, 1_000_000),
            rate(Meter::Output, ServiceTier::Standard, 4_000_000),
            rate(Meter::Input, ServiceTier::Batch, 500_000),
            rate(Meter::Output, ServiceTier::Batch, 2_000_000),
        ])
    }

    static USED: LazyLock<Usage> = LazyLock::new(|| Usage { input: 1000, output: 10, ..Usage::default() });

    fn priced<'a>(certainty: Certainty, usage: &'a Usage, lines: &'a [CostLine]) -> Priced<'a> {
        Priced { certainty, usage, cost: Nanos(7), lines }
    }

    fn total(outcome: &Outcome) -> Option<i64> {
        if let Outcome::Cost(cost) = outcome { Some(cost.total.0) } else { None }
    }

    #[test]
    fn what_can_be_priced_is_told_from_what_can_not() {
        let (sheet, none) = (sheet(), Usage::default());
        let line = CostLine { meter: Meter::PerRequest, units: 1, price: Picos(5) };
        assert_eq!(total(&price(&priced(Certainty::Measured, &USED, &[]), Some(&sheet))), Some(1_040_000));
        // It had no price then, but what was used is known.
        assert_eq!(total(&price(&priced(Certainty::Unknown, &USED, &[]), Some(&sheet))), Some(1_040_000));
        assert_eq!(price(&priced(Certainty::Unknown, &none, &[]), Some(&sheet)), Outcome::NoUsage);
        assert_eq!(price(&priced(Certainty::Estimated, &none, &[]), Some(&sheet)), Outcome::NoUsage);
        assert_eq!(price(&priced(Certainty::Measured, &none, &[]), Some(&sheet)), Outcome::Nothing);
        assert_eq!(total(&price(&priced(Certainty::Measured, &none, &[line]), Some(&sheet))), Some(0));
        assert_eq!(price(&priced(Certainty::Measured, &USED, &[]), None), Outcome::NoPrice);
        let input = PriceSheet::new(vec![rate(Meter::Input, ServiceTier::Standard, 1)]);
        assert_eq!(price(&priced(Certainty::Measured, &USED, &[]), Some(&input)), Outcome::NoPrice);
    }

    #[test]
    fn the_tier_that_was_charged_is_charged_again() {
        let line = |price| [CostLine { meter: Meter::Input, units: 1000, price: Picos(price) }];
        let of = |price_then| total(&price(&priced(Certainty::Measured, &USED, &line(price_then)), Some(&sheet())));
        assert_eq!(of(1_000_000), Some(1_040_000));
        assert_eq!(of(500_000), Some(520_000));
        assert_eq!(of(3), Some(1_040_000));
    }

    #[test]
    fn ids_of_entries_are_of_the_charges_moment_and_each_its_own() {
        let at = Timestamp(1_795_170_600_123_456);
        let charge = ChargeId::of(at, &SeededEntropy::new(3));
        let other = ChargeId::of(at, &SeededEntropy::new(4));
        let id = adjustment_id(charge, at, 1);
        assert_eq!(id, adjustment_id(charge, at, 1));
        assert_eq!(id.0.as_u128() >> 80, charge.0.as_u128() >> 80);
        assert_eq!(id.0.get_version_num(), 7);
        let all = [charge, id, adjustment_id(charge, at, 2), adjustment_id(other, at, 1)];
        assert_eq!(all.into_iter().collect::<std::collections::HashSet<_>>().len(), 4);
    }

    #[test]
    fn a_report_tells_kinds_apart_and_the_largest_first() {
        let at = Timestamp(1_795_170_600_123_456);
        let mut reporter = Reporter::default();
        for n in 0..30 {
            let id = ChargeId::of(at, &SeededEntropy::new(n));
            let whose = Whose { id, at, model: "m", team: "t", key: "k" };
            let cost = Cost { total: Nanos(7 + (i64::try_from(n).unwrap() - 15)), lines: vec![] };
            reporter.add(whose, &priced(Certainty::Measured, &USED, &[]), &Outcome::Cost(cost));
            let none = Usage::default();
            reporter.add(whose, &priced(Certainty::Unknown, &none, &[]), &Outcome::NoUsage);
            reporter.add(whose, &priced(Certainty::Estimated, &none, &[]), &Outcome::NoUsage);
            reporter.add(whose, &priced(Certainty::Measured, &USED, &[]), &Outcome::NoPrice);
        }
        let report = reporter.finish();
        assert_eq!(report.total, Sums { charges: 30, old: Nanos(210), new: Nanos(195) });
        // One of them costs what it did.
        assert_eq!(report.changed.charges, 29);
        assert_eq!(report.changed.difference(), Nanos(-15));
        for left in [report.unknown, report.estimated_without_usage, report.without_price] {
            assert_eq!(left, Sums { charges: 30, old: Nanos(210), new: Nanos(210) });
        }
        let [line] = report.by_model_and_day.as_slice() else { panic!() };
        assert_eq!((line.of.each_ref().map(String::as_str), line.sums), (["m", "2026-11-20"], report.total));
        assert_eq!(report.by_team_and_key[0].of, ["t", "k"]);
        assert_eq!(report.largest.len(), LARGEST);
        assert_eq!(report.largest[0].size(), 15);
        assert!(report.largest.is_sorted_by_key(|changed| std::cmp::Reverse(changed.size())));
    }
}
