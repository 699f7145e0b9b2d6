//! Drives a ledger through steps, and compares it with the model after each.

mod checks;

use std::collections::{HashMap, HashSet};

use tollgate_domain::ids::ChargeId;
use tollgate_domain::ledger::{Ask, Chain, Entry, Increase, Needed, RateKind, ReserveError, Seat};
use tollgate_domain::{Nanos, Timestamp};
use uuid::Uuid;

use crate::model::{Model, ModelAccount, ModelCall, State, WINDOWS};
use crate::planted::{Bug, Planted};
use crate::step::Step;

const MINUTE: i64 = 60_000_000;

pub struct Driver {
    now: Timestamp,
    latest: Timestamp,
    ledger: Planted,
    model: Model,
    live: Vec<ChargeId>,
    finished: Vec<ChargeId>,
    /// Entries of calls that are not in the database, in order.
    journal: HashMap<ChargeId, Vec<Entry>>,
    settled: Vec<ChargeId>,
    next: u128,
    touched: Vec<usize>,
    pub refused: u64,
    pub admitted: u64,
}

fn ensure(good: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if good { Ok(()) } else { Err(what()) }
}

impl Driver {
    pub fn new(bug: Option<Bug>) -> Self {
        let now = Timestamp(1_795_000_000_000_000);
        Self {
            now,
            latest: now,
            ledger: Planted::new(bug),
            model: Model::new(),
            live: Vec::new(),
            finished: Vec::new(),
            journal: HashMap::new(),
            settled: Vec::new(),
            next: 0,
            touched: Vec::new(),
            refused: 0,
            admitted: 0,
        }
    }

    pub fn step(&mut self, step: Step) -> Result<(), String> {
        self.touched.clear();
        match step {
            Step::Clock(by) => {
                self.now.0 += by;
                self.latest = self.latest.max(self.now);
                // The book learns of a moment when it is asked something.
                self.ledger.release(ChargeId(Uuid::nil()), self.now);
            }
            Step::Reserve { payers, amount, input, output } => {
                self.next += 1;
                let id = ChargeId(Uuid::from_u128(self.next));
                let ask = ask(i64::from(amount), input, output);
                self.reserve(id, Model::payers(payers), ask)?;
            }
            Step::ReserveAgain { pick } => {
                let Some(id) = pick_of(&self.live, pick) else { return Ok(()) };
                let call = &self.model.calls[&id];
                let (accounts, held) = (call.accounts.clone(), call.held);
                let reserved = self.ledger.reserve(id, &self.chain(&accounts), ask(held, 0, 0), self.now);
                ensure(reserved.as_ref().is_ok_and(|r| r.repeated), || format!("asked again: {reserved:?}"))?;
                self.touched = accounts;
            }
            Step::Extend { pick, amount, output } => self.extend(pick, ask(i64::from(amount), 0, output))?,
            Step::Settle { pick, percent } => self.settle(pick, percent)?,
            Step::SettleAgain { pick, amount } => {
                let Some(id) = pick_of(&self.finished, pick) else { return Ok(()) };
                let settled = self.ledger.settle(id, ask(i64::from(amount), 1, 1), self.now);
                ensure(settled.as_ref().is_none_or(|s| s.repeated), || format!("settled again: {settled:?}"))?;
                self.touched = self.model.calls.get(&id).map(|call| call.accounts.clone()).unwrap_or_default();
            }
            Step::Release { pick } => self.release(pick)?,
            Step::Flush { count } => self.flush(count as usize),
            Step::Crash => self.crash()?,
            Step::Replay => {
                let entries: Vec<_> = self.journal.values().flatten().cloned().collect();
                self.ledger.book.replay(entries);
                self.touched = (0..self.model.accounts.len()).collect();
            }
            Step::Limit { account, pick, limit } => {
                let account = self.account(account);
                let budgets = &self.model.accounts[account].budgets;
                if !budgets.is_empty() {
                    let i = pick as usize % budgets.len();
                    let spent = self.model.sums(account, budgets[i].0, self.latest).spent;
                    // Mostly some more than was spent, or long windows would soon let nobody in.
                    let base = if limit.is_multiple_of(6) { 0 } else { spent };
                    self.model.accounts[account].budgets[i].1 = base + i64::from(limit);
                    self.edited(account);
                }
            }
            Step::Window { account, window, limit } => {
                let account = self.account(account);
                let window = window as usize % WINDOWS.len();
                let spent = self.model.sums(account, window, self.latest).spent;
                let turn = self.model.start(window, self.latest);
                self.model.accounts[account].added[window] = Some(turn);
                let budgets = &mut self.model.accounts[account].budgets;
                match budgets.iter().position(|budget| budget.0 == window) {
                    Some(i) => drop(budgets.remove(i)),
                    None if budgets.len() < 3 => budgets.push((window, spent + i64::from(limit), None)),
                    None => drop(budgets.remove(0)),
                }
                self.edited(account);
            }
            Step::Increase { account, amount, seconds } => {
                let account = self.account(account);
                let until = self.latest.plus_seconds(i64::from(seconds));
                if let Some(budget) = self.model.accounts[account].budgets.first_mut() {
                    budget.2 = Some(Increase { amount: Nanos(i64::from(amount)), until });
                    self.edited(account);
                }
            }
            Step::Rate { account, limit } => {
                let account = self.account(account);
                if let Some(rate) = self.model.accounts[account].rates.first_mut() {
                    rate.1 = u64::from(limit) / if rate.0 == RateKind::Requests { 100 } else { 1 };
                    self.edited(account);
                }
            }
            Step::Forget => drop(self.ledger.book.forget_idle(Timestamp(self.latest.0 - 3 * MINUTE), self.now)),
        }
        let touched = std::mem::take(&mut self.touched);
        touched.iter().try_for_each(|account| self.check(*account))
    }

