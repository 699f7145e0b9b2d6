//! One call: what it asks for, what it holds, and what it used.

use serde::{Deserialize, Serialize};

use super::rate::Ring;
use super::rules::RateKind;
use crate::clock::Timestamp;
use crate::money::Nanos;

/// What a call may need, or what it used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Not negative.
    pub amount: Nanos,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

impl Ask {
    /// Nought for requests, which are not asked for but made.
    pub(super) fn count(&self, kind: RateKind) -> u64 {
        match kind {
            RateKind::Requests => 0,
            RateKind::InputTokens => self.input_tokens,
            RateKind::OutputTokens => self.output_tokens,
            RateKind::Tokens => self.input_tokens.saturating_add(self.output_tokens),
        }
    }

    pub(super) fn plus(&self, more: &Self) -> Self {
        Self {
            amount: Nanos(self.amount.0.saturating_add(more.amount.0)),
            input_tokens: self.input_tokens.saturating_add(more.input_tokens),
            output_tokens: self.output_tokens.saturating_add(more.output_tokens),
        }
    }

    pub(super) fn cleaned(mut self) -> Self {
        self.amount.0 = self.amount.0.max(0);
        self
    }
}

/// A call that the book knows.
#[derive(Debug)]
pub(super) struct Call {
    pub at: Timestamp,
    /// All of it: the first reservation and what was added.
    pub held: Ask,
    /// What was added, and when.
    pub added: Vec<(Timestamp, Ask)>,
    /// Positions in the book.
    pub accounts: Box<[u32]>,
    /// What it cost; `None`: it is under way.
    pub cost: Option<Ask>,
}

impl Call {
    pub fn new(at: Timestamp, held: Ask, accounts: Box<[u32]>) -> Self {
        Self { at, held, added: Vec::new(), accounts, cost: None }
    }

    pub fn was_extended(&self) -> bool {
        !self.added.is_empty()
    }

    /// Counts the call in a rate that is new.
    pub fn grant(&self, ring: &mut Ring, kind: RateKind) {
        if kind == RateKind::Requests {
            return ring.add(self.at, 1);
        }
        if let Some(used) = &self.cost {
            return ring.add(self.at, used.count(kind));
        }
        let mut first = self.held.count(kind);
        for (at, more) in &self.added {
            first = first.saturating_sub(more.count(kind));
            ring.add(*at, more.count(kind));
        }
        ring.add(self.at, first);
    }

    /// Puts what was used in place of what was granted, the newest grants first.
    pub fn correct(&self, ring: &mut Ring, kind: RateKind, used: Option<&Ask>) {
        if kind == RateKind::Requests {
            // A call that reached no provider was none.
            return ring.change(self.at, 1, u64::from(used.is_some()));
        }
        let used = used.copied().unwrap_or_default();
        let mut input = Correction::new(self.held.input_tokens, used.input_tokens);
        let mut output = Correction::new(self.held.output_tokens, used.output_tokens);
        for (at, more) in self.added.iter().rev() {
            let now = Ask {
                amount: Nanos::ZERO,
                input_tokens: input.of(more.input_tokens),
                output_tokens: output.of(more.output_tokens),
            };
            ring.change(*at, more.count(kind), now.count(kind));
        }
        let before = Ask { amount: Nanos::ZERO, input_tokens: input.rest, output_tokens: output.rest };
        let now = Ask {
            amount: Nanos::ZERO,
            input_tokens: input.of(before.input_tokens),
            output_tokens: output.of(before.output_tokens),
        };
        ring.change(self.at, before.count(kind), now.count(kind));
    }
}

/// How a call's grants change when it is known what was used.
struct Correction {
    unused: u64,
    beyond: u64,
    /// What the grants that are not looked at yet come to.
    rest: u64,
}

impl Correction {
    fn new(granted: u64, used: u64) -> Self {
        Self { unused: granted.saturating_sub(used), beyond: used.saturating_sub(granted), rest: granted }
    }

    /// What the next grant, from the newest on, should have been.
    fn of(&mut self, granted: u64) -> u64 {
        let back = granted.min(self.unused);
        self.unused -= back;
        self.rest = self.rest.saturating_sub(granted);
        granted.saturating_sub(back).saturating_add(std::mem::take(&mut self.beyond))
    }
}
