//! The one function that turns usage into money.

use super::{Cost, CostError, CostLine, Meter, PriceSheet, ServiceTier};
use crate::money::{Nanos, Picos};
use crate::usage::Usage;

/// A part of a total: how many units, and whose price it pays, the first that there is.
type Part<'a> = (&'a [Meter], u64);

/// What a cost is made of so far.
struct Bill<'a> {
    sheet: &'a PriceSheet,
    tier: ServiceTier,
    prompt_tokens: u64,
    lines: Vec<CostLine>,
}

impl PriceSheet {
    /// What `usage` costs. A part without a price of its own (cached, reasoning, audio, image tokens) is charged as
    /// the whole that it belongs to; a whole without a price is an error unless nothing of it was used. Where one thing
    /// has two prices, by the token and by the image, second or character, the provider's count of tokens decides if
    /// there is one. What is beside the tokens and has no price (searches, quoted sources) is not charged, unless
    /// nothing else is.
    pub fn cost(&self, usage: &Usage, tier: ServiceTier) -> Result<Cost, CostError> {
        let mut bill = Bill { sheet: self, tier, prompt_tokens: usage.input, lines: Vec::with_capacity(4) };
        let by_tokens = bill.input(usage).and_then(|()| bill.output(usage));
        bill.units(usage)?;
        // A model that is sold by the second may count its tokens all the same.
        if !bill.is_sold_otherwise() {
            by_tokens?;
        }
        if let Some(price) = bill.rate(Meter::PerRequest) {
            bill.line(Meter::PerRequest, 1, price);
        }
        let sum = bill.lines.iter().map(CostLine::picos).sum();
        let total = Nanos::from_picos_rounded_up(sum).ok_or(CostError::TooLarge)?;
        Ok(Cost { total, lines: bill.lines })
    }
}

impl Cost {
    /// What the provider itself says it bills.
    pub fn stated(total: Nanos) -> Self {
        let units = u64::try_from(total.0).unwrap_or_default();
        Self { total, lines: vec![CostLine { meter: Meter::Stated, units, price: Picos(1000) }] }
    }
}