    fn account(&self, pick: u32) -> usize {
        pick as usize % self.model.accounts.len()
    }

    fn edited(&mut self, account: usize) {
        self.model.accounts[account].rebuild();
        let account = &self.model.accounts[account];
        self.ledger.edited(&Seat { key: account.key.clone(), rules: account.rules.clone() }, self.now);
    }

    fn chain(&self, accounts: &[usize]) -> Chain {
        let seat = |i: &usize| {
            let account = &self.model.accounts[*i];
            Seat { key: account.key.clone(), rules: account.rules.clone() }
        };
        accounts.iter().map(seat).collect()
    }

    fn note(&mut self, id: ChargeId) {
        if let Some(entry) = self.ledger.book.entry(id) {
            self.journal.entry(id).or_default().push(entry);
        }
    }

    fn reserve(&mut self, id: ChargeId, accounts: Vec<usize>, ask: Ask) -> Result<(), String> {
        let chain = self.chain(&accounts);
        let mut reserved = self.ledger.reserve(id, &chain, ask, self.now);
        if let Err(ReserveError::Unloaded(needed)) = &reserved {
            self.load(needed);
            reserved = self.ledger.reserve(id, &chain, ask, self.now);
        }
        let now = self.latest;
        match reserved {
            Ok(reserved) => {
                ensure(!reserved.repeated, || "a new call is an old one".to_owned())?;
                self.admitted += 1;
                self.fits(&accounts, now, &ask, None)?;
                for account in &accounts {
                    let model = &self.model.accounts[*account];
                    ensure(model.parallel.is_none_or(|limit| model.running < limit), || {
                        format!("{}: too many at once", model.key)
                    })?;
                    self.hold(*account, now, ask.amount.0, 1, now);
                    let account = &mut self.model.accounts[*account];
                    account.running += 1;
                    account.recent.push_back((now, id));
                    while account.recent.front().is_some_and(|(at, _)| at.0 < now.0 - 3 * MINUTE) {
                        account.recent.pop_front();
                    }
                }
                let grants = vec![(now, ask.input_tokens, ask.output_tokens)];
                let call =
                    ModelCall { at: now, accounts: accounts.clone(), held: ask.amount.0, grants, state: State::Live };
                self.model.calls.insert(id, call);
                self.live.push(id);
                self.note(id);
            }
            Err(ReserveError::Refused(refusal)) => {
                self.refused += 1;
                self.justified(&accounts, now, &refusal, 1)?;
            }
            other => return Err(format!("reserve: {other:?}")),
        }
        self.touched = accounts;
        Ok(())
    }

