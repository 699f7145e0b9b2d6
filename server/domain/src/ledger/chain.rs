//! Whom a call is charged to.

use std::sync::Arc;

use super::account::AccountKey;
use super::rules::{BudgetRule, Rules};

/// An account in a chain, with what holds for it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub key: AccountKey,
    pub rules: Arc<Rules>,
}

/// Every account that pays for a call, each once. Accounts without rules belong to it too: what they spent must be
/// known when a limit is set for them while calls are under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    seats: Vec<Seat>,
    limited: bool,
    budget: bool,
    rates: bool,
}

impl Chain {
    pub fn push(&mut self, key: AccountKey, rules: Arc<Rules>) {
        if !self.seats.iter().any(|seat| seat.key == key) {
            self.limited |= !rules.is_empty();
            self.budget |= rules.budgets.iter().any(BudgetRule::refuses);
            self.rates |= !rules.rates.is_empty();
            self.seats.push(Seat { key, rules });
        }
    }

    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// Whether anything holds for one of the accounts, if only to be told.
    pub fn is_limited(&self) -> bool {
        self.limited
    }

    /// The first account that may refuse the call for money.
    pub fn budgeted(&self) -> Option<&AccountKey> {
        if !self.budget {
            return None;
        }
        let enforced = |seat: &&Seat| seat.rules.budgets.iter().any(BudgetRule::refuses);
        self.seats.iter().find(enforced).map(|seat| &seat.key)
    }

    /// Whether requests or tokens are counted.
    pub fn has_rates(&self) -> bool {
        self.rates
    }
}

impl FromIterator<Seat> for Chain {
    fn from_iter<I: IntoIterator<Item = Seat>>(seats: I) -> Self {
        let mut chain = Self::default();
        for seat in seats {
            chain.push(seat.key, seat.rules);
        }
        chain
    }
}
