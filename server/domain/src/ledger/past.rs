//! What a limit would have done to calls that were made without it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::account::AccountKey;
use super::book::Book;
use super::call::Ask;
use super::chain::Chain;
use super::refusal::{Needed, Refusal, ReserveError};
use super::rules::Rules;
use super::window::Zone;
use crate::clock::Timestamp;
use crate::ids::ChargeId;
use crate::money::Nanos;

/// A call as it is on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastCall {
    pub id: ChargeId,
    /// When it was admitted.
    pub at: Timestamp,
    /// When it was settled.
    pub ended_at: Timestamp,
    /// What was set aside for it; nought where that is not known: then what it cost.
    pub reserved: Nanos,
    pub used: Ask,
}

/// The end, the id, and what was used: cost, and tokens in and out.
type UnderWay = (Timestamp, uuid::Uuid, i64, u64, u64);

/// A book with one account that past calls are played to, oldest first. A call that is refused spends nothing, as it
/// would have been. Rates begin empty. It remembers only calls that were under way at once.
#[derive(Debug)]
pub struct Past {
    book: Book,
    chain: Chain,
    /// The one that ends first on top.
    under_way: BinaryHeap<Reverse<UnderWay>>,
}

impl Past {
    pub fn new(account: AccountKey, rules: Rules, zone: Zone) -> Self {
        let mut chain = Chain::default();
        chain.push(account, Arc::new(rules));
        Self { book: Book::new(zone, Timestamp(i64::MIN)), chain, under_way: BinaryHeap::new() }
    }

    /// Sums that have to be known before the first call, which is not before `at`: of what was spent in each window
    /// until then.
    pub fn needed(&mut self, at: Timestamp) -> Vec<Needed> {
        match self.book.room(&self.chain, at) {
            Err(ReserveError::Unloaded(needed)) => needed,
            _ => Vec::new(),
        }
    }

    /// Tells what was spent before the first call.
    pub fn load(&mut self, needed: &Needed, spent: Nanos) {
        self.book.load(needed, spent);
    }

    /// Plays a call: why it would have been refused, or `None`.
    pub fn play(&mut self, call: &PastCall) -> Option<Box<Refusal>> {
        self.settle(call.at);
        let reserved = if call.reserved > Nanos::ZERO { call.reserved } else { call.used.amount };
        match self.book.reserve(call.id, &self.chain, Ask { amount: reserved, ..call.used }, call.at) {
            Err(ReserveError::Refused(refusal)) => Some(refusal),
            Ok(_) => {
                let Ask { amount, input_tokens, output_tokens } = call.used;
                let ended_at = call.ended_at.max(call.at);
                self.under_way.push(Reverse((ended_at, call.id.0, amount.0, input_tokens, output_tokens)));
                None
            }
            // Nothing is known of what was spent before: counted from here on.
            Err(ReserveError::Unloaded(needed)) => {
                for needed in &needed {
                    self.book.load(needed, Nanos::ZERO);
                }
                self.play(call)
            }
            // Rates begin empty.
            Err(ReserveError::UnloadedRates(needed)) => {
                for needed in &needed {
                    self.book.load_grants(needed, &[]);
                }
                self.play(call)
            }
            Err(ReserveError::Finished) => None,
        }
    }

