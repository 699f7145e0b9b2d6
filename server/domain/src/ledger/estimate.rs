//! What a call may cost at most.

use crate::money::{Nanos, Picos};
use crate::price::{Meter, PriceSheet, ServiceTier};

/// More tokens than this are around each message of a prompt in no known format.
const TOKENS_A_MESSAGE: u64 = 8;

/// The most tokens that a prompt of so many bytes of text in so many messages can have: every token stands for at
/// least one byte. Pictures and sound are not text; a tokeniser knows better.
pub fn prompt_tokens_at_most(text_bytes: u64, messages: u64) -> u64 {
    text_bytes.saturating_add(messages.saturating_mul(TOKENS_A_MESSAGE))
}

/// The dearest prices that can apply to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// A token of the prompt.
    pub input: Picos,
    /// A token of the answer.
    pub output: Picos,
    /// The call itself.
    pub request: Picos,
}

impl Estimate {
    /// What `sheet` can charge for a prompt of at most `prompt_tokens` in one of `tiers`, those that the request may be
    /// served in; cached, written, spoken or pictured tokens may be dearer than plain ones. `None`: the prompt or the
    /// answer has no price.
    pub fn dearest(sheet: &PriceSheet, tiers: &[ServiceTier], prompt_tokens: u64) -> Option<Self> {
        // A tier without a price of its own pays the standard one.
        let applies = |tier: ServiceTier| tier == ServiceTier::Standard || tiers.contains(&tier);
        let dearest = |whole: Meter| {
            let of_whole = |meter: Meter| meter == whole || meter.whole() == Some(whole);
            let rates = sheet.rates().iter().filter(|rate| of_whole(rate.meter) && applies(rate.tier));
            rates.filter(|rate| rate.above == 0 || prompt_tokens > u64::from(rate.above)).map(|rate| rate.price).max()
        };
        Some(Self {
            input: dearest(Meter::Input)?,
            // Embeddings have no answer that costs.
            output: dearest(Meter::Output).unwrap_or(Picos::ZERO),
            request: dearest(Meter::PerRequest).unwrap_or(Picos::ZERO),
        })
    }

    /// What so many tokens come to, rounded up.
    pub fn amount(&self, prompt_tokens: u64, answer_tokens: u64) -> Nanos {
        let picos = self.before_answer(prompt_tokens) + i128::from(answer_tokens) * i128::from(self.output.0.max(0));
        Nanos::from_picos_rounded_up(picos).unwrap_or(Nanos(i64::MAX))
    }

    /// What so many tokens more of the answer come to, rounded up.
    pub fn answer(&self, tokens: u64) -> Nanos {
        Nanos::from_picos_rounded_up(i128::from(tokens) * i128::from(self.output.0.max(0))).unwrap_or(Nanos(i64::MAX))
    }

    fn before_answer(&self, prompt_tokens: u64) -> i128 {
        i128::from(prompt_tokens) * i128::from(self.input.0.max(0)) + i128::from(self.request.0.max(0))
    }
}

/// The longest answer, in tokens, that `room` pays for after a prompt of `prompt_tokens`: what the provider is told
/// where the client named no limit. 0: not even the prompt is affordable. `None`: any.
pub fn affordable_output(estimate: &Estimate, room: Nanos, prompt_tokens: u64) -> Option<u64> {
    let left = i128::from(room.0) * 1000 - estimate.before_answer(prompt_tokens);
    if left < 0 {
        return Some(0);
    }
    if estimate.output.0 <= 0 {
        return None;
    }
    u64::try_from(left / i128::from(estimate.output.0)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::price::Rate;
    use crate::usage::Usage;

    fn sheet() -> PriceSheet {
        let rate = |meter, tier, above, price| Rate { meter, tier, above, price: Picos(price) };
        PriceSheet::new(vec![
            rate(Meter::Input, ServiceTier::Standard, 0, 2_500_000),
            rate(Meter::Input, ServiceTier::Standard, 200_000, 5_000_000),
            rate(Meter::Input, ServiceTier::Priority, 0, 4_250_000),
            rate(Meter::CacheRead, ServiceTier::Standard, 0, 1_250_000),
            rate(Meter::CacheWrite, ServiceTier::Standard, 0, 3_125_000),
            rate(Meter::Output, ServiceTier::Standard, 0, 10_000_000),
            rate(Meter::Reasoning, ServiceTier::Standard, 0, 12_000_000),
            rate(Meter::PerRequest, ServiceTier::Standard, 0, 5_000_001),
        ])
    }

    #[test]
    fn the_dearest_price_that_can_apply_is_taken() {
        let of = |tiers: &[ServiceTier], tokens| Estimate::dearest(&sheet(), tiers, tokens).unwrap();
        assert_eq!(of(&[], 100).input, Picos(3_125_000));
        assert_eq!(of(&[ServiceTier::Priority], 100).input, Picos(4_250_000));
        assert_eq!(of(&[], 200_001).input, Picos(5_000_000));
        assert_eq!(of(&[], 100).output, Picos(12_000_000));
        assert_eq!(Estimate::dearest(&PriceSheet::default(), &[], 1), None);
    }

    proptest! {
        #[test]
        fn no_usage_within_the_estimate_costs_more(
            input in 0_u64..400_000, output in 0_u64..100_000, parts in prop::array::uniform4(0_u64..400_000),
            more_in in 0_u64..1000, more_out in 0_u64..1000,
            tier in prop::sample::select(ServiceTier::ALL.to_vec()),
        ) {
            let [cache_read, cache_write, cache_write_1h, reasoning] = parts;
            let usage = Usage { input, cache_read, cache_write, cache_write_1h, output, reasoning, ..Usage::default() };
            let cost = sheet().cost(&usage, tier).unwrap().total;
            let estimate = Estimate::dearest(&sheet(), &[tier], input + more_in).unwrap();
            prop_assert!(cost <= estimate.amount(input + more_in, output + more_out));
        }

        #[test]
        fn an_affordable_answer_is_affordable_and_the_next_is_not(room in 0_i64..10_000_000_000, input in 0_u64..10_000) {
            let estimate = Estimate::dearest(&sheet(), &[], input).unwrap();
            let tokens = affordable_output(&estimate, Nanos(room), input).unwrap();
            if tokens > 0 {
                prop_assert!(estimate.amount(input, tokens) <= Nanos(room));
            }
            prop_assert!(estimate.amount(input, tokens + 1) > Nanos(room));
        }
    }
}
