//! The book: every account and every call that is under way or not yet in the database.

use std::collections::HashMap;

use super::account::{Account, AccountKey, part_of};
use super::call::{Ask, Call};
use super::chain::{Chain, Seat};
use super::outcome::{Event, Reserved, Settled};
use super::rate::RateStatus;
use super::refusal::ReserveError;
use super::rules::{Period, RateKind};
use super::verdict::Verdict;
use super::window::Zone;
use crate::clock::Timestamp;
use crate::ids::ChargeId;
use crate::money::Nanos;

/// What a chain has left; `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    pub amount: Option<Nanos>,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    /// Both together.
    pub tokens: Option<u64>,
}

/// All accounts, behind one lock: what holds of one call holds of all at once. See the module's documentation.
#[derive(Debug, Default)]
pub struct Book {
    pub(super) zone: Zone,
    now: Timestamp,
    /// Before it, what accounts used in the last minute is asked for.
    minutes_known: Timestamp,
    pub(super) accounts: Vec<Account>,
    index: HashMap<AccountKey, u32>,
    /// Positions in `accounts` that are no account's any more.
    free: Vec<u32>,
    pub(super) calls: HashMap<ChargeId, Call>,
}

impl Book {
    /// An empty book. `latest` is the moment of the last charge in the database: if the clock was set back since, time
    /// stands still until it is reached again, or windows that had begun would seem new.
    pub fn new(zone: Zone, latest: Timestamp) -> Self {
        Self { zone, now: latest, ..Self::default() }
    }

    /// The last charge of an earlier book was made at `latest`: as long as that is less than a minute ago, accounts that
    /// come into the book are asked for what they used of limits by the minute, too. Without it, they begin with nothing.
    #[must_use]
    pub fn after(self, latest: Timestamp) -> Self {
        let minute = Period::Minute;
        let known = latest.0.saturating_add(minute.micros()).saturating_add(minute.part_micros());
        Self { minutes_known: Timestamp(known), ..self }
    }

