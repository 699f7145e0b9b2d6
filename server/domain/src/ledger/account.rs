//! One account: what it spent, what calls under way hold of it, and how fast it was used.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::call::{Ask, Call};
use super::outcome::Event;
use super::rate::Ring;
use super::rules::{BudgetRule, RateKind, Rules};
use super::window::{Span, Zone};
use crate::clock::Timestamp;
use crate::money::Nanos;

/// What an account stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// The whole gateway; its id is empty.
    Gateway,
    Organisation,
    Team,
    Membership,
    /// A person, for what is charged to their personal keys.
    User,
    /// A person, for what they use whatever key they use.
    Person,
    Key,
    Customer,
    Tag,
    Provider,
    Deployment,
}

impl AccountKind {
    pub const ALL: [Self; 10] = [
        Self::Gateway,
        Self::Organisation,
        Self::Team,
        Self::Membership,
        Self::User,
        Self::Key,
        Self::Customer,
        Self::Tag,
        Self::Provider,
        Self::Deployment,
    ];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Organisation => "organisation",
            Self::Team => "team",
            Self::Membership => "membership",
            Self::User | Self::Person => "user",
            Self::Key => "key",
            Self::Customer => "customer",
            Self::Tag => "tag",
            Self::Provider => "provider",
            Self::Deployment => "deployment",
        }
    }
}

/// What tells one account from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountKey {
    pub kind: AccountKind,
    pub id: Arc<str>,
    /// A model or a pattern of models: what the account spends on it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Arc<str>>,
}

impl AccountKey {
    pub fn new(kind: AccountKind, id: impl Into<Arc<str>>) -> Self {
        Self { kind, id: id.into(), model: None }
    }

    /// The account's part for a model.
    pub fn of_model(&self, model: impl Into<Arc<str>>) -> Self {
        Self { model: Some(model.into()), ..self.clone() }
    }
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        if !self.id.is_empty() {
            write!(f, " {}", self.id)?;
        }
        self.model.as_ref().map_or(Ok(()), |model| write!(f, ", model {model}"))
    }
}

/// One turn of a window. Amounts in nano-dollars.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub span: Span,
    pub spent: i64,
    pub reserved: i64,
    /// Reservations that belong to it.
    pub live: u32,
    /// What was spent in it before the book knew of the window is in [`Self::spent`].
    pub loaded: bool,
}

impl Turn {
    fn new(span: Span, loaded: bool) -> Self {
        Self { span, spent: 0, reserved: 0, live: 0, loaded }
    }

    pub fn total(&self) -> i64 {
        self.spent.saturating_add(self.reserved)
    }
}

#[derive(Debug)]
pub(super) struct Budget {
    pub current: Turn,
    /// Turns that are over and still have live reservations.
    past: Vec<Turn>,
}

impl Budget {
    pub fn turn_of(&mut self, at: Timestamp) -> Option<&mut Turn> {
        if self.current.span.contains(at) {
            return Some(&mut self.current);
        }
        self.past.iter_mut().find(|turn| turn.span.contains(at))
    }

    /// Every turn that is kept, to be changed.
    pub fn turns_mut(&mut self) -> impl Iterator<Item = &mut Turn> {
        self.past.iter_mut().chain([&mut self.current])
    }

    /// Every turn that is kept.
    pub fn turns(&self) -> impl Iterator<Item = &Turn> {
        self.past.iter().chain([&self.current])
    }

    fn turn(&mut self, rule: &BudgetRule, now: Timestamp, zone: &Zone) {
        if now < self.current.span.end {
            return;
        }
        // Whatever is spent in the new turn is spent in front of the book.
        let old = std::mem::replace(&mut self.current, Turn::new(rule.span(now, zone), true));
        if old.live > 0 {
            self.past.push(old);
        }
    }
}

#[derive(Debug)]
pub(super) struct Account {
    pub key: AccountKey,
    pub rules: Arc<Rules>,
    /// As `rules.budgets`.
    pub budgets: Vec<Budget>,
    /// As `rules.rates`.
    pub rates: Vec<Ring>,
    /// Calls under way.
    pub parallel: u64,
    /// Calls that the book remembers, under way or not.
    pub calls: u64,
    pub used_at: Timestamp,
}

impl Account {
    pub fn new(key: AccountKey, now: Timestamp) -> Self {
        let rules = Arc::default();
        Self { key, rules, budgets: Vec::new(), rates: Vec::new(), parallel: 0, calls: 0, used_at: now }
    }

    /// Puts rules in force. Windows and rates that stay keep their counts; `calls` are those that the book remembers of
    /// the account, for what is new. From `minutes_known` on, nothing was used in the last minute but what the book knows.
    pub fn set_rules<'a>(
        &mut self,
        rules: &Arc<Rules>,
        calls: &(impl Iterator<Item = &'a Call> + Clone),
        now: Timestamp,
        zone: &Zone,
        minutes_known: Timestamp,
    ) {
        let of = |rule: &BudgetRule| (rule.window, rule.since, rule.shadow);
        let mut old: Vec<_> = self.rules.budgets.iter().map(of).zip(self.budgets.drain(..)).collect();
        for rule in &rules.budgets {
            let kept = old.iter().position(|(known, _)| *known == of(rule));
            let new = || {
                let mut turn = Turn::new(rule.span(now, zone), false);
                for call in calls.clone().filter(|call| call.cost.is_none() && turn.span.contains(call.at)) {
                    turn.reserved = turn.reserved.saturating_add(call.held.amount.0);
                    turn.live += 1;
                }
                Budget { current: turn, past: Vec::new() }
            };
            self.budgets.push(kept.map_or_else(new, |i| old.swap_remove(i).1));
        }
        let mut old: Vec<_> = self
            .rules
            .rates
            .iter()
            .map(|rule| (rule.kind, rule.period, rule.shadow))
            .zip(self.rates.drain(..))
            .collect();
        for rule in &rules.rates {
            let kept = old.iter().position(|(of, _)| *of == (rule.kind, rule.period, rule.shadow));
            let new = || {
                let mut ring = Ring::new(rule.period, now);
                ring.loaded &= now >= minutes_known;
                calls.clone().for_each(|call| call.grant(&mut ring, rule.kind));
                ring
            };
            self.rates.push(kept.map_or_else(new, |i| old.swap_remove(i).1));
        }
        self.rules = Arc::clone(rules);
    }

