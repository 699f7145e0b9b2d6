//! What has to hold after each step.

use tollgate_domain::Timestamp;
use tollgate_domain::ids::ChargeId;
use tollgate_domain::ledger::{Ask, RateKind, Refusal, RefusalKind};

use super::{Driver, MINUTE, ensure};
use crate::model::{State, WINDOWS};
use crate::step::Step;

/// Rates may let go of a grant so much later than they must.
const PART: i64 = 1_500_000;

impl Driver {
    /// What was let in has to fit.
    pub(super) fn fits(
        &self,
        accounts: &[usize],
        at: Timestamp,
        ask: &Ask,
        extends: Option<ChargeId>,
    ) -> Result<(), String> {
        let now = self.latest;
        for i in accounts {
            let account = &self.model.accounts[*i];
            for (n, (window, ..)) in account.budgets.iter().enumerate() {
                // A limit that is set after a turn is over does not reach back.
                if account.added[*window].is_some_and(|added| self.model.start(*window, at) < added) {
                    continue;
                }
                let sums = self.model.sums(*i, *window, at);
                let (total, limit) = (sums.spent + sums.reserved + ask.amount.0, account.limit(n, now));
                ensure(ask.amount.0 == 0 || total <= limit, || {
                    format!("{}: let in {} beyond the limit {limit}: {sums:?}", account.key, ask.amount.0)
                })?;
            }
            let after = Timestamp((now.0 - MINUTE).max(self.model.started.0));
            for (kind, limit) in &account.rates {
                let count = counted(ask, *kind, extends.is_none());
                if count > 0 {
                    let used = self.model.used(*i, *kind, after);
                    ensure(used + count <= *limit, || {
                        format!("{}: {used} + {count} {kind:?} in a minute, {limit} allowed", account.key)
                    })?;
                }
            }
        }
        Ok(())
    }

    /// What was refused must not have fit, and the refusal has to tell the truth.
    pub(super) fn justified(
        &self,
        accounts: &[usize],
        at: Timestamp,
        refusal: &Refusal,
        request: i64,
    ) -> Result<(), String> {
        let name = refusal.account.id.split('#').next().unwrap();
        let account = accounts.iter().map(|i| (*i, &self.model.accounts[*i]));
        let found = account.into_iter().find(|(_, a)| a.key.kind == refusal.account.kind && &*a.key.id == name);
        let Some((i, account)) = found else { return Err(format!("who is this: {refusal}")) };
        let wrong = |why: &str| Err(format!("falsely refused ({why}): {refusal:?}"));
        match refusal.kind {
            RefusalKind::Budget { window } => {
                let found = account.budgets.iter().position(|budget| WINDOWS[budget.0] == window);
                let Some(n) = found else { return wrong("no such window") };
                let sums = self.model.sums(i, account.budgets[n].0, at);
                if (refusal.used, refusal.reserved, refusal.limit)
                    != (sums.spent, sums.reserved, account.limit(n, self.latest))
                {
                    return wrong(&format!("{sums:?}"));
                }
                if sums.spent + sums.reserved + refusal.asked <= refusal.limit {
                    return wrong("it fits");
                }
            }
            RefusalKind::Rate { kind, .. } => {
                let used = self.model.used(i, kind, Timestamp(self.latest.0 - MINUTE - PART));
                let count = if kind == RateKind::Requests { request } else { refusal.asked };
                if i64::try_from(used).unwrap() + count <= refusal.limit {
                    return wrong(&format!("used {used}"));
                }
            }
            RefusalKind::Parallel if account.parallel.is_none_or(|limit| account.running < limit) => {
                return wrong(&format!("{} under way", account.running));
            }
            RefusalKind::Parallel => {}
        }
        Ok(())
    }

    /// What holds at every moment.
    pub(super) fn check(&self, i: usize) -> Result<(), String> {
        let account = &self.model.accounts[i];
        for balance in self.ledger.balances(&account.key) {
            let window = WINDOWS.iter().position(|window| *window == balance.window).unwrap();
            let sums = account.sums[window].get(&balance.span.start).copied().unwrap_or_default();
            let same = balance.reserved.0 == sums.reserved && (!balance.loaded || balance.spent.0 == sums.spent);
            ensure(same, || format!("{}: {balance:?}, not {sums:?}", account.key))?;
            ensure(sums.spent + sums.reserved <= sums.bound, || format!("{}: beyond {sums:?}", account.key))?;
        }
        Ok(())
    }

    /// What holds of the whole, in the end or now and then.
    pub fn check_all(&mut self) -> Result<(), String> {
        (0..self.model.accounts.len()).try_for_each(|account| self.check(account))?;
        let held = self.ledger.book.live().count();
        ensure(held == self.live.len(), || format!("{held} reservations for {} calls", self.live.len()))?;
        let waiting: i128 = self
            .settled
            .iter()
            .map(|id| match self.model.calls[id].state {
                State::Settled(amount) => i128::from(amount),
                State::Live => 0,
            })
            .sum();
        let (billed, flushed) = (self.model.billed, self.model.flushed);
        ensure(flushed + waiting == billed, || format!("{flushed} in the database, {waiting} wait, {billed} billed"))
    }

    /// Ends every call, empties the journal and looks at what is left.
    pub fn finish(&mut self) -> Result<(), String> {
        while !self.live.is_empty() {
            self.step(Step::Settle { pick: 0, percent: 50 })?;
        }
        self.flush(usize::MAX);
        self.check_all()?;
        let left = self.journal.len();
        ensure(left == 0, || format!("{left} calls are left in the journal"))?;
        for (i, account) in self.model.accounts.iter().enumerate() {
            let reserved: i64 = self.ledger.balances(&account.key).iter().map(|balance| balance.reserved.0).sum();
            ensure(reserved == 0, || format!("{}: {reserved} reserved by nobody", account.key))?;
            for window in 0..WINDOWS.len() {
                for (start, sums) in &account.sums[window] {
                    let stored = self.model.database[i][window].get(start).copied().unwrap_or_default();
                    ensure(stored == sums.spent, || format!("{}: {stored} stored, {sums:?}", account.key))?;
                }
            }
        }
        Ok(())
    }
}

fn counted(ask: &Ask, kind: RateKind, new: bool) -> u64 {
    match kind {
        RateKind::Requests => u64::from(new),
        RateKind::InputTokens => ask.input_tokens,
        RateKind::OutputTokens => ask.output_tokens,
        RateKind::Tokens => ask.input_tokens + ask.output_tokens,
    }
}
