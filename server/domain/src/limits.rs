//! Budgets and rate limits as they are written down. The ledger enforces them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::ids::LONGEST_ID;
use crate::ledger::{Period, RateKind};
use crate::money::Nanos;

/// How long a budget lasts before it begins anew: `30s`, `30m`, `24h`, `7d`, `1w`, `1mo`, or `hourly`, `daily`,
/// `weekly`, `monthly`. Which of them begin at midnight, on Monday or on the first is the ledger's rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct BudgetDuration(String);

impl BudgetDuration {
    pub fn parse(text: &str) -> Option<Self> {
        if matches!(text, "hourly" | "daily" | "weekly" | "monthly") {
            return Some(Self(text.to_owned()));
        }
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let number: u32 = text.strip_suffix(unit)?.parse().ok()?;
        let good = (1..=100_000).contains(&number) && matches!(unit, "s" | "m" | "h" | "d" | "w" | "mo");
        good.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BudgetDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BudgetDuration {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(
                "a duration is a number and a unit (30s, 30m, 24h, 7d, 1w, 1mo), or hourly, daily, weekly, monthly",
            )
        })
    }
}

/// One more window of a budget, beside the main one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetWindow {
    pub duration: BudgetDuration,
    pub max_budget: Nanos,
}

/// At most so many requests or tokens in any stretch of time of a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    pub kind: RateKind,
    pub period: Period,
    pub limit: i64,
}

impl RateLimit {
    /// Each kind and period once, nothing negative.
    fn are_good(all: &[Self]) -> bool {
        let twice = |(i, one): (usize, &Self)| all[..i].iter().any(|other| other.stands_for(one));
        all.iter().all(|one| one.limit >= 0) && !all.iter().enumerate().any(twice)
    }

    /// Whether both are limits for the same.
    pub fn stands_for(&self, other: &Self) -> bool {
        (self.kind, self.period) == (other.kind, other.period)
    }
}

/// What holds for one model within an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelLimits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_budget: Option<Nanos>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_duration: Option<BudgetDuration>,
    /// Tokens a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tpm_limit: Option<i64>,
    /// Requests a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpm_limit: Option<i64>,
    /// More rate limits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<RateLimit>,
}

/// What an account may spend and how fast. Nothing set: no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_budget: Option<Nanos>,
    /// Going beyond it is told, not refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft_budget: Option<Nanos>,
    /// `None`: the budget never begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_duration: Option<BudgetDuration>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<BudgetWindow>,
    /// Added to `max_budget` until [`Self::temporary_until`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temporary_increase: Option<Nanos>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temporary_until: Option<Timestamp>,
    /// The budgets were begun anew at this moment: what was spent before counts for none of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_since: Option<Timestamp>,
    /// Tokens a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tpm_limit: Option<i64>,
    /// Requests a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpm_limit: Option<i64>,
    /// Tokens a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tpd_limit: Option<i64>,
    /// Requests a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpd_limit: Option<i64>,
    /// Calls under way at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_parallel_requests: Option<i64>,
    /// More rate limits, beside the four above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rates: Vec<RateLimit>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, ModelLimits>,
    /// More limits that refuse nobody: it is counted whom they would have refused. They have no shadow of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Box<Limits>>,
}

/// Why limits can't be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct LimitsError {
    pub field: &'static str,
    pub message: &'static str,
}

impl Limits {
    /// Nothing is limited. A budget that was begun anew without there being one limits nothing.
    pub fn is_empty(&self) -> bool {
        match self.budget_since {
            None => *self == Self::default(),
            Some(_) => Self { budget_since: None, ..self.clone() } == Self::default(),
        }
    }

    /// The same for an account that has none of its own: its budgets may have been begun anew at another moment, it may
    /// have an increase on top, and it may try limits in shadow.
    pub fn lent_to(&self, own: &Self) -> Self {
        let shadow = own.shadow.clone().or_else(|| self.shadow.clone());
        let increase = if own.temporary_increase.is_some() { own } else { self };
        let (temporary_increase, temporary_until) = (increase.temporary_increase, increase.temporary_until);
        Self { budget_since: own.budget_since, temporary_increase, temporary_until, shadow, ..self.clone() }
    }

