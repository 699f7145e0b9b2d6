//! Whom a call is charged to.

use std::sync::Arc;

use super::account::AccountKey;
use super::rules::Rules;

/// An account in a chain, with what holds for it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub key: AccountKey,
    pub rules: Arc<Rules>,
}

/// Every account that pays for a call, each once. Accounts without rules belong to it too: what they spent must be
/// known when a limit is set for them while calls are under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain(Vec<Seat>);

impl Chain {
    pub fn push(&mut self, key: AccountKey, rules: Arc<Rules>) {
        if !self.0.iter().any(|seat| seat.key == key) {
            self.0.push(Seat { key, rules });
        }
    }

    pub fn seats(&self) -> &[Seat] {
        &self.0
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