    /// The moment at which something that comes at `now` happens: time never goes back.
    pub fn tick(&mut self, now: Timestamp) -> Timestamp {
        self.now = self.now.max(now);
        self.now
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn known(&self, key: &AccountKey) -> Option<usize> {
        self.index.get(key).map(|i| *i as usize)
    }

    /// Puts changed rules in force at once, for calls under way too, if the account is in the book. Otherwise they come
    /// into force with the next chain that the account sits in.
    pub fn change_rules(&mut self, seat: &Seat, now: Timestamp) {
        if self.index.contains_key(&seat.key) {
            let now = self.tick(now);
            self.sit(seat, now);
        }
    }

    /// The account, made if it is new, its rules in force and its windows turned.
    pub(super) fn sit(&mut self, seat: &Seat, now: Timestamp) -> u32 {
        let position = self.position(&seat.key, now);
        let account = &mut self.accounts[position as usize];
        account.turn(now, &self.zone);
        if !std::sync::Arc::ptr_eq(&account.rules, &seat.rules) && account.rules != seat.rules {
            let calls =
                (account.calls > 0).then(|| self.calls.values().filter(|call| call.accounts.contains(&position)));
            account.set_rules(&seat.rules, &calls.into_iter().flatten(), now, &self.zone, self.minutes_known);
        }
        position
    }

    pub(super) fn position(&mut self, key: &AccountKey, now: Timestamp) -> u32 {
        if let Some(position) = self.index.get(key) {
            return *position;
        }
        let account = Account::new(key.clone(), now);
        let position = if let Some(position) = self.free.pop() {
            self.accounts[position as usize] = account;
            position
        } else {
            self.accounts.push(account);
            u32::try_from(self.accounts.len() - 1).unwrap_or(u32::MAX)
        };
        self.index.insert(key.clone(), position);
        position
    }

    /// Reserves what a call may need on every account of its chain, or on none. Accounts that were never seen are
    /// made in the same step.
    pub fn reserve(&mut self, id: ChargeId, chain: &Chain, ask: Ask, now: Timestamp) -> Result<Reserved, ReserveError> {
        let now = self.tick(now);
        let ask = ask.cleaned();
        if let Some(call) = self.calls.get(&id) {
            return match call.cost {
                None => Ok(Reserved { at: call.at, events: Vec::new(), repeated: true }),
                Some(_) => Err(ReserveError::Finished),
            };
        }
        let accounts: Box<[u32]> = chain.seats().iter().map(|seat| self.sit(seat, now)).collect();
        let mut verdict = Verdict::default();
        for i in &accounts {
            verdict.ask(&self.accounts[*i as usize], &ask, now);
        }
        if let Some(refusal) = verdict.refusal.take() {
            return Err(ReserveError::Refused(refusal));
        }
        verdict.loaded()?;
        for i in &accounts {
            self.accounts[*i as usize].hold(&ask, now);
        }
        self.calls.insert(id, Call::new(now, ask, accounts));
        Ok(Reserved { at: now, events: shadows(verdict.shadows), repeated: false })
    }

    /// Adds to a live reservation, on every account or on none. Money belongs to the windows of the reservation, tokens
    /// to this moment.
    pub fn extend(&mut self, id: ChargeId, more: Ask, now: Timestamp) -> Result<Vec<Event>, ReserveError> {
        let now = self.tick(now);
        let more = more.cleaned();
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.cost.is_none()) else {
            return Err(ReserveError::Finished);
        };
        let mut verdict = Verdict::default();
        for i in &call.accounts {
            let account = &mut self.accounts[*i as usize];
            account.turn(now, &self.zone);
            verdict.ask_more(account, &more, call.at, now);
        }
        if let Some(refusal) = verdict.refusal.take() {
            return Err(ReserveError::Refused(refusal));
        }
        verdict.loaded()?;
        for i in &call.accounts {
            self.accounts[*i as usize].hold_more(&more, call.at, now);
        }
        call.held = call.held.plus(&more);
        call.added.push((now, more));
        Ok(shadows(verdict.shadows))
    }

    /// Turns a reservation into a charge of what the call used. `None`: the call is unknown. It is remembered until it
    /// is [`Self::flushed`].
    pub fn settle(&mut self, id: ChargeId, used: Ask, now: Timestamp) -> Option<Settled> {
        let now = self.tick(now);
        let used = used.cleaned();
        let call = self.calls.get_mut(&id)?;
        if call.cost.is_some() {
            return Some(Settled { repeated: true, ..Settled::default() });
        }
        let mut events = Vec::new();
        for i in &call.accounts {
            let account = &mut self.accounts[*i as usize];
            account.turn(now, &self.zone);
            account.end(call, Some(&used), now, &mut events);
        }
        call.cost = Some(used);
        let excess = Nanos(used.amount.0.saturating_sub(call.held.amount.0).max(0));
        Some(Settled { excess, events, repeated: false })
    }

    /// Gives a reservation back: the call reached no provider. `false`: it is not under way.
    pub fn release(&mut self, id: ChargeId, now: Timestamp) -> bool {
        let now = self.tick(now);
        if self.calls.get(&id).is_none_or(|call| call.cost.is_some()) {
            return false;
        }
        let Some(call) = self.calls.remove(&id) else { return false };
        let mut events = Vec::new();
        for i in &call.accounts {
            let account = &mut self.accounts[*i as usize];
            account.turn(now, &self.zone);
            account.end(&call, None, now, &mut events);
            account.calls -= 1;
        }
        true
    }

