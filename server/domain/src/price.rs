//! What a call costs: price sheets, the price book, and the one function that turns usage into money.

use serde::{Deserialize, Serialize};

use crate::money::{Nanos, Picos};

#[cfg(feature = "price-book")]
mod book;
mod cost;
mod meter;
#[cfg(feature = "price-book")]
mod resolve;
#[cfg(feature = "price-book")]
pub use book::{BookError, Capabilities, PriceBook, PriceEntry};
#[cfg(feature = "price-book")]
pub use resolve::{CONFIGURATION, resolve_price, resolve_price_in};

/// What a price is for. A unit is a token where the name says nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    Input,
    CacheRead,
    /// Written to the provider's cache for its default lifetime (five minutes at Anthropic).
    CacheWrite,
    #[serde(rename = "cache_write_1h")]
    CacheWrite1h,
    AudioInput,
    ImageInput,
    Output,
    Reasoning,
    AudioOutput,
    ImageOutput,
    PerRequest,
    PerInputImage,
    PerOutputImage,
    PerInputSecond,
    PerOutputSecond,
    PerInputCharacter,
    PerOutputCharacter,
    PerInputPixel,
    PerOutputPixel,
    PerInputQuery,
    PerPage,
    /// Of the tokens read from the cache: audio.
    CacheReadAudio,
    /// Of the tokens read from the cache: images.
    CacheReadImage,
    /// A token of a source that the model quotes.
    Citation,
    /// A search of the web that the provider makes for the model.
    PerWebSearch,
    /// The same with little context; as [`Self::PerWebSearch`] where it has no price of its own.
    PerWebSearchLow,
    /// The same with much context; as [`Self::PerWebSearch`] where it has no price of its own.
    PerWebSearchHigh,
    /// A nano-dollar that the provider itself says it bills: for calls of models without a known price.
    Stated,
}

/// The service class that a price belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceTier {
    #[default]
    Standard,
    Batch,
    Priority,
    Flex,
    Ultrafast,
}

impl ServiceTier {
    /// The tier that an answer's `service_tier` names; `default`, `auto` and unknown names are the standard one.
    /// Google's names for it (`ON_DEMAND_FLEX`) too.
    pub fn from_wire(name: &str) -> Self {
        match name {
            "batch" | "batches" => Self::Batch,
            "priority" | "PRIORITY" | "ON_DEMAND_PRIORITY" => Self::Priority,
            "flex" | "FLEX" | "ON_DEMAND_FLEX" => Self::Flex,
            "ultrafast" => Self::Ultrafast,
            _ => Self::Standard,
        }
    }
}

/// One price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rate {
    pub meter: Meter,
    #[serde(default)]
    pub tier: ServiceTier,
    /// Applies when the prompt has more than so many tokens.
    #[serde(default)]
    pub above: u32,
    pub price: Picos,
}

/// Every price of one model at one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PriceSheet(Vec<Rate>);

/// What one kind of unit cost in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostLine {
    pub meter: Meter,
    pub units: u64,
    /// Per unit.
    pub price: Picos,
}

impl CostLine {
    /// The exact amount of the line in pico-dollars, before the charge is rounded.
    pub fn picos(&self) -> i128 {
        i128::from(self.units) * i128::from(self.price.0)
    }
}

/// A call's cost, with what it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// The sum of the lines, rounded up once.
    pub total: Nanos,
    pub lines: Vec<CostLine>,
}

/// Why a cost can't be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    #[error("no price for {0:?}")]
    Unpriced(Meter),
    #[error("the amount is too large")]
    TooLarge,
}

impl PriceSheet {
    pub fn new(mut rates: Vec<Rate>) -> Self {
        rates.sort_unstable();
        rates.dedup();
        Self(rates)
    }

