//! Why a reservation can't be made.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::account::AccountKey;
use super::rules::{Period, RateKind};
use super::window::{Span, WindowRule};
use crate::clock::Timestamp;
use crate::money::Nanos;

/// Which limit stood in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// Amounts are nano-dollars.
    Budget { window: WindowRule },
    /// Amounts are requests or tokens.
    Rate { kind: RateKind, period: Period },
    /// Amounts are calls under way.
    Parallel,
}

/// A limit that a call would go beyond. Of several, the one that is in the way for the longest time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub account: AccountKey,
    pub kind: RefusalKind,
    pub limit: i64,
    /// Spent, or counted; without [`Self::reserved`].
    pub used: i64,
    /// Held by calls under way. Nought for rates, where what is reserved is counted as used.
    pub reserved: i64,
    pub asked: i64,
    /// When the limit begins anew; `None`: never.
    pub resets_at: Option<Timestamp>,
    /// When it makes sense to ask again, in whole seconds from now; `None`: waiting alone does not help, or nobody knows.
    pub retry_after: Option<u64>,
    /// The limit is lower than usual, because a budget of the account is used up.
    #[serde(default)]
    pub slowed: bool,
}

impl Refusal {
    pub fn is_budget(&self) -> bool {
        matches!(self.kind, RefusalKind::Budget { .. })
    }

    /// The answer's status: 429 for rates, and for budgets what the gateway is set to (402 by default).
    pub fn status(&self, budget_status: u16) -> u16 {
        if self.is_budget() { budget_status } else { 429 }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let account = &self.account;
        match self.kind {
            RefusalKind::Budget { .. } => {
                let [limit, used, reserved, asked] =
                    [self.limit, self.used, self.reserved, self.asked].map(|nanos| Nanos(nanos).to_decimal());
                write!(
                    f,
                    "Budget has been exceeded! {account}: limit ${limit}, spent ${used}, held by calls under way \
                     ${reserved}, this call may cost ${asked}."
                )?;
            }
            RefusalKind::Rate { kind, period } => write!(
                f,
                "Rate limit exceeded for {account}: {} of {} {} a {} are used, this call needs {}.",
                self.used,
                self.limit,
                kind.as_str(),
                period.as_str(),
                self.asked
            )?,
            RefusalKind::Parallel => write!(
                f,
                "Rate limit exceeded for {account}: {} of {} calls at once are under way.",
                self.used, self.limit
            )?,
        }
        if self.slowed {
            f.write_str(" The limit is lower than usual because the budget is used up.")?;
        }
        match self.resets_at {
            Some(at) => write!(f, " The limit resets at {at}."),
            None => Ok(()),
        }
    }
}

/// A sum that the book has to be told before it can judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    pub account: AccountKey,
    pub window: WindowRule,
    /// Which charges count: of calls admitted in it.
    pub span: Span,
}

/// Requests and tokens that the book has to be told before it can judge: of charges that began at `since` or later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeededGrants {
    pub account: AccountKey,
    pub period: Period,
    pub since: Timestamp,
}

/// What an account used in one part of a window: see [`Period::part_micros`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// In that part.
    pub at: Timestamp,
    pub requests: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

impl Grant {
    pub(super) fn count(&self, kind: RateKind) -> u64 {
        match kind {
            RateKind::Requests => self.requests,
            RateKind::InputTokens => self.input_tokens,
            RateKind::OutputTokens => self.output_tokens,
            RateKind::Tokens => self.input_tokens.saturating_add(self.output_tokens),
        }
    }
}

/// Why there is no reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReserveError {
    Refused(Box<Refusal>),
    /// What was spent before is not known yet: [`super::Book::load`] these sums, then try again.
    Unloaded(Vec<Needed>),
    /// The same for rates: [`super::Book::load_grants`] these.
    UnloadedRates(Vec<NeededGrants>),
    /// The charge is settled or released already.
    Finished,
}
