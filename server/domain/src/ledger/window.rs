//! When a budget begins anew.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::limits::BudgetDuration;

const SECOND: i64 = Timestamp::MICROS_PER_SECOND;
const DAY_SECONDS: i64 = 86_400;

/// Where midnight is: the offsets of a time zone from UTC.
///
/// The rules of the world's time zones are too large for a page's code: who has them gives the changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Seconds east of UTC before the first change.
    first: i32,
    /// From these moments on, so many seconds east; sorted.
    changes: Arc<[(Timestamp, i32)]>,
}

impl Default for Zone {
    fn default() -> Self {
        Self::fixed(0)
    }
}

impl Zone {
    /// Always so many seconds east of UTC.
    pub fn fixed(seconds_east: i32) -> Self {
        Self { first: seconds_east, changes: Arc::default() }
    }

    /// A zone with summer time: `first` seconds east of UTC until the first of `changes`.
    pub fn with_changes(first: i32, mut changes: Vec<(Timestamp, i32)>) -> Self {
        changes.sort_unstable();
        Self { first, changes: changes.into() }
    }

    fn offset_micros(&self, at: Timestamp) -> i64 {
        let next = self.changes.partition_point(|(from, _)| *from <= at);
        let seconds = next.checked_sub(1).and_then(|i| self.changes.get(i)).map_or(self.first, |(_, offset)| *offset);
        i64::from(seconds) * SECOND
    }

    fn date(&self, at: Timestamp) -> NaiveDate {
        Timestamp(at.0.saturating_add(self.offset_micros(at))).to_datetime().date_naive()
    }

    /// The moment when a day begins.
    fn midnight(&self, date: NaiveDate) -> Timestamp {
        let local = DateTime::from_naive_utc_and_offset(date.and_time(NaiveTime::MIN), chrono::Utc);
        let local = Timestamp::from_datetime(local).0;
        let guess = Timestamp(local - self.offset_micros(Timestamp(local)));
        Timestamp(local - self.offset_micros(guess))
    }
}

/// How long a budget lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowRule {
    /// It never begins anew.
    Forever,
    /// Until midnight.
    Day,
    /// Until Monday.
    Week,
    /// Until the first of the month.
    Month,
    /// So many seconds, again and again from the account's creation.
    Rolling { seconds: i64, anchor: Timestamp },
    /// So many calendar months, again and again from the account's creation.
    RollingMonths { months: u32, anchor: Timestamp },
}

/// One turn of a window: from its start until before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Span {
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// `in all`, `a day`, `every 2 hours`.
impl fmt::Display for WindowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Forever => f.write_str("in all"),
            Self::Day => f.write_str("a day"),
            Self::Week => f.write_str("a week"),
            Self::Month => f.write_str("a month"),
            Self::RollingMonths { months, .. } => write!(f, "every {months} months"),
            Self::Rolling { seconds, .. } => {
                let units = [(DAY_SECONDS, "day"), (3600, "hour"), (60, "minute")];
                let (length, unit) =
                    units.into_iter().find(|(length, _)| seconds % length == 0).unwrap_or((1, "second"));
                let count = seconds / length;
                write!(f, "every {count} {unit}{}", if count == 1 { "" } else { "s" })
            }
        }
    }
}

impl WindowRule {
    /// What a duration means: `1d` and `24h` last until midnight, `7d` and `1w` until Monday, `30d` and `1mo` until the
    /// first; every other one rolls from `anchor`, the account's creation.
    pub fn of(duration: Option<&BudgetDuration>, anchor: Timestamp) -> Self {
        let Some(duration) = duration else { return Self::Forever };
        match duration.as_str() {
            "1d" | "24h" | "daily" => return Self::Day,
            "7d" | "1w" | "weekly" => return Self::Week,
            "30d" | "1mo" | "monthly" => return Self::Month,
            "hourly" => return Self::Rolling { seconds: 3600, anchor },
            _ => {}
        }
        let text = duration.as_str();
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        // A `BudgetDuration` has a number that fits.
        let number: u32 = text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(1);
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "w" => 7 * DAY_SECONDS,
            "mo" => return Self::RollingMonths { months: number, anchor },
            _ => DAY_SECONDS,
        };
        Self::Rolling { seconds: i64::from(number) * seconds, anchor }
    }

    /// The turn in which `at` falls.
    pub fn span(&self, at: Timestamp, zone: &Zone) -> Span {
        let whole = Span { start: Timestamp(i64::MIN), end: Timestamp(i64::MAX) };
        match *self {
            Self::Forever => whole,
            Self::Rolling { seconds, anchor } => {
                let length = seconds.saturating_mul(SECOND).max(1);
                let since = at.0.saturating_sub(anchor.0).rem_euclid(length);
                let start = at.0.saturating_sub(since);
                Span { start: Timestamp(start), end: Timestamp(start.saturating_add(length)) }
            }
            Self::RollingMonths { months, anchor } => rolling_months(months.max(1), anchor, at).unwrap_or(whole),
            Self::Day | Self::Week | Self::Month => self.calendar(at, zone).unwrap_or(whole),
        }
    }

    fn calendar(&self, at: Timestamp, zone: &Zone) -> Option<Span> {
        let today = zone.date(at);
        let (first, next) = match self {
            Self::Week => {
                let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
                (monday, monday.checked_add_days(Days::new(7))?)
            }
            Self::Month => {
                let first = today.with_day(1)?;
                (first, first.checked_add_months(Months::new(1))?)
            }
            _ => (today, today.succ_opt()?),
        };
        Some(Span { start: zone.midnight(first), end: zone.midnight(next) })
    }
}