    /// Refuses what makes no sense: negative amounts, half of a temporary increase.
    pub fn check(&self) -> Result<(), LimitsError> {
        let error = |field, message| Err(LimitsError { field, message });
        let negative = |amount: Option<Nanos>| amount.is_some_and(|amount| amount.0 < 0);
        for (field, amount) in [
            ("max_budget", self.max_budget),
            ("soft_budget", self.soft_budget),
            ("temporary_increase", self.temporary_increase),
        ] {
            if negative(amount) {
                return error(field, "must not be negative");
            }
        }
        for (field, number) in [
            ("tpm_limit", self.tpm_limit),
            ("rpm_limit", self.rpm_limit),
            ("tpd_limit", self.tpd_limit),
            ("rpd_limit", self.rpd_limit),
            ("max_parallel_requests", self.max_parallel_requests),
        ] {
            if number.is_some_and(|number| number < 0) {
                return error(field, "must not be negative");
            }
        }
        if self.temporary_increase.is_some() != self.temporary_until.is_some() {
            return error("temporary_increase", "an increase and its end are given together");
        }
        if self.windows.len() > 10 || self.windows.iter().any(|window| window.max_budget.0 < 0) {
            return error("windows", "at most ten, none of them negative");
        }
        if !RateLimit::are_good(&self.rates) {
            return error("rates", "each kind and period once, no limit negative");
        }
        if self.models.len() > 1000 {
            return error("models", "at most 1,000");
        }
        if self
            .models
            .keys()
            .any(|name| name.is_empty() || name.chars().count() > LONGEST_ID || name.chars().any(char::is_control))
        {
            return error("models", "each name has 1 to 200 printable characters");
        }
        for limits in self.models.values() {
            if negative(limits.max_budget)
                || limits.tpm_limit.is_some_and(|n| n < 0)
                || limits.rpm_limit.is_some_and(|n| n < 0)
                || !RateLimit::are_good(&limits.rates)
            {
                return error("models", "no limit may be negative, or there twice");
            }
        }
        match &self.shadow {
            Some(shadow) if shadow.shadow.is_some() => error("shadow", "limits in shadow have no shadow themselves"),
            Some(shadow) => shadow.check().map_err(|wrong| LimitsError { field: "shadow", message: wrong.message }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_litellms() {
        for good in ["30s", "30m", "24h", "7d", "1w", "1mo", "monthly"] {
            assert_eq!(BudgetDuration::parse(good).map(|d| d.to_string()).as_deref(), Some(good));
        }
        for bad in ["", "d", "0d", "-1d", "1", "1y", "1 d", "1.5d", "99999999999d"] {
            assert_eq!(BudgetDuration::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let limits = Limits { max_budget: Some(Nanos(-1)), ..Limits::default() };
        assert_eq!(limits.check().unwrap_err().field, "max_budget");
        let limits = Limits { temporary_increase: Some(Nanos(1)), ..Limits::default() };
        assert_eq!(limits.check().unwrap_err().field, "temporary_increase");
        let limits = Limits { rpd_limit: Some(-1), ..Limits::default() };
        assert_eq!(limits.check().unwrap_err().field, "rpd_limit");
        let rate = RateLimit { kind: RateKind::Tokens, period: Period::Hour, limit: 5 };
        let limits = |rates| Limits { rates, ..Limits::default() };
        assert_eq!(limits(vec![rate, RateLimit { limit: 6, ..rate }]).check().unwrap_err().field, "rates");
        assert_eq!(limits(vec![RateLimit { limit: -1, ..rate }]).check().unwrap_err().field, "rates");
        assert_eq!(limits(vec![rate, RateLimit { period: Period::Day, ..rate }]).check(), Ok(()));
        assert_eq!(Limits::default().check(), Ok(()));
        let negative = Limits { max_budget: Some(Nanos(-1)), ..Limits::default() };
        let nested = Limits { shadow: Some(Box::default()), ..Limits::default() };
        for shadow in [negative, nested] {
            let limits = Limits { shadow: Some(Box::new(shadow)), ..Limits::default() };
            assert_eq!(limits.check().unwrap_err().field, "shadow");
        }
    }

    #[test]
    fn what_is_not_limited_is_not_written() {
        assert_eq!(serde_json::to_string(&Limits::default()).unwrap(), "{}");
        let limits: Limits = serde_json::from_str(r#"{"max_budget": 5, "budget_duration": "30d"}"#).unwrap();
        assert_eq!(limits.max_budget, Some(Nanos(5)));
        assert!(serde_json::from_str::<Limits>(r#"{"budget_duration": "soon"}"#).is_err());
    }
}
