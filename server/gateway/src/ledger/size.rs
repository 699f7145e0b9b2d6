//! How much a call may need: what is reserved for it.

use tollgate_domain::Nanos;
use tollgate_domain::ledger::{Ask, Estimate, Room, affordable_output};

/// How long an answer may be where neither the client nor the model says so and a budget has to be kept, in tokens: the
/// provider is told.
const LONGEST_UNKNOWN: u64 = 16_384;

/// A budget that affords less than so many tokens of an answer refuses the call: cut so short it would be of no use.
const SHORTEST: u64 = 256;

/// What an answer of unknown length is expected to have, for rate limits: they count what was used afterwards.
const EXPECTED: u64 = 1024;

/// How long the answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is none that costs: embeddings.
    Nothing,
    /// The client named a limit, in tokens.
    Named(u64),
    /// It did not; the model's own limit, if that is known.
    Open { most: Option<u64> },
}

/// What is known of a call's size before it is made.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Never more than these.
    pub prompt_tokens: u64,
    /// More often than not fewer than these: for rate limits.
    pub likely_prompt_tokens: u64,
    pub answer: Answer,
    /// How many answers there are to be.
    pub answers: u64,
    /// `None`: the model has no price.
    pub estimate: Option<Estimate>,
}

/// What is asked of the book, and the length that the provider has to be told, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sized {
    pub ask: Ask,
    pub told: Option<u64>,
    /// How many tokens of all answers the amount pays for.
    pub paid: u64,
}

impl Size {
    /// Whether how much is asked for depends on what is left.
    pub fn is_open(&self) -> bool {
        matches!(self.answer, Answer::Open { .. })
    }

    /// What to reserve. `room`: what the chain has left, where it has budgets or rate limits.
    pub fn within(&self, room: Option<&Room>) -> Sized {
        let (longest, told) = self.longest(room);
        let all = longest.saturating_mul(self.answers);
        let amount = self.estimate.map_or(Nanos::ZERO, |estimate| estimate.amount(self.prompt_tokens, all));
        let output_tokens = if self.is_open() { all.min(self.expected(room)) } else { all };
        Sized { ask: Ask { amount, input_tokens: self.likely_prompt_tokens, output_tokens }, told, paid: all }
    }

    /// How long each answer can become.
    fn longest(&self, room: Option<&Room>) -> (u64, Option<u64>) {
        let most = match self.answer {
            Answer::Nothing => return (0, None),
            Answer::Named(tokens) => return (tokens, None),
            Answer::Open { most } => most,
        };
        let longest = most.unwrap_or(LONGEST_UNKNOWN);
        let (Some(amount), Some(estimate)) = (room.and_then(|room| room.amount), &self.estimate) else {
            return (longest, None);
        };
        let affordable = affordable_output(estimate, amount, self.prompt_tokens);
        let each = affordable.map_or(longest, |tokens| tokens.checked_div(self.answers).unwrap_or(0));
        let longest = longest.min(each.max(SHORTEST));
        // What the model keeps to by itself need not be told.
        let told = (most != Some(longest) && estimate.output.0 > 0).then_some(longest);
        (longest, told)
    }

    /// How many tokens of all answers count against rate limits before they are known.
    fn expected(&self, room: Option<&Room>) -> u64 {
        let mut tokens = EXPECTED.saturating_mul(self.answers);
        if let Some(room) = room {
            let of_both = room.tokens.map(|left| left.saturating_sub(self.likely_prompt_tokens));
            for left in [room.output_tokens, of_both].into_iter().flatten() {
                tokens = tokens.min(left);
            }
        }
        tokens
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::money::Picos;

    use super::*;

    /// One nano-dollar a token of the prompt, ten a token of the answer.
    fn size(answer: Answer) -> Size {
        let estimate = Estimate { input: Picos(1000), output: Picos(10_000), request: Picos::ZERO };
        Size { prompt_tokens: 100, likely_prompt_tokens: 50, answer, answers: 1, estimate: Some(estimate) }
    }

    fn room(amount: i64) -> Room {
        Room { amount: Some(Nanos(amount)), ..Room::default() }
    }

    #[test]
    fn a_named_limit_is_reserved_whatever_is_left() {
        let sized = size(Answer::Named(1000)).within(Some(&room(5)));
        assert_eq!(sized.ask, Ask { amount: Nanos(10_100), input_tokens: 50, output_tokens: 1000 });
        assert_eq!(sized.told, None);
        let two = Size { answers: 2, ..size(Answer::Named(1000)) };
        assert_eq!(two.within(None).ask.amount, Nanos(20_100));
    }

    #[test]
    fn an_open_answer_is_as_long_as_the_model_and_the_budget_allow() {
        let open = size(Answer::Open { most: Some(4000) });
        assert_eq!((open.within(None).ask.amount, open.within(None).told), (Nanos(40_100), None));
        let rich = open.within(Some(&room(1_000_000)));
        assert_eq!((rich.ask.amount, rich.told), (Nanos(40_100), None));
        let poor = open.within(Some(&room(10_109)));
        assert_eq!((poor.ask.amount, poor.told), (Nanos(10_100), Some(1000)));
        // Too little for any answer worth the name: asked for all the same, so that it is refused with the reason.
        let none = open.within(Some(&room(500)));
        assert_eq!((none.ask.amount, none.told), (Nanos(2660), Some(SHORTEST)));
        let unknown = size(Answer::Open { most: None }).within(Some(&room(i64::MAX)));
        assert_eq!(unknown.told, Some(LONGEST_UNKNOWN));
    }

    #[test]
    fn rate_limits_expect_what_is_left_at_most() {
        let open = size(Answer::Open { most: None });
        let left = |tokens| Room { tokens: Some(tokens), ..Room::default() };
        assert_eq!(open.within(Some(&left(10_000))).ask.output_tokens, EXPECTED);
        assert_eq!(open.within(Some(&left(60))).ask.output_tokens, 10);
        assert_eq!(open.within(Some(&left(10_000))).told, None);
    }

    #[test]
    fn what_has_no_answer_and_no_price_reserves_none() {
        let plain = Size { estimate: None, ..size(Answer::Nothing) }.within(Some(&room(5)));
        assert_eq!(plain.ask, Ask { amount: Nanos::ZERO, input_tokens: 50, output_tokens: 0 });
    }
}
