//! What an account may spend and how fast, in the form in which the book checks it.

use serde::{Deserialize, Serialize};

use super::rate::PARTS;
use super::window::{Span, WindowRule, Zone};
use crate::clock::Timestamp;
use crate::money::Nanos;

/// More of a budget for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Increase {
    pub amount: Nanos,
    /// From this moment on it is gone.
    pub until: Timestamp,
}

/// One window of an account's budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetRule {
    pub window: WindowRule,
    /// It was begun anew at this moment: what was spent before does not count.
    pub since: Option<Timestamp>,
    /// `None`: spend is counted and told, never refused.
    pub limit: Option<Nanos>,
    /// Going beyond it is told, not refused.
    pub soft: Option<Nanos>,
    /// Shares of the limit, in per cent, whose crossing is told.
    pub thresholds: Vec<u8>,
    pub increase: Option<Increase>,
    /// Only told whom it would have refused.
    pub shadow: bool,
    /// Going beyond it is not refused: meanwhile the account's rate limits are so much of what they are, in millionths.
    pub slows: Option<u32>,
}

impl BudgetRule {
    /// A plain limit.
    pub fn new(window: WindowRule, limit: Nanos) -> Self {
        Self {
            window,
            since: None,
            limit: Some(limit),
            soft: None,
            thresholds: Vec::new(),
            increase: None,
            shadow: false,
            slows: None,
        }
    }

    /// Whether a call may be refused because of it.
    pub fn refuses(&self) -> bool {
        self.limit.is_some() && !self.shadow && self.slows.is_none()
    }

    /// The turn in which `at` falls; one that was cut short by beginning anew has two parts.
    pub fn span(&self, at: Timestamp, zone: &Zone) -> Span {
        let span = self.window.span(at, zone);
        match self.since {
            Some(since) if since <= at => Span { start: span.start.max(since), ..span },
            Some(since) => Span { end: span.end.min(since), ..span },
            None => span,
        }
    }

    /// What may be spent in the window, as of `now`.
    pub fn limit_at(&self, now: Timestamp) -> Option<Nanos> {
        let more = self.increase.filter(|increase| now < increase.until).map_or(0, |increase| increase.amount.0);
        self.limit.map(|limit| Nanos(limit.0.saturating_add(more)))
    }
}

/// What a rate limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateKind {
    Requests,
    InputTokens,
    OutputTokens,
    /// Both together.
    Tokens,
}

impl RateKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::InputTokens => "input tokens",
            Self::OutputTokens => "output tokens",
            Self::Tokens => "tokens",
        }
    }
}

/// The length of a rate limit's sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Minute,
    Hour,
    Day,
}

impl Period {
    pub fn micros(self) -> i64 {
        match self {
            Self::Minute => 60 * Timestamp::MICROS_PER_SECOND,
            Self::Hour => Timestamp::MICROS_PER_HOUR,
            Self::Day => 24 * Timestamp::MICROS_PER_HOUR,
        }
    }

    /// Parts that a window is counted in, in microseconds each.
    pub fn part_micros(self) -> i64 {
        self.micros() / PARTS
    }

    /// Whether counts in it are always read from the charges when an account comes into memory. Those of a minute are
    /// read only in the first minute after a start: see [`super::Book::after`].
    pub fn is_long(self) -> bool {
        self != Self::Minute
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// At most so many requests or tokens in any stretch of time of a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateRule {
    pub kind: RateKind,
    pub period: Period,
    pub limit: u64,
    /// Only told whom it would have refused.
    pub shadow: bool,
}

/// At most so many calls under way at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParallelRule {
    pub limit: u64,
    /// Only told whom it would have refused.
    pub shadow: bool,
}

/// Everything that holds for an account. Of two rules with the same window, or the same kind and period, the first
/// counts; one that is enforced and one in shadow hold both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    pub budgets: Vec<BudgetRule>,
    pub rates: Vec<RateRule>,
    pub parallel: Option<ParallelRule>,
    /// A second one, in shadow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel_shadow: Option<ParallelRule>,
}

impl Rules {
    pub fn is_empty(&self) -> bool {
        self.budgets.is_empty() && self.rates.is_empty() && self.parallel.is_none() && self.parallel_shadow.is_none()
    }
}