    /// Tells the ledger what the database has.
    fn load(&mut self, needed: &[Needed]) {
        for needed in needed {
            let name = needed.account.id.split('#').next().unwrap();
            let same = |a: &ModelAccount| a.key.kind == needed.account.kind && &*a.key.id == name;
            let account = self.model.accounts.iter().position(same).unwrap();
            let window = WINDOWS.iter().position(|window| *window == needed.window).unwrap();
            let spent = self.model.database[account][window].get(&needed.span.start).copied().unwrap_or_default();
            self.ledger.load(needed, Nanos(spent), &self.settled);
        }
    }

    fn hold(&mut self, account: usize, at: Timestamp, amount: i64, live: u32, now: Timestamp) {
        let limits: Vec<_> = (0..self.model.accounts[account].budgets.len())
            .map(|i| (self.model.accounts[account].budgets[i].0, self.model.accounts[account].limit(i, now)))
            .collect();
        self.model.change(account, at, |sums| {
            sums.reserved += amount;
            sums.live += live;
        });
        for window in 0..WINDOWS.len() {
            let start = self.model.start(window, at);
            let limit = limits.iter().find(|(of, _)| *of == window).map(|(_, limit)| *limit);
            if let Some(sums) = self.model.accounts[account].sums[window].get_mut(&start) {
                let total = sums.spent + sums.reserved;
                // Where nothing limits, everything may be; a limit lets in what stays below it.
                sums.bound = sums.bound.max(limit.map_or(total, |limit| limit.min(total)));
            }
        }
    }

    fn extend(&mut self, pick: u32, more: Ask) -> Result<(), String> {
        let Some(id) = pick_of(&self.live, pick) else { return Ok(()) };
        let call = self.model.calls[&id].clone();
        let mut extended = self.ledger.extend(id, more, self.now);
        if let Err(ReserveError::Unloaded(needed)) = &extended {
            self.load(needed);
            extended = self.ledger.extend(id, more, self.now);
        }
        match extended {
            Ok(_) => {
                self.fits(&call.accounts, call.at, &more, Some(id))?;
                for account in &call.accounts {
                    self.hold(*account, call.at, more.amount.0, 0, self.latest);
                    self.model.accounts[*account].recent.push_back((self.latest, id));
                }
                let call = self.model.calls.get_mut(&id).unwrap();
                call.held += more.amount.0;
                call.grants.push((self.latest, more.input_tokens, more.output_tokens));
                self.note(id);
            }
            Err(ReserveError::Refused(refusal)) => self.justified(&call.accounts, call.at, &refusal, 0)?,
            Err(other) => return Err(format!("extend: {other:?}")),
        }
        self.touched = call.accounts;
        Ok(())
    }

    /// The provider's bill enters the model.
    fn bill(&mut self, id: ChargeId, amount: i64) {
        let call = self.model.calls.get_mut(&id).unwrap();
        call.state = State::Settled(amount);
        let (accounts, at, held) = (call.accounts.clone(), call.at, call.held);
        self.model.billed += i128::from(amount);
        for account in accounts {
            self.model.accounts[account].running -= 1;
            self.model.change(account, at, |sums| {
                sums.reserved -= held;
                sums.live -= 1;
                sums.spent += amount;
                sums.bound += (amount - held).max(0);
            });
        }
        self.live.retain(|live| *live != id);
        self.settled.push(id);
        if self.finished.len() >= 50 {
            self.finished.remove(0);
        }
        self.finished.push(id);
    }

    fn settle(&mut self, pick: u32, percent: u32) -> Result<(), String> {
        let Some(id) = pick_of(&self.live, pick) else { return Ok(()) };
        let call = self.model.calls.get_mut(&id).unwrap();
        let part = |count: u64| count * u64::from(percent) / 100;
        let input = part(call.grants.iter().map(|grant| grant.1).sum());
        let output = part(call.grants.iter().map(|grant| grant.2).sum());
        let amount = call.held * i64::from(percent) / 100;
        call.correct(input, output);
        let (accounts, held) = (call.accounts.clone(), call.held);
        let used = Ask { amount: Nanos(amount), input_tokens: input, output_tokens: output };
        let Some(settled) = self.ledger.settle(id, used, self.now) else { return Err("an unknown call".to_owned()) };
        ensure(!settled.repeated && settled.excess.0 == (amount - held).max(0), || format!("settle: {settled:?}"))?;
        self.bill(id, amount);
        self.note(id);
        self.touched = accounts;
        Ok(())
    }