fn rolling_months(months: u32, anchor: Timestamp, at: Timestamp) -> Option<Span> {
    let begin = anchor.to_datetime();
    let turn = |n: i64| {
        let count = Months::new(u32::try_from(n.unsigned_abs()).ok()?.checked_mul(months)?);
        let moved = if n < 0 { begin.checked_sub_months(count) } else { begin.checked_add_months(count) };
        moved.map(Timestamp::from_datetime)
    };
    let now = at.to_datetime();
    let passed = i64::from(now.year() - begin.year()) * 12 + i64::from(now.month()) - i64::from(begin.month());
    let mut n = passed.div_euclid(i64::from(months));
    // The anchor's day of the month decides whether the turn has begun yet.
    if turn(n)? > at {
        n -= 1;
    }
    Some(Span { start: turn(n)?, end: turn(n + 1)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn span(duration: &str, now: &str, zone: &Zone) -> (String, String) {
        let anchor = at("2026-01-31T10:00:00Z");
        let span = WindowRule::of(BudgetDuration::parse(duration).as_ref(), anchor).span(at(now), zone);
        assert!(span.contains(at(now)));
        let short = |t: Timestamp| t.to_rfc3339().replace(":00.000Z", "");
        (short(span.start), short(span.end))
    }

    fn pair(a: &str, b: &str) -> (String, String) {
        (a.to_owned(), b.to_owned())
    }

    #[test]
    fn calendar_windows_end_at_midnight_on_monday_and_on_the_first() {
        let utc = Zone::default();
        let now = "2026-11-22T21:30:00Z";
        for day in ["1d", "24h", "daily"] {
            assert_eq!(span(day, now, &utc), pair("2026-11-22T00:00", "2026-11-23T00:00"));
        }
        for week in ["7d", "1w", "weekly"] {
            assert_eq!(span(week, now, &utc), pair("2026-11-16T00:00", "2026-11-23T00:00"));
        }
        for month in ["30d", "1mo", "monthly"] {
            assert_eq!(span(month, now, &utc), pair("2026-11-01T00:00", "2026-12-01T00:00"));
        }
        let tokyo = Zone::fixed(9 * 3600);
        assert_eq!(span("1d", now, &tokyo), pair("2026-11-22T15:00", "2026-11-23T15:00"));
        assert_eq!(span("7d", now, &tokyo), pair("2026-11-22T15:00", "2026-11-29T15:00"));
    }

    #[test]
    fn a_day_with_a_change_of_the_clock_is_longer_or_shorter() {
        let berlin =
            Zone::with_changes(3600, vec![(at("2026-03-29T01:00:00Z"), 7200), (at("2026-10-25T01:00:00Z"), 3600)]);
        assert_eq!(span("1d", "2026-03-29T12:00:00Z", &berlin), pair("2026-03-28T23:00", "2026-03-29T22:00"));
        assert_eq!(span("1d", "2026-10-25T12:00:00Z", &berlin), pair("2026-10-24T22:00", "2026-10-25T23:00"));
        assert_eq!(span("1mo", "2026-10-25T12:00:00Z", &berlin), pair("2026-09-30T22:00", "2026-10-31T23:00"));
    }

    #[test]
    fn other_windows_roll_from_the_creation() {
        let utc = Zone::default();
        assert_eq!(span("2d", "2026-02-05T09:00:00Z", &utc), pair("2026-02-04T10:00", "2026-02-06T10:00"));
        assert_eq!(span("1h", "2026-02-05T09:30:00Z", &utc), pair("2026-02-05T09:00", "2026-02-05T10:00"));
        assert_eq!(span("2mo", "2026-03-31T09:59:00Z", &utc), pair("2026-01-31T10:00", "2026-03-31T10:00"));
        assert_eq!(span("2mo", "2026-03-31T10:00:00Z", &utc), pair("2026-03-31T10:00", "2026-05-31T10:00"));
        assert_eq!(span("3mo", "2025-12-01T00:00:00Z", &utc), pair("2025-10-31T10:00", "2026-01-31T10:00"));
        let forever = WindowRule::of(None, Timestamp(0)).span(Timestamp(5), &utc);
        assert_eq!((forever.start.0, forever.end.0), (i64::MIN, i64::MAX));
    }

    #[test]
    fn spans_of_a_window_follow_each_other_without_a_gap() {
        let zone = Zone::with_changes(-18_000, vec![(at("2026-03-08T07:00:00Z"), -14_400)]);
        for duration in ["90s", "5h", "1d", "7d", "1mo", "2mo", "3w"] {
            let rule = WindowRule::of(BudgetDuration::parse(duration).as_ref(), at("2026-01-31T10:00:00Z"));
            let mut span = rule.span(at("2026-03-01T00:00:00Z"), &zone);
            for _ in 0..40 {
                let next = rule.span(span.end, &zone);
                assert_eq!(next.start, span.end, "{duration}");
                assert_eq!(rule.span(Timestamp(next.end.0 - 1), &zone), next, "{duration}");
                span = next;
            }
        }
    }
}
