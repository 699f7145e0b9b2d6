//! Sliding windows for requests and tokens.

use serde::{Deserialize, Serialize};

use super::account::AccountKey;
use super::rules::{Period, RateKind, RateRule};
use crate::clock::Timestamp;

/// Parts that a window is counted in. A grant counts until the whole part in which it was made is older than the
/// window: never too short, and up to one part too long, so that at least 40/41 = 97.5 % of a limit can be used.
pub(super) const PARTS: i64 = 40;
const SLOTS: usize = 41;

/// Counts of the last [`SLOTS`] parts of time.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    slots: Box<[u64; SLOTS]>,
    /// The number of the newest part, since 1970.
    newest: i64,
    sum: u64,
    part: i64,
    /// What was used before the book knew of it is counted.
    pub loaded: bool,
}

impl Ring {
    pub fn new(period: Period, now: Timestamp) -> Self {
        let part = period.part_micros();
        let newest = now.0.div_euclid(part);
        Self { slots: Box::new([0; SLOTS]), newest, sum: 0, part, loaded: !period.is_long() }
    }

    fn slot(part: i64) -> usize {
        usize::try_from(part.rem_euclid(PARTS + 1)).unwrap_or_default()
    }

    /// Lets go of what is too old.
    pub fn turn(&mut self, now: Timestamp) {
        let part = now.0.div_euclid(self.part);
        if part <= self.newest {
            return;
        }
        if part - self.newest > PARTS {
            self.slots.fill(0);
            self.sum = 0;
        } else {
            for old in self.newest + 1..=part {
                self.sum -= std::mem::take(&mut self.slots[Self::slot(old)]);
            }
        }
        self.newest = part;
    }

    /// What counts against the limit.
    pub fn used(&self) -> u64 {
        self.sum
    }

    /// Grants `count` at `at`, which is not in the future.
    pub fn add(&mut self, at: Timestamp, count: u64) {
        self.change(at, 0, count);
    }

    /// A grant that was made at `at` turned out to be another.
    pub fn change(&mut self, at: Timestamp, from: u64, to: u64) {
        let part = at.0.div_euclid(self.part);
        if part > self.newest || self.newest - part > PARTS {
            return;
        }
        let slot = &mut self.slots[Self::slot(part)];
        let before = *slot;
        *slot = before.saturating_sub(from).saturating_add(to);
        self.sum = (self.sum - before).saturating_add(*slot);
    }

    /// When at most `used` will be counted, if nothing more is granted.
    pub fn falls_to(&self, used: u64) -> Timestamp {
        let mut sum = self.sum;
        for part in self.newest - PARTS..=self.newest {
            if sum <= used {
                // The part before this one has to go.
                return Timestamp((part + PARTS).saturating_mul(self.part));
            }
            sum -= self.slots[Self::slot(part)];
        }
        Timestamp((self.newest + PARTS + 1).saturating_mul(self.part))
    }
}

/// Where an account stands with a rate limit: for `x-ratelimit-…` headers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateStatus {
    pub account: AccountKey,
    pub kind: RateKind,
    pub period: Period,
    pub limit: u64,
    pub remaining: u64,
    /// When all of the limit is free again, if no more calls are made.
    pub resets_at: Timestamp,
}

impl RateStatus {
    pub(super) fn of(account: &AccountKey, rule: &RateRule, limit: u64, ring: &Ring, now: Timestamp) -> Self {
        let resets_at = if ring.used() == 0 { now } else { ring.falls_to(0).max(now) };
        Self {
            account: account.clone(),
            kind: rule.kind,
            period: rule.period,
            limit,
            remaining: limit.saturating_sub(ring.used()),
            resets_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = Timestamp::MICROS_PER_SECOND;

    #[test]
    fn a_grant_counts_for_the_window_and_at_most_a_part_longer() {
        for offset in [0, 1, 700_000, 1_499_999] {
            let begin = Timestamp(1_795_000_000 * SECOND + offset);
            let mut ring = Ring::new(Period::Minute, begin);
            ring.add(begin, 7);
            ring.turn(Timestamp(begin.0 + 60 * SECOND - 1));
            assert_eq!(ring.used(), 7, "{offset}");
            let free = ring.falls_to(0);
            ring.turn(Timestamp(free.0 - 1));
            assert_eq!(ring.used(), 7, "{offset}");
            ring.turn(free);
            assert_eq!(ring.used(), 0, "{offset}");
            assert!(free.0 - begin.0 <= 61_500_000, "{offset}");
        }
    }

    #[test]
    fn corrections_reach_the_part_they_belong_to_and_no_other() {
        let begin = Timestamp(3 * SECOND);
        let mut ring = Ring::new(Period::Minute, begin);
        ring.add(begin, 100);
        let later = Timestamp(20 * SECOND);
        ring.turn(later);
        ring.add(later, 10);
        ring.change(begin, 100, 30);
        assert_eq!(ring.used(), 40);
        assert!(ring.falls_to(10) < ring.falls_to(0));
        ring.turn(ring.falls_to(10));
        assert_eq!(ring.used(), 10);
        ring.change(begin, 30, 1000);
        assert_eq!(ring.used(), 10);
    }
}