impl Bill<'_> {
    fn rate(&self, meter: Meter) -> Option<Picos> {
        self.sheet.rate(meter, self.tier, self.prompt_tokens)
    }

    /// Whether something was charged, and no token has a price.
    fn is_sold_otherwise(&self) -> bool {
        let by_tokens = |meter: Meter| matches!(meter, Meter::Input | Meter::Output) || meter.whole().is_some();
        !self.lines.is_empty() && !self.sheet.rates().iter().any(|rate| by_tokens(rate.meter))
    }

    fn line(&mut self, meter: Meter, units: u64, price: Picos) {
        self.lines.push(CostLine { meter, units, price });
    }

    fn input(&mut self, usage: &Usage) -> Result<(), CostError> {
        let units = &usage.units;
        let cached_audio = units.cache_read_audio.min(usage.cache_read);
        let cached_images = units.cache_read_image.min(usage.cache_read.saturating_sub(cached_audio));
        let cached_text = usage.cache_read.saturating_sub(cached_audio).saturating_sub(cached_images);
        let parts: [Part<'_>; 7] = [
            (&[Meter::CacheReadAudio, Meter::CacheRead, Meter::AudioInput], cached_audio),
            (&[Meter::CacheReadImage, Meter::CacheRead, Meter::ImageInput], cached_images),
            (&[Meter::CacheRead], cached_text),
            (&[Meter::CacheWrite], usage.cache_write),
            (&[Meter::CacheWrite1h, Meter::CacheWrite], usage.cache_write_1h),
            // What was read from the cache is not charged as fresh audio again.
            (&[Meter::AudioInput], usage.audio_input.saturating_sub(cached_audio)),
            (&[Meter::ImageInput], usage.image_input.saturating_sub(cached_images)),
        ];
        self.parts(Meter::Input, usage.input, &parts)
    }

    fn output(&mut self, usage: &Usage) -> Result<(), CostError> {
        let parts: [Part<'_>; 3] = [
            (&[Meter::Reasoning], usage.reasoning),
            (&[Meter::AudioOutput], usage.audio_output),
            (&[Meter::ImageOutput], usage.image_output),
        ];
        self.parts(Meter::Output, usage.output, &parts)
    }

    fn parts(&mut self, whole: Meter, total: u64, parts: &[Part<'_>]) -> Result<(), CostError> {
        let mut rest = total;
        for &(meters, units) in parts {
            // A provider that reports parts larger than their whole is charged for the whole, not for more.
            let units = units.min(rest);
            if units > 0
                && let Some(price) = meters.iter().find_map(|meter| self.rate(*meter))
                && let Some(&meter) = meters.first()
            {
                rest -= units;
                self.line(meter, units, price);
            }
        }
        if rest > 0 {
            let price = self.rate(whole).ok_or(CostError::Unpriced(whole))?;
            self.line(whole, rest, price);
        }
        Ok(())
    }

    fn units(&mut self, usage: &Usage) -> Result<(), CostError> {
        let units = &usage.units;
        // The other price of something that was charged by the token.
        let by_input_token = usage.input > 0 && self.rate(Meter::Input).is_some();
        let by_output_token = usage.output > 0 && self.rate(Meter::Output).is_some();
        let image_tokens = usage.image_output > 0 && self.rate(Meter::ImageOutput).is_some();
        let counts: [(&[Meter], u64, bool); 12] = [
            (&[Meter::PerInputImage], units.input_images, false),
            (&[Meter::PerOutputImage], units.output_images, image_tokens),
            (&[Meter::PerInputSecond], units.input_seconds, by_input_token),
            (&[Meter::PerOutputSecond], units.output_seconds, by_output_token),
            (&[Meter::PerInputCharacter], units.input_characters, by_input_token),
            (&[Meter::PerOutputCharacter], units.output_characters, by_output_token),
            (&[Meter::PerInputQuery], units.queries, false),
            (&[Meter::PerPage], units.pages, false),
            (&[Meter::PerWebSearch], units.web_searches, false),
            (&[Meter::PerWebSearchLow, Meter::PerWebSearch], units.web_searches_low, false),
            (&[Meter::PerWebSearchHigh, Meter::PerWebSearch], units.web_searches_high, false),
            (&[Meter::Citation], units.citation, false),
        ];
        let mut unpriced = None;
        for (meters, count, charged) in counts {
            if count == 0 || charged {
                continue;
            }
            let Some(&meter) = meters.first() else { continue };
            match meters.iter().find_map(|meter| self.rate(*meter)) {
                Some(price) => self.line(meter, count, price),
                None => unpriced = unpriced.or(Some(meter)),
            }
        }
        match unpriced {
            // Nothing that was used has a price: the cost is not nought, it is not known.
            Some(meter) if self.lines.is_empty() => Err(CostError::Unpriced(meter)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::price::Rate;
    use crate::usage::Units;

    fn sheet(rates: &[(Meter, i64)]) -> PriceSheet {
        let rate = |&(meter, price)| Rate { meter, tier: ServiceTier::Standard, above: 0, price: Picos(price) };
        PriceSheet::new(rates.iter().map(rate).collect())
    }

    fn total(sheet: &PriceSheet, usage: &Usage) -> i64 {
        sheet.cost(usage, ServiceTier::Standard).unwrap().total.0
    }

    fn units(name: &str, count: u64) -> Units {
        let mut units = Units::default();
        assert!(units.set(name, count));
        units
    }

    #[test]
    fn audio_read_from_the_cache_is_charged_once() {
        let usage = Usage {
            input: 100,
            cache_read: 40,
            audio_input: 50,
            units: units("cache_read_audio", 30),
            ..Usage::default()
        };
        let all = sheet(&[
            (Meter::Input, 1000),
            (Meter::CacheRead, 100_000),
            (Meter::CacheReadAudio, 10_000),
            (Meter::AudioInput, 1_000_000),
        ]);
        // 30 cached audio, 10 cached text, 20 audio, 40 text.
        assert_eq!(total(&all, &usage), 30 * 10 + 10 * 100 + 20 * 1000 + 40);
        let without = sheet(&[(Meter::Input, 1000), (Meter::CacheRead, 100_000), (Meter::AudioInput, 1_000_000)]);
        assert_eq!(total(&without, &usage), 40 * 100 + 20 * 1000 + 40);
    }

    #[test]
    fn what_has_two_prices_pays_one() {
        let both = sheet(&[
            (Meter::Input, 1000),
            (Meter::Output, 2000),
            (Meter::ImageOutput, 10_000),
            (Meter::PerOutputImage, 5_000_000),
            (Meter::PerInputSecond, 7_000_000),
        ]);
        let counted = Usage { input: 10, output: 100, image_output: 100, ..Usage::default() };
        let image = Usage { units: units("output_images", 1), ..counted };
        assert_eq!(total(&both, &image), 10 + 1000);
        assert_eq!(total(&both, &Usage { units: units("output_images", 2), ..Usage::default() }), 10_000);
        let sound = Usage { input: 10, units: units("input_seconds", 9), ..Usage::default() };
        assert_eq!(total(&both, &sound), 10);
        assert_eq!(total(&both, &Usage { input: 0, ..sound }), 63_000);
        // Tokens without a price are no price unknown where the call is paid by the second.
        let seconds = sheet(&[(Meter::PerInputSecond, 7_000_000)]);
        assert_eq!(total(&seconds, &Usage { output: 5, ..sound }), 63_000);
        let tokens = Usage { input: 10, ..Usage::default() };
        assert_eq!(seconds.cost(&tokens, ServiceTier::Standard), Err(CostError::Unpriced(Meter::Input)));
    }

    #[test]
    fn searches_pay_by_their_context() {
        let of = |name| Usage { input: 1, units: units(name, 2), ..Usage::default() };
        let one = sheet(&[(Meter::Input, 1000), (Meter::PerWebSearch, 8_000_000)]);
        assert_eq!([of("web_searches"), of("web_searches_low")].map(|u| total(&one, &u)), [16_001; 2]);
        let two = sheet(&[(Meter::Input, 1000), (Meter::PerWebSearch, 8000), (Meter::PerWebSearchLow, 5000)]);
        assert_eq!(total(&two, &of("web_searches_low")), 11);
        // Without a price it is left out, but a call that only has it is not free.
        let none = sheet(&[(Meter::Input, 1000)]);
        assert_eq!(total(&none, &of("web_searches")), 1);
        let only = Usage { input: 0, ..of("web_searches") };
        assert_eq!(none.cost(&only, ServiceTier::Standard), Err(CostError::Unpriced(Meter::PerWebSearch)));
    }

    #[test]
    fn what_the_provider_states_is_the_cost() {
        let cost = Cost::stated(Nanos(4_550_140));
        let sum: i128 = cost.lines.iter().map(CostLine::picos).sum();
        assert_eq!(Nanos::from_picos_rounded_up(sum), Some(cost.total));
    }

    proptest! {
        #[test]
        fn nonsense_is_neither_negative_nor_doubled(counts in prop::array::uniform12(0_u64..3_000_000)) {
            let [input, read, write, long, audio, image, output, reasoning, spoken, drawn, cached_audio, cached_image] = counts;
            let usage = Usage {
                input, cache_read: read, cache_write: write, cache_write_1h: long, audio_input: audio, image_input: image,
                output, reasoning, audio_output: spoken, image_output: drawn,
                units: Units { cache_read_audio: cached_audio, cache_read_image: cached_image, ..Units::default() },
            };
            let rates: Vec<_> = Meter::ALL.into_iter().filter(|meter| meter.whole().is_some()).map(|meter| (meter, 1000)).collect();
            let mut rates = rates;
            rates.extend([(Meter::Input, 1000), (Meter::Output, 1000)]);
            let cost = sheet(&rates).cost(&usage, ServiceTier::Standard).unwrap();
            // At one price for everything it does not matter what the parts are.
            prop_assert_eq!(cost.total, Nanos(i64::try_from(input + output).unwrap()));
        }
    }
}
