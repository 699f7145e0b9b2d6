//! What operations on the book report beside their result.

use serde::{Deserialize, Serialize};

use super::account::AccountKey;
use super::refusal::Refusal;
use super::window::{Span, WindowRule};
use crate::clock::Timestamp;
use crate::money::Nanos;

/// Something that people may want to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Spend reached the soft limit.
    SoftLimit { account: AccountKey, window: WindowRule, span: Span, soft: Nanos, spent: Nanos },
    /// Spend reached so many per cent of the limit.
    Threshold { account: AccountKey, window: WindowRule, span: Span, percent: u8, limit: Nanos, spent: Nanos },
    /// A limit in shadow would have refused the call.
    Shadow(Box<Refusal>),
    /// The provider billed more than was reserved, and it took the account beyond its limit by so much.
    Overrun { account: AccountKey, window: WindowRule, span: Span, limit: Nanos, beyond: Nanos },
}

/// A reservation that is in the book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reserved {
    /// The moment that decides its windows. Charges keep it: sums from the database go by it.
    pub at: Timestamp,
    pub events: Vec<Event>,
    /// It was there already; nothing changed.
    pub repeated: bool,
}

/// A reservation that became a charge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// What the provider billed beyond the reservation.
    pub excess: Nanos,
    pub events: Vec<Event>,
    /// It was settled or released already; nothing changed.
    pub repeated: bool,
}
