//! The days that a question is about, and the calls of these days added up.

use tollgate_control::{ControlError, usage};
use tollgate_domain::Timestamp;
use tollgate_domain::report::{Dimension, UsageFilter, UsageRow};
use tollgate_store::LONGEST_REPORT;

use super::super::body::invalid;
use super::super::params::Params;
use super::super::{Call, LiteLlmError, duration, now};

const DAY: i64 = 86_400;

/// The longest stretch of days that is answered at once.
const MOST_DAYS: i64 = 366;

/// From a moment up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub since: Timestamp,
    pub until: Timestamp,
}

/// The midnight with which a day began, in UTC.
fn midnight(at: Timestamp) -> Timestamp {
    let day = DAY * Timestamp::MICROS_PER_SECOND;
    Timestamp(at.0.div_euclid(day) * day)
}

impl Range {
    /// The last so many days, today included.
    pub fn last_days(days: i64) -> Self {
        let until = midnight(now()).plus_seconds(DAY);
        Self { since: until.plus_seconds(-days * DAY), until }
    }

    /// So many days, which end so many times as many days before today's end.
    pub fn of_days(days: i64, before: i64) -> Self {
        let until = midnight(now()).plus_seconds(DAY).plus_seconds(-days * before * DAY);
        Self { since: until.plus_seconds(-days * DAY), until }
    }

    /// Everything, ever.
    pub fn always() -> Self {
        Self { since: Timestamp(0), until: midnight(now()).plus_seconds(DAY) }
    }

    /// `start_date` and `end_date`, the last day included; the last 30 days without them.
    pub fn read(params: &Params) -> Result<Self, ControlError> {
        let Some(start) = params.text("start_date") else {
            return match params.text("end_date") {
                None => Ok(Self::last_days(30)),
                Some(_) => Err(invalid("start_date", "is needed with `end_date`")),
            };
        };
        let since = midnight(duration::moment("start_date", start)?);
        let end = params.text("end_date").map(|text| duration::end("end_date", text)).transpose()?;
        let until = end.unwrap_or_else(|| midnight(now()).plus_seconds(DAY));
        // Sums are kept by the day.
        let until = if until == midnight(until) { until } else { midnight(until).plus_seconds(DAY) };
        if since >= until {
            return Err(invalid("end_date", "must not be before `start_date`"));
        }
        if (until.0 - since.0) / Timestamp::MICROS_PER_SECOND > MOST_DAYS * DAY {
            return Err(invalid("start_date", format!("at most {MOST_DAYS} days at once")));
        }
        Ok(Self { since, until })
    }

    /// The same, where both days have to be named.
    pub fn needed(params: &Params) -> Result<Self, ControlError> {
        params.needed("start_date")?;
        params.needed("end_date")?;
        Self::read(params)
    }

    /// Its days, the first first.
    pub fn days(self) -> impl Iterator<Item = Self> {
        let mut next = self.since;
        std::iter::from_fn(move || {
            let since = next;
            next = since.plus_seconds(DAY);
            (since < self.until).then_some(Self { since, until: next })
        })
    }

    /// `2026-11-22`
    pub fn date(self) -> String {
        self.since.to_datetime().date_naive().to_string()
    }

    /// Its last day.
    pub fn last_date(self) -> String {
        self.until.plus_seconds(-1).to_datetime().date_naive().to_string()
    }

    pub fn filter(self) -> UsageFilter {
        UsageFilter { since: self.since, until: self.until, ..UsageFilter::default() }
    }
}

impl Call {
    /// Sums by `dimensions`. Refused, if there would be more lines than an answer has: a part of them would look like all.
    pub(in super::super) async fn sums(
        &self,
        filter: &UsageFilter,
        dimensions: &[Dimension],
    ) -> Result<Vec<UsageRow>, LiteLlmError> {
        let rows = self.top(filter, dimensions, LONGEST_REPORT).await?;
        if rows.len() as u64 >= u64::from(LONGEST_REPORT) {
            return Err(invalid("start_date", "these are too many lines for one answer: ask for fewer days").into());
        }
        Ok(rows)
    }

    /// The dearest lines.
    pub(super) async fn top(
        &self,
        filter: &UsageFilter,
        dimensions: &[Dimension],
        limit: u32,
    ) -> Result<Vec<UsageRow>, LiteLlmError> {
        Ok(usage::report(self.control(), &self.op, filter, dimensions, limit).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn both_days_are_in_a_range() {
        let range = Range::read(&Params::of("start_date=2026-11-20&end_date=2026-11-22")).unwrap();
        assert_eq!((range.since, range.until), (at("2026-11-20T00:00:00Z"), at("2026-11-23T00:00:00Z")));
        let days: Vec<String> = range.days().map(Range::date).collect();
        assert_eq!(days, ["2026-11-20", "2026-11-21", "2026-11-22"]);
    }

    #[test]
    fn moments_within_days_stand_for_the_days() {
        let query = "start_date=2026-11-20T08:00:00Z&end_date=2026-11-20T09:00:00Z";
        let range = Range::read(&Params::of(query)).unwrap();
        assert_eq!((range.since, range.until), (at("2026-11-20T00:00:00Z"), at("2026-11-21T00:00:00Z")));
    }

    #[test]
    fn stretches_follow_each_other() {
        let (first, second) = (Range::of_days(7, 1), Range::of_days(7, 0));
        assert_eq!((first.until, second.days().count()), (second.since, 7));
        assert_eq!(second, Range::last_days(7));
        assert_eq!(second.last_date(), Range::last_days(1).date());
    }

    #[test]
    fn impossible_ranges_are_refused() {
        for query in [
            "end_date=2026-11-20",
            "start_date=2026-11-20&end_date=2026-11-19",
            "start_date=2020-01-01",
            "start_date=x",
        ] {
            assert!(Range::read(&Params::of(query)).is_err(), "{query}");
        }
        assert!(Range::needed(&Params::of("start_date=2026-11-20")).is_err());
        assert_eq!(Range::read(&Params::default()).unwrap().days().count(), 30);
    }
}