    /// Brings windows and rates to `now`.
    pub fn turn(&mut self, now: Timestamp, zone: &Zone) {
        for (budget, rule) in self.budgets.iter_mut().zip(&self.rules.budgets) {
            budget.turn(rule, now, zone);
        }
        for ring in &mut self.rates {
            ring.turn(now);
        }
        self.used_at = now;
    }

    /// How much of its rate limits holds, in millionths, if a call of `amount` takes it beyond a budget that slows it.
    pub fn slowed(&self, amount: Nanos, now: Timestamp) -> Option<u32> {
        let beyond = |(budget, rule): (&Budget, &BudgetRule)| {
            let limit = rule.limit_at(now)?;
            (budget.current.total().saturating_add(amount.0) > limit.0).then_some(rule.slows?)
        };
        self.budgets.iter().zip(&self.rules.budgets).filter_map(beyond).min()
    }

    /// Takes what was found to fit: a new call's first reservation.
    pub fn hold(&mut self, ask: &Ask, at: Timestamp) {
        for budget in &mut self.budgets {
            if let Some(turn) = budget.turn_of(at) {
                turn.reserved = turn.reserved.saturating_add(ask.amount.0);
                turn.live += 1;
            }
        }
        for (ring, rule) in self.rates.iter_mut().zip(&self.rules.rates) {
            ring.add(at, if rule.kind == RateKind::Requests { 1 } else { ask.count(rule.kind) });
        }
        self.parallel += 1;
        self.calls += 1;
    }

    /// Takes more for a call that began at `began`.
    pub fn hold_more(&mut self, more: &Ask, began: Timestamp, now: Timestamp) {
        for budget in &mut self.budgets {
            if let Some(turn) = budget.turn_of(began) {
                turn.reserved = turn.reserved.saturating_add(more.amount.0);
            }
        }
        for (ring, rule) in self.rates.iter_mut().zip(&self.rules.rates) {
            ring.add(now, more.count(rule.kind));
        }
    }

    /// Ends a call: what it held goes, what it cost comes. `used` is `None` for a call that reached no provider.
    pub fn end(&mut self, call: &Call, used: Option<&Ask>, now: Timestamp, events: &mut Vec<Event>) {
        self.parallel = self.parallel.saturating_sub(1);
        let cost = used.map_or(0, |used| used.amount.0);
        for (budget, rule) in self.budgets.iter_mut().zip(&self.rules.budgets) {
            let Some(turn) = budget.turn_of(call.at) else { continue };
            let (before, span) = (turn.spent, turn.span);
            turn.reserved = turn.reserved.saturating_sub(call.held.amount.0);
            turn.spent = turn.spent.saturating_add(cost);
            turn.live = turn.live.saturating_sub(1);
            let limit = rule.limit_at(now).filter(|_| rule.slows.is_none() && !rule.shadow);
            if let Some(limit) = limit
                && turn.total() > limit.0
                && cost > call.held.amount.0
            {
                let beyond = turn.total().saturating_sub(limit.0);
                let beyond = Nanos(beyond.min(cost - call.held.amount.0));
                events.push(Event::Overrun { account: self.key.clone(), window: rule.window, span, limit, beyond });
            }
            tell(&self.key, rule, span, (before, turn.spent), now, events);
            budget.past.retain(|turn| turn.live > 0);
        }
        for (ring, rule) in self.rates.iter_mut().zip(&self.rules.rates) {
            call.correct(ring, rule.kind, used);
        }
    }
}

/// What of a rate limit holds, in millionths of it: something, or the account would stand still.
pub(super) fn part_of(limit: u64, slowed: Option<u32>) -> u64 {
    let Some(share) = slowed else { return limit };
    let part = u128::from(limit) * u128::from(share) / 1_000_000;
    u64::try_from(part).unwrap_or(u64::MAX).clamp(1.min(limit), limit)
}

/// Notes which marks spend went over.
fn tell(
    key: &AccountKey,
    rule: &BudgetRule,
    span: Span,
    (before, after): (i64, i64),
    now: Timestamp,
    events: &mut Vec<Event>,
) {
    let crossed = |mark: i64| before < mark && mark <= after;
    if let Some(soft) = rule.soft.filter(|soft| crossed(soft.0)) {
        let spent = Nanos(after);
        events.push(Event::SoftLimit { account: key.clone(), window: rule.window, span, soft, spent });
    }
    let Some(limit) = rule.limit_at(now) else { return };
    for &percent in &rule.thresholds {
        let mark = i128::from(limit.0) * i128::from(percent);
        // The smallest amount that is so many per cent.
        let mark = i64::try_from(mark.div_euclid(100) + i128::from(mark.rem_euclid(100) != 0)).unwrap_or(i64::MAX);
        if crossed(mark) {
            let (account, spent) = (key.clone(), Nanos(after));
            events.push(Event::Threshold { account, window: rule.window, span, percent, limit, spent });
        }
    }
}
