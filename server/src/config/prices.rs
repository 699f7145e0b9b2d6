//! Custom prices: LiteLLM's names for them, and what they mean here.

use tollgate_domain::money::Picos;
use tollgate_domain::price::{Meter, PriceSheet, Rate, ServiceTier};

use super::value::{Cursor, Reader};

/// LiteLLM's name of each price, without the suffixes for long prompts and service tiers.
const METERS: [(&str, Meter); 27] = [
    ("input_cost_per_token", Meter::Input),
    ("input_cost_per_token_cache_hit", Meter::CacheRead),
    ("cache_read_input_token_cost", Meter::CacheRead),
    ("cache_creation_input_token_cost", Meter::CacheWrite),
    ("cache_creation_input_token_cost_above_1hr", Meter::CacheWrite1h),
    ("input_cost_per_audio_token", Meter::AudioInput),
    ("input_cost_per_image_token", Meter::ImageInput),
    ("output_cost_per_token", Meter::Output),
    ("output_cost_per_reasoning_token", Meter::Reasoning),
    ("output_cost_per_audio_token", Meter::AudioOutput),
    ("output_cost_per_image_token", Meter::ImageOutput),
    ("input_cost_per_request", Meter::PerRequest),
    ("input_cost_per_image", Meter::PerInputImage),
    ("output_cost_per_image", Meter::PerOutputImage),
    ("input_cost_per_second", Meter::PerInputSecond),
    ("input_cost_per_audio_per_second", Meter::PerInputSecond),
    ("output_cost_per_second", Meter::PerOutputSecond),
    ("output_cost_per_video_per_second", Meter::PerOutputSecond),
    ("input_cost_per_character", Meter::PerInputCharacter),
    ("output_cost_per_character", Meter::PerOutputCharacter),
    ("input_cost_per_pixel", Meter::PerInputPixel),
    ("output_cost_per_pixel", Meter::PerOutputPixel),
    ("input_cost_per_query", Meter::PerInputQuery),
    ("ocr_cost_per_page", Meter::PerPage),
    ("cache_read_input_audio_token_cost", Meter::CacheReadAudio),
    ("cache_read_input_image_token_cost", Meter::CacheReadImage),
    ("citation_cost_per_token", Meter::Citation),
];

/// A token dearer than a cent is a price for a thousand tokens, or for a million.
const DEAREST_TOKEN: Picos = Picos(10_000_000_000);

/// What `name` is the price of: the unit, the service tier, and the prompt length above which it holds.
pub(super) fn meter_of(name: &str) -> Option<(Meter, ServiceTier, u32)> {
    let (rest, tier) = [
        ("_batches", ServiceTier::Batch),
        ("_priority", ServiceTier::Priority),
        ("_flex", ServiceTier::Flex),
        ("_ultrafast", ServiceTier::Ultrafast),
    ]
    .into_iter()
    .find_map(|(suffix, tier)| Some((name.strip_suffix(suffix)?, tier)))
    .unwrap_or((name, ServiceTier::Standard));
    let (base, above) = match rest.strip_suffix("k_tokens").and_then(|rest| rest.rsplit_once("_above_")) {
        Some((base, thousands)) => (base, thousands.parse::<u32>().ok()?.checked_mul(1000)?),
        None => (rest, 0),
    };
    METERS.iter().find(|(known, _)| *known == base).map(|(_, meter)| (*meter, tier, above))
}

/// The names without suffixes, for suggestions.
pub(super) fn names() -> &'static [&'static str] {
    const NAMES: [&str; METERS.len()] = {
        let mut names = [""; METERS.len()];
        let mut i = 0;
        while i < METERS.len() {
            names[i] = METERS[i].0;
            i += 1;
        }
        names
    };
    &NAMES
}

/// The prices among the keys of `sections`; where two sections name the same one, the earlier section's.
pub(super) fn sheet(sections: &[&Cursor<'_>], reader: &mut Reader<'_>) -> PriceSheet {
    let mut rates: Vec<Rate> = Vec::new();
    for section in sections {
        for (key, _, cursor) in section.entries() {
            let Some((meter, tier, above)) = meter_of(key) else { continue };
            if cursor.node.is_null() {
                continue;
            }
            let Some(price) = reader.price(&cursor) else { continue };
            if rates.iter().any(|rate| (rate.meter, rate.tier, rate.above) == (meter, tier, above)) {
                continue;
            }
            let token = matches!(meter, Meter::Input | Meter::Output) || meter.whole().is_some();
            if token && price > DEAREST_TOKEN {
                let message = format!("${} for one token", price.to_decimal());
                let help = "prices are dollars for one token: `2.5e-06` for $2.50 per million tokens";
                reader.report.warning(cursor.place(), &cursor.path, message, help);
            }
            rates.push(Rate { meter, tier, above, price });
        }
    }
    PriceSheet::new(rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn litellms_names_are_understood() {
        assert_eq!(meter_of("input_cost_per_token"), Some((Meter::Input, ServiceTier::Standard, 0)));
        assert_eq!(
            meter_of("output_cost_per_token_above_200k_tokens_priority"),
            Some((Meter::Output, ServiceTier::Priority, 200_000))
        );
        assert_eq!(
            meter_of("cache_creation_input_token_cost_above_1hr_above_200k_tokens"),
            Some((Meter::CacheWrite1h, ServiceTier::Standard, 200_000))
        );
        assert_eq!(meter_of("cache_read_input_token_cost_batches").unwrap().1, ServiceTier::Batch);
        assert_eq!(meter_of("ocr_cost_per_page"), Some((Meter::PerPage, ServiceTier::Standard, 0)));
        assert_eq!(meter_of("input_cost_per_token_above_many_tokens"), None);
        assert_eq!(meter_of("search_context_cost_per_query"), None);
        assert_eq!(meter_of("model"), None);
    }
}
