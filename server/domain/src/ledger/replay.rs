//! Filling a book: with sums from the database, and with what the journal has that the database has not.

use std::collections::{HashMap, HashSet};

use super::account::{AccountKey, Budget, Turn};
use super::book::Book;
use super::call::{Ask, Call};
use super::entry::Entry;
use super::rate::Ring;
use super::refusal::{Grant, Needed, NeededGrants};
use super::rules::BudgetRule;
use super::window::{Span, WindowRule};
use crate::clock::Timestamp;
use crate::ids::ChargeId;
use crate::money::Nanos;

impl Book {
    /// The journal's entry for the call as it stands now; `None`: the call is unknown.
    pub fn entry(&self, id: ChargeId) -> Option<Entry> {
        let call = self.calls.get(&id)?;
        let accounts = call.accounts.iter().map(|i| self.accounts[*i as usize].key.clone()).collect();
        let at = call.at;
        Some(match call.cost {
            Some(used) => Entry::Settled { id, at, accounts, used },
            None if call.was_extended() => Entry::Extended { id, at, accounts, held: call.held },
            None => Entry::Reserved { id, at, accounts, held: call.held },
        })
    }

    /// Takes in what a journal says of calls that are not in the database, in any order and as often as one likes.
    pub fn replay(&mut self, entries: impl IntoIterator<Item = Entry>) {
        let mut released = HashSet::new();
        let mut settled = Vec::new();
        let mut held: HashMap<ChargeId, (Timestamp, Vec<AccountKey>, Ask)> = HashMap::new();
        for entry in entries {
            match entry {
                Entry::Released { id } => {
                    released.insert(id);
                }
                Entry::Settled { id, at, accounts, used } => settled.push((id, at, accounts, used)),
                Entry::Reserved { id, at, accounts, held: ask } | Entry::Extended { id, at, accounts, held: ask } => {
                    let known = held.entry(id).or_insert((at, accounts, ask));
                    // Extended ones only grow.
                    if ask.amount >= known.2.amount && ask.output_tokens >= known.2.output_tokens {
                        known.2 = ask;
                    }
                }
            }
        }
        for (id, at, accounts, used) in settled {
            held.remove(&id);
            if self.calls.get(&id).is_none_or(|call| call.cost.is_none()) {
                self.insert(id, at, &accounts, used, at);
                self.settle(id, used, at);
            }
        }
        for (id, (at, accounts, ask)) in held {
            if !released.contains(&id) {
                self.insert(id, at, &accounts, ask, at);
            }
        }
    }

    /// Puts a call into the book that was admitted before: nothing is asked.
    fn insert(&mut self, id: ChargeId, at: Timestamp, accounts: &[AccountKey], held: Ask, now: Timestamp) {
        if self.calls.contains_key(&id) {
            return;
        }
        // The clock may have been set back since.
        self.tick(at);
        let accounts: Box<[u32]> = accounts.iter().map(|key| self.position(key, now)).collect();
        for i in &accounts {
            let account = &mut self.accounts[*i as usize];
            account.turn(now, &self.zone);
            account.hold(&held, at);
        }
        self.calls.insert(id, Call::new(at, held, accounts));
    }

    /// Settles every call under way at all that it holds, and returns these charges: nobody will hear of them any more.
    /// For a book that was just replayed.
    pub fn abandon(&mut self, now: Timestamp) -> Vec<Entry> {
        let now = self.tick(now);
        let mut live: Vec<(ChargeId, Ask)> =
            self.calls.iter().filter(|(_, call)| call.cost.is_none()).map(|(id, call)| (*id, call.held)).collect();
        live.sort_unstable_by_key(|(id, _)| *id);
        for (id, held) in &live {
            self.settle(*id, *held, now);
        }
        live.iter().filter_map(|(id, _)| self.entry(*id)).collect()
    }

    /// Tells what the database has for a sum that was asked for. It must be read while nothing is written to the database
    /// that is not [`Self::flushed`] yet: the book adds the charges that it still remembers. What is known already, or
    /// is over, is left alone.
    pub fn load(&mut self, needed: &Needed, spent: Nanos) {
        let Some(position) = self.known(&needed.account) else { return };
        let Ok(number) = u32::try_from(position) else { return };
        let account = &mut self.accounts[position];
        let remembers = account.calls > 0;
        let rules = std::sync::Arc::clone(&account.rules);
        for (budget, rule) in account.budgets.iter_mut().zip(&rules.budgets) {
            if rule.window != needed.window {
                continue;
            }
            let turn = budget.turns_mut().find(|turn| turn.span == needed.span && !turn.loaded);
            let Some(turn) = turn else { continue };
            let waiting = remembers.then(|| self.calls.values().filter(|call| call.accounts.contains(&number)));
            let waiting = waiting.into_iter().flatten();
            let waiting = waiting.filter(|call| needed.span.contains(call.at)).filter_map(|call| call.cost);
            turn.spent = waiting.fold(spent.0, |sum, used| sum.saturating_add(used.amount.0));
            turn.loaded = true;
        }
    }

    /// Tells what the database has for rates that were asked for, under the same condition as [`Self::load`].
    pub fn load_grants(&mut self, needed: &NeededGrants, grants: &[Grant]) {
        let now = self.now();
        let Some(position) = self.known(&needed.account) else { return };
        let Ok(number) = u32::try_from(position) else { return };
        let account = &mut self.accounts[position];
        let remembers = account.calls > 0;
        for (ring, rule) in account.rates.iter_mut().zip(&account.rules.rates) {
            if rule.period != needed.period || ring.loaded {
                continue;
            }
            *ring = Ring::new(rule.period, now);
            for grant in grants {
                ring.add(grant.at, grant.count(rule.kind));
            }
            if remembers {
                let own = self.calls.values().filter(|call| call.accounts.contains(&number));
                for call in own {
                    call.grant(ring, rule.kind);
                }
            }
            ring.loaded = true;
        }
    }

    /// Where an account stands: each turn of a window that the book keeps.
    pub fn balances(&self, key: &AccountKey) -> Vec<Balance> {
        let Some(position) = self.known(key) else { return Vec::new() };
        let account = &self.accounts[position];
        let rules = account.rules.budgets.iter().zip(&account.budgets);
        let of_rule = |(rule, budget): (&BudgetRule, &Budget)| {
            let window = rule.window;
            let turn = move |turn: &Turn| Balance {
                window,
                span: turn.span,
                spent: Nanos(turn.spent),
                reserved: Nanos(turn.reserved),
                loaded: turn.loaded,
            };
            budget.turns().map(turn).collect::<Vec<_>>()
        };
        rules.flat_map(of_rule).collect()
    }
}

/// What was spent in a turn of a window, and what calls under way hold of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    pub window: WindowRule,
    pub span: Span,
    pub spent: Nanos,
    pub reserved: Nanos,
    /// Otherwise [`Self::spent`] lacks what was spent before the book knew of the window.
    pub loaded: bool,
}