    pub fn rates(&self) -> &[Rate] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The price of `meter` in `tier` for a prompt of `prompt_tokens`: the highest threshold that the prompt is over;
    /// the standard tier's price where the tier has none.
    pub fn rate(&self, meter: Meter, tier: ServiceTier, prompt_tokens: u64) -> Option<Picos> {
        let find = |tier| {
            self.0
                .iter()
                .filter(|r| r.meter == meter && r.tier == tier && (r.above == 0 || prompt_tokens > u64::from(r.above)))
                .max_by_key(|r| r.above)
                .map(|r| r.price)
        };
        find(tier).or_else(|| if tier == ServiceTier::Standard { None } else { find(ServiceTier::Standard) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::usage::Usage;

    fn rate(meter: Meter, tier: ServiceTier, above: u32, price: i64) -> Rate {
        Rate { meter, tier, above, price: Picos(price) }
    }

    fn gpt_4o() -> PriceSheet {
        PriceSheet::new(vec![
            rate(Meter::Input, ServiceTier::Standard, 0, 2_500_000),
            rate(Meter::CacheRead, ServiceTier::Standard, 0, 1_250_000),
            rate(Meter::Output, ServiceTier::Standard, 0, 10_000_000),
            rate(Meter::Input, ServiceTier::Priority, 0, 4_250_000),
            rate(Meter::Input, ServiceTier::Standard, 200_000, 5_000_000),
        ])
    }

    #[test]
    fn cached_tokens_are_charged_at_their_own_price_and_not_twice() {
        let usage = Usage { input: 1000, cache_read: 400, output: 10, reasoning: 4, ..Usage::default() };
        let cost = gpt_4o().cost(&usage, ServiceTier::Standard).unwrap();
        // 600 x 2.5e-6 + 400 x 1.25e-6 + 10 x 1e-5, the reasoning at the output's price.
        assert_eq!(cost.total, Nanos(1_500_000 + 500_000 + 100_000));
    }

    #[test]
    fn a_long_prompt_changes_the_price_of_all_of_it() {
        let usage = Usage { input: 200_001, ..Usage::default() };
        assert_eq!(gpt_4o().cost(&usage, ServiceTier::Standard).unwrap().total, Nanos(200_001 * 5_000));
        let usage = Usage { input: 200_000, ..Usage::default() };
        assert_eq!(gpt_4o().cost(&usage, ServiceTier::Standard).unwrap().total, Nanos(200_000 * 2_500));
    }

    #[test]
    fn a_tier_without_its_own_price_pays_the_standard_one() {
        let usage = Usage { input: 100, output: 10, ..Usage::default() };
        assert_eq!(gpt_4o().cost(&usage, ServiceTier::Priority).unwrap().total, Nanos(425_000 + 100_000));
    }

    #[test]
    fn an_unpriced_whole_is_an_error_and_an_unused_one_is_not() {
        let sheet = PriceSheet::new(vec![rate(Meter::Input, ServiceTier::Standard, 0, 20_000)]);
        let usage = Usage { input: 10, ..Usage::default() };
        assert_eq!(sheet.cost(&usage, ServiceTier::Standard).unwrap().total, Nanos(200));
        let usage = Usage { input: 10, output: 1, ..Usage::default() };
        assert_eq!(sheet.cost(&usage, ServiceTier::Standard), Err(CostError::Unpriced(Meter::Output)));
    }

    proptest! {
        #[test]
        fn parts_never_cost_more_units_than_their_whole(
            input in 0_u64..1_000_000, cache_read in 0_u64..2_000_000, audio in 0_u64..2_000_000,
            output in 0_u64..1_000_000, reasoning in 0_u64..2_000_000,
        ) {
            let usage = Usage { input, cache_read, audio_input: audio, output, reasoning, ..Usage::default() };
            let cost = gpt_4o().cost(&usage, ServiceTier::Standard).unwrap();
            prop_assert_eq!(cost.lines.iter().map(|l| l.units).sum::<u64>(), input + output);
            let exact: i128 = cost.lines.iter().map(CostLine::picos).sum();
            prop_assert_eq!(Some(cost.total), Nanos::from_picos_rounded_up(exact));
        }
    }
}