    fn release(&mut self, pick: u32) -> Result<(), String> {
        let Some(id) = pick_of(&self.live, pick) else { return Ok(()) };
        ensure(self.ledger.release(id, self.now), || "not released".to_owned())?;
        let call = self.model.calls.remove(&id).unwrap();
        for account in &call.accounts {
            self.model.accounts[*account].running -= 1;
            self.model.change(*account, call.at, |sums| {
                sums.reserved -= call.held;
                sums.live -= 1;
            });
        }
        self.live.retain(|live| *live != id);
        self.journal.entry(id).or_default().push(Entry::Released { id });
        self.touched = call.accounts;
        Ok(())
    }

    fn flush(&mut self, count: usize) {
        let ids: Vec<_> = self.settled.drain(..count.min(self.settled.len())).collect();
        let last = |entries: Vec<Entry>| entries.into_iter().rev().find(|entry| matches!(entry, Entry::Settled { .. }));
        let batch: Vec<_> = ids.iter().filter_map(|id| self.journal.remove(id).and_then(last)).collect();
        for entry in self.ledger.flush(batch) {
            let Entry::Settled { id, at, accounts, used } = entry else { continue };
            if !self.model.in_database.insert(id) {
                continue;
            }
            self.model.latest = self.model.latest.max(at);
            self.model.flushed += i128::from(used.amount.0);
            for key in accounts {
                let name = key.id.split('#').next().unwrap();
                let same = |a: &ModelAccount| a.key.kind == key.kind && &*a.key.id == name;
                let Some(account) = self.model.accounts.iter().position(same) else { continue };
                for window in 0..WINDOWS.len() {
                    let start = self.model.start(window, at);
                    *self.model.database[account][window].entry(start).or_default() += used.amount.0;
                }
            }
        }
        // Calls that nothing asks about any more.
        if self.model.calls.len() > 4000 {
            let old = self.latest.0 - 3 * MINUTE;
            let (live, settled) = (&self.live, &self.settled);
            self.model.calls.retain(|id, call| {
                call.grants.iter().any(|grant| grant.0.0 > old) || live.contains(id) || settled.contains(id)
            });
        }
        self.journal.retain(|_, entries| !matches!(entries.last(), Some(Entry::Released { .. })));
    }

    fn crash(&mut self) -> Result<(), String> {
        let entries: Vec<_> = self.journal.values().flatten().cloned().collect();
        let gone: HashSet<_> = entries.iter().filter(|e| matches!(e, Entry::Released { .. })).map(Entry::id).collect();
        let released = |id: &ChargeId| gone.contains(id);
        let charged = self.ledger.restart(&entries, self.model.latest, self.now);
        // What was not written down is forgotten, the time too.
        let seen = entries.iter().map(|entry| match entry {
            Entry::Reserved { id, at, .. } | Entry::Extended { id, at, .. } if !released(id) => *at,
            Entry::Settled { at, .. } => *at,
            _ => self.now,
        });
        // What was granted before is not in the rates any more, even if the clock was set back.
        let before = self.latest;
        self.latest = seen.fold(self.now.max(self.model.latest), Timestamp::max);
        self.model.started = self.latest.max(before);
        let mut under_way = std::mem::take(&mut self.live);
        for entry in charged {
            let Entry::Settled { id, used, .. } = &entry else { return Err(format!("{entry:?}")) };
            let held = self.model.calls.get(id).map_or(-1, |call| call.held);
            ensure(under_way.contains(id) && used.amount.0 == held, || format!("charged after the crash: {entry:?}"))?;
            under_way.retain(|call| call != id);
            self.bill(*id, held);
            self.journal.entry(*id).or_default().push(entry);
        }
        ensure(under_way.is_empty(), || format!("{} calls are charged to nobody", under_way.len()))
    }
}

fn ask(amount: i64, input: u32, output: u32) -> Ask {
    Ask { amount: Nanos(amount), input_tokens: u64::from(input), output_tokens: u64::from(output) }
}

fn pick_of(from: &[ChargeId], pick: u32) -> Option<ChargeId> {
    (!from.is_empty()).then(|| from[pick as usize % from.len()])
}
