//! May it be reserved? Asked of every account before any of them is touched.

use super::account::{Account, AccountKey, Turn, part_of};
use super::call::Ask;
use super::rate::Ring;
use super::refusal::{Needed, NeededGrants, Refusal, RefusalKind, ReserveError};
use super::rules::{BudgetRule, ParallelRule, RateKind, RateRule};
use crate::clock::Timestamp;
use crate::money::Nanos;

/// What the accounts of a chain say together.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// The one that is in the way for the longest time.
    pub refusal: Option<Box<Refusal>>,
    pub shadows: Vec<Refusal>,
    needed: Vec<Needed>,
    needed_rates: Vec<NeededGrants>,
}

impl Verdict {
    fn refuse(&mut self, shadow: bool, refusal: Refusal) {
        if shadow {
            self.shadows.push(refusal);
            return;
        }
        let wait = |refusal: &Refusal| refusal.retry_after.unwrap_or(u64::MAX);
        if self.refusal.as_deref().is_none_or(|worst| wait(worst) < wait(&refusal)) {
            self.refusal = Some(Box::new(refusal));
        }
    }

    /// Fails if something has to be read from the database first.
    pub fn loaded(&mut self) -> Result<(), ReserveError> {
        if !self.needed.is_empty() {
            return Err(ReserveError::Unloaded(std::mem::take(&mut self.needed)));
        }
        if !self.needed_rates.is_empty() {
            return Err(ReserveError::UnloadedRates(std::mem::take(&mut self.needed_rates)));
        }
        Ok(())
    }

    /// Asks for a new call.
    pub fn ask(&mut self, account: &Account, ask: &Ask, now: Timestamp) {
        for (budget, rule) in account.budgets.iter().zip(&account.rules.budgets) {
            self.budget(&account.key, rule, &budget.current, ask.amount, now);
        }
        let slowed = account.slowed(ask.amount, now);
        for (ring, rule) in account.rates.iter().zip(&account.rules.rates) {
            let count = if rule.kind == RateKind::Requests { 1 } else { ask.count(rule.kind) };
            self.rate(&account.key, rule, slowed, (ring, count), now);
        }
        let shadow = account.rules.parallel_shadow.map(|rule| ParallelRule { shadow: true, ..rule });
        for rule in account.rules.parallel.iter().chain(&shadow).filter(|rule| account.parallel >= rule.limit) {
            self.refuse(rule.shadow, parallel(&account.key, rule, account.parallel));
        }
    }

    /// Asks for more for a call that began at `began`.
    pub fn ask_more(&mut self, account: &mut Account, more: &Ask, began: Timestamp, now: Timestamp) {
        for (budget, rule) in account.budgets.iter_mut().zip(&account.rules.budgets) {
            if let Some(turn) = budget.turn_of(began) {
                self.budget(&account.key, rule, turn, more.amount, now);
            }
        }
        // A call that was let in at full speed goes on at it.
        for (ring, rule) in account.rates.iter().zip(&account.rules.rates) {
            self.rate(&account.key, rule, None, (ring, more.count(rule.kind)), now);
        }
    }

    fn budget(&mut self, key: &AccountKey, rule: &BudgetRule, turn: &Turn, amount: Nanos, now: Timestamp) {
        if !turn.loaded {
            self.needed.push(Needed { account: key.clone(), window: rule.window, span: turn.span });
            return;
        }
        let Some(limit) = rule.limit_at(now).filter(|_| rule.slows.is_none()) else { return };
        if amount.0 <= 0 || turn.total().saturating_add(amount.0) <= limit.0 {
            return;
        }
        let end = turn.span.end;
        let resets_at = (end.0 < i64::MAX).then_some(end);
        let retry_after = if amount.0 > limit.0 {
            None
        } else if turn.spent.saturating_add(amount.0) <= limit.0 {
            // Calls under way may use less than they hold.
            Some(1)
        } else {
            resets_at.map(|at| seconds(now, at))
        };
        let refusal = Refusal {
            account: key.clone(),
            kind: RefusalKind::Budget { window: rule.window },
            limit: limit.0,
            used: turn.spent,
            reserved: turn.reserved,
            asked: amount.0,
            resets_at,
            retry_after,
            slowed: false,
        };
        self.refuse(rule.shadow, refusal);
    }

    fn rate(
        &mut self,
        key: &AccountKey,
        rule: &RateRule,
        slowed: Option<u32>,
        (ring, count): (&Ring, u64),
        now: Timestamp,
    ) {
        if !ring.loaded {
            let known = |needed: &NeededGrants| needed.period == rule.period && needed.account == *key;
            if !self.needed_rates.iter().any(known) {
                let part = rule.period.part_micros();
                let since =
                    Timestamp((now.0.saturating_sub(rule.period.micros())).div_euclid(part).saturating_mul(part));
                self.needed_rates.push(NeededGrants { account: key.clone(), period: rule.period, since });
            }
            return;
        }
        let limit = part_of(rule.limit, slowed);
        if count == 0 || ring.used().saturating_add(count) <= limit {
            return;
        }
        let room = limit.checked_sub(count);
        let refusal = Refusal {
            account: key.clone(),
            kind: RefusalKind::Rate { kind: rule.kind, period: rule.period },
            limit: signed(limit),
            used: signed(ring.used()),
            reserved: 0,
            asked: signed(count),
            resets_at: Some(ring.falls_to(0).max(now)),
            retry_after: room.map(|room| seconds(now, ring.falls_to(room))),
            slowed: limit < rule.limit,
        };
        self.refuse(rule.shadow, refusal);
    }
}

fn parallel(key: &AccountKey, rule: &ParallelRule, used: u64) -> Refusal {
    Refusal {
        account: key.clone(),
        kind: RefusalKind::Parallel,
        limit: signed(rule.limit),
        used: signed(used),
        reserved: 0,
        asked: 1,
        resets_at: None,
        // Nobody knows when a call ends, but they do.
        retry_after: (rule.limit > 0).then_some(1),
        slowed: false,
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Whole seconds until `at`, rounded up, at least one.
fn seconds(now: Timestamp, at: Timestamp) -> u64 {
    let micros = u64::try_from(at.0.saturating_sub(now.0)).unwrap_or_default();
    micros.div_ceil(Timestamp::MICROS_PER_SECOND.unsigned_abs()).max(1)
}