    /// What a call through the chain can have at most.
    pub fn room(&mut self, chain: &Chain, now: Timestamp) -> Result<Room, ReserveError> {
        let now = self.tick(now);
        let mut room = Room::default();
        let mut verdict = Verdict::default();
        let narrow = |have: &mut Option<u64>, left: u64| *have = Some(have.map_or(left, |have| have.min(left)));
        for seat in chain.seats() {
            let position = self.sit(seat, now);
            let account = &self.accounts[position as usize];
            verdict.ask(account, &Ask::default(), now);
            for (budget, rule) in account.budgets.iter().zip(&account.rules.budgets).filter(|(_, r)| r.refuses()) {
                if let Some(limit) = rule.limit_at(now) {
                    let left = Nanos(limit.0.saturating_sub(budget.current.total()).max(0));
                    room.amount = Some(room.amount.map_or(left, |amount| amount.min(left)));
                }
            }
            let slowed = account.slowed(Nanos::ZERO, now);
            for (ring, rule) in account.rates.iter().zip(&account.rules.rates).filter(|(_, r)| !r.shadow) {
                let left = part_of(rule.limit, slowed).saturating_sub(ring.used());
                match rule.kind {
                    RateKind::Requests => {}
                    RateKind::InputTokens => narrow(&mut room.input_tokens, left),
                    RateKind::OutputTokens => narrow(&mut room.output_tokens, left),
                    RateKind::Tokens => narrow(&mut room.tokens, left),
                }
            }
        }
        verdict.loaded()?;
        Ok(room)
    }

    /// The tightest rate limit of each kind along the chain: what has the fewest left.
    pub fn rates(&mut self, chain: &Chain, now: Timestamp) -> Vec<RateStatus> {
        let now = self.tick(now);
        let mut tightest: Vec<RateStatus> = Vec::new();
        for seat in chain.seats() {
            let position = self.sit(seat, now);
            let account = &self.accounts[position as usize];
            let slowed = account.slowed(Nanos::ZERO, now);
            for (ring, rule) in account.rates.iter().zip(&account.rules.rates).filter(|(_, r)| !r.shadow) {
                let status = RateStatus::of(&account.key, rule, part_of(rule.limit, slowed), ring, now);
                match tightest.iter_mut().find(|known| known.kind == rule.kind) {
                    Some(known) if known.remaining <= status.remaining => {}
                    Some(known) => *known = status,
                    None => tightest.push(status),
                }
            }
        }
        tightest
    }

    /// Lets go of a call that is in the database now.
    pub fn flushed(&mut self, id: ChargeId) {
        if self.calls.get(&id).is_some_and(|call| call.cost.is_some())
            && let Some(call) = self.calls.remove(&id)
        {
            for i in &call.accounts {
                self.accounts[*i as usize].calls -= 1;
            }
        }
    }

    /// Forgets accounts that nothing happened to since `before`, and returns how many. They come back with sums from
    /// the database when they are needed.
    pub fn forget_idle(&mut self, before: Timestamp, now: Timestamp) -> usize {
        let now = self.tick(now);
        let mut forgotten = 0;
        for (position, account) in self.accounts.iter_mut().enumerate() {
            let Ok(position) = u32::try_from(position) else { break };
            if account.calls > 0 || account.used_at >= before || self.index.get(&account.key) != Some(&position) {
                continue;
            }
            for ring in &mut account.rates {
                ring.turn(now);
            }
            if account.rates.iter().all(|ring| ring.used() == 0) {
                self.index.remove(&account.key);
                self.free.push(position);
                forgotten += 1;
            }
        }
        forgotten
    }

    /// Accounts in the book.
    pub fn accounts(&self) -> usize {
        self.index.len()
    }

    /// Reservations under way: id, moment and amount.
    pub fn live(&self) -> impl Iterator<Item = (ChargeId, Timestamp, Nanos)> {
        let live = self.calls.iter().filter(|(_, call)| call.cost.is_none());
        live.map(|(id, call)| (*id, call.at, call.held.amount))
    }
}

fn shadows(refusals: Vec<super::refusal::Refusal>) -> Vec<Event> {
    refusals.into_iter().map(|refusal| Event::Shadow(Box::new(refusal))).collect()
}
