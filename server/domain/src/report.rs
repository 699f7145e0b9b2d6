//! Sums over the ledger, told apart by who, what and when.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::money::Nanos;

/// What calls are added up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measures {
    /// Attempts at providers.
    pub calls: i64,
    /// Of `calls`: those that failed.
    pub errors: i64,
    /// Calls that reached no provider; not among `calls`.
    pub refused: i64,
    /// Of `calls`: those whose cost is not `measured`.
    pub uncertain: i64,
    /// Cached ones included.
    pub input_tokens: i64,
    pub output_tokens: i64,
    /// Of `input_tokens`.
    pub cache_read_tokens: i64,
    /// Of `input_tokens`.
    pub cache_write_tokens: i64,
    pub cost: Nanos,
}

/// What a report can be grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// In UTC, as `2026-11-20`.
    Day,
    /// A key's id, `master_key`, or empty for refusals of calls without a key.
    Key,
    User,
    Team,
    Organisation,
    /// Empty: refusals.
    Model,
    /// Empty: refusals.
    Provider,
    /// Calls without one are left out.
    Customer,
    /// Calls without one are left out; those with several count in each.
    Tag,
}

impl Dimension {
    pub const ALL: [Self; 9] = [
        Self::Day,
        Self::Key,
        Self::User,
        Self::Team,
        Self::Organisation,
        Self::Model,
        Self::Provider,
        Self::Customer,
        Self::Tag,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Key => "key",
            Self::User => "user",
            Self::Team => "team",
            Self::Organisation => "organisation",
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Customer => "customer",
            Self::Tag => "tag",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.as_str() == text)
    }
}

/// The most dimensions that a report has.
pub const MOST_DIMENSIONS: usize = 4;

/// Which calls a report is about: all conditions together; an empty list is no condition, otherwise one of its values has
/// to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsageFilter {
    /// From the beginning of this hour on; with customers or tags, of this day. Hours and days are those of UTC.
    pub since: Timestamp,
    /// To the end of the hour, or day, that has the moment before this one.
    pub until: Timestamp,
    /// Ids, or `master_key`.
    pub keys: Vec<String>,
    pub users: Vec<String>,
    pub teams: Vec<String>,
    pub organisations: Vec<String>,
    pub models: Vec<String>,
    pub providers: Vec<String>,
    /// Not together with tags.
    pub customers: Vec<String>,
    /// Not together with customers.
    pub tags: Vec<String>,
}

/// A line of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRow {
    /// One value for each dimension that was asked for, in the same order; empty: none.
    pub group: Vec<String>,
    pub measures: Measures,
}

/// What something used, ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub calls: i64,
    pub refused: i64,
    pub spent: Nanos,
    pub last_used_at: Option<Timestamp>,
}

/// What totals are kept of, beside keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TotalsOf {
    User,
    Team,
    Organisation,
    Customer,
    Tag,
}