    fn settle(&mut self, until: Timestamp) {
        while let Some(Reverse((ended_at, id, amount, input_tokens, output_tokens))) = self.under_way.peek().copied()
            && ended_at <= until
        {
            self.under_way.pop();
            let used = Ask { amount: Nanos(amount), input_tokens, output_tokens };
            self.book.settle(ChargeId(id), used, ended_at);
            self.book.flushed(ChargeId(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::{AccountKind, BudgetRule, House, Period, RateKind, RateRule, Seat, WindowRule, rules_of};
    use super::*;
    use crate::limits::Limits;

    const DAY: i64 = 24 * Timestamp::MICROS_PER_HOUR;
    const NOON: Timestamp = Timestamp(20_000 * DAY + DAY / 2);

    fn account() -> AccountKey {
        AccountKey::new(AccountKind::Team, "blue")
    }

    fn call(n: i64, at: Timestamp, reserved: i64, cost: i64) -> PastCall {
        let used = Ask { amount: Nanos(cost), input_tokens: 1, output_tokens: 1 };
        let id = ChargeId(Uuid::from_u128(n.unsigned_abs().into()));
        PastCall { id, at, ended_at: at.plus_seconds(10), reserved: Nanos(reserved), used }
    }

    fn past(rules: Rules, spent: i64) -> Past {
        let mut past = Past::new(account(), rules, Zone::default());
        for needed in past.needed(NOON) {
            past.load(&needed, Nanos(spent));
        }
        past
    }

    #[test]
    fn what_was_under_way_holds_its_reservation_and_then_only_its_cost() {
        let budget = || Rules { budgets: vec![BudgetRule::new(WindowRule::Day, Nanos(100))], ..Rules::default() };
        let mut at_once = past(budget(), 0);
        let refused = (0..10).filter(|n| at_once.play(&call(*n, NOON, 30, 10)).is_some()).count();
        assert_eq!(refused, 7);
        let mut in_turn = past(budget(), 0);
        let refused: Vec<_> =
            (0..10).filter(|n| in_turn.play(&call(*n, NOON.plus_seconds(20 * n), 30, 10)).is_some()).collect();
        assert_eq!(refused, [8, 9]);
        // The next day begins anew, and what was spent before the first call counts.
        assert_eq!(in_turn.play(&call(11, Timestamp(NOON.0 + DAY), 30, 10)), None);
        assert!(past(budget(), 71).play(&call(1, NOON, 30, 10)).is_some());
        assert!(past(budget(), 70).play(&call(1, NOON, 30, 10)).is_none());
    }

    #[test]
    fn rates_hold_for_every_minute_of_the_past() {
        let rate = RateRule { kind: RateKind::Requests, period: Period::Minute, limit: 3, shadow: false };
        let mut past = past(Rules { rates: vec![rate], ..Rules::default() }, 0);
        let of_minute = |past: &mut Past, minute: i64| {
            let at = NOON.plus_seconds(120 * minute);
            (0..5).filter(|n| past.play(&call(minute * 5 + n, at, 0, 1)).is_some()).count()
        };
        assert_eq!((0..4).map(|minute| of_minute(&mut past, minute)).collect::<Vec<_>>(), [2, 2, 2, 2]);
        assert!(past.book.live().count() <= 3, "only what was under way is remembered");
    }

    #[test]
    fn shadow_enforcement_and_the_past_agree() {
        let proposed = Limits { max_budget: Some(Nanos(100)), ..Limits::default() };
        let shadow = Limits { shadow: Some(Box::new(proposed.clone())), ..Limits::default() };
        let mut played = past(rules_of(&proposed, &House::default(), NOON), 0);
        let book = |limits: &Limits| {
            let seat = Seat { key: account(), rules: Arc::new(rules_of(limits, &House::default(), NOON)) };
            let (mut book, chain) = (Book::default(), Chain::from_iter([seat]));
            if let Err(ReserveError::Unloaded(needed)) = book.room(&chain, NOON) {
                for needed in &needed {
                    book.load(needed, Nanos(0));
                }
            }
            (book, chain)
        };
        let ((mut enforced, chain), (mut shadowed, in_shadow)) = (book(&proposed), book(&shadow));
        for n in 0..20 {
            let call = call(n, NOON.plus_seconds(20 * n), 12, 9);
            let ask = Ask { amount: call.reserved, ..call.used };
            let refused = enforced.reserve(call.id, &chain, ask, call.at).is_err();
            enforced.settle(call.id, call.used, call.ended_at);
            let told = shadowed.reserve(call.id, &in_shadow, ask, call.at).unwrap().events;
            shadowed.settle(call.id, call.used, call.ended_at);
            assert_eq!((told.len() == 1, played.play(&call).is_some()), (refused, refused), "{n}");
        }
    }
}
