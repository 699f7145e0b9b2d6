//! The names of meters and tiers, as in the price book and in JSON.

use super::{Meter, ServiceTier};

impl Meter {
    pub const ALL: [Self; 28] = [
        Self::Input,
        Self::CacheRead,
        Self::CacheWrite,
        Self::CacheWrite1h,
        Self::AudioInput,
        Self::ImageInput,
        Self::Output,
        Self::Reasoning,
        Self::AudioOutput,
        Self::ImageOutput,
        Self::PerRequest,
        Self::PerInputImage,
        Self::PerOutputImage,
        Self::PerInputSecond,
        Self::PerOutputSecond,
        Self::PerInputCharacter,
        Self::PerOutputCharacter,
        Self::PerInputPixel,
        Self::PerOutputPixel,
        Self::PerInputQuery,
        Self::PerPage,
        Self::CacheReadAudio,
        Self::CacheReadImage,
        Self::Citation,
        Self::PerWebSearch,
        Self::PerWebSearchLow,
        Self::PerWebSearchHigh,
        Self::Stated,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CacheRead => "cache_read",
            Self::CacheWrite => "cache_write",
            Self::CacheWrite1h => "cache_write_1h",
            Self::AudioInput => "audio_input",
            Self::ImageInput => "image_input",
            Self::Output => "output",
            Self::Reasoning => "reasoning",
            Self::AudioOutput => "audio_output",
            Self::ImageOutput => "image_output",
            Self::PerRequest => "per_request",
            Self::PerInputImage => "per_input_image",
            Self::PerOutputImage => "per_output_image",
            Self::PerInputSecond => "per_input_second",
            Self::PerOutputSecond => "per_output_second",
            Self::PerInputCharacter => "per_input_character",
            Self::PerOutputCharacter => "per_output_character",
            Self::PerInputPixel => "per_input_pixel",
            Self::PerOutputPixel => "per_output_pixel",
            Self::PerInputQuery => "per_input_query",
            Self::PerPage => "per_page",
            Self::CacheReadAudio => "cache_read_audio",
            Self::CacheReadImage => "cache_read_image",
            Self::Citation => "citation",
            Self::PerWebSearch => "per_web_search",
            Self::PerWebSearchLow => "per_web_search_low",
            Self::PerWebSearchHigh => "per_web_search_high",
            Self::Stated => "stated",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.as_str() == text)
    }

    /// The total that this meter's units are a part of: cached tokens are a part of the prompt. `None` for the totals
    /// themselves and for what is not counted in tokens.
    pub fn whole(self) -> Option<Self> {
        match self {
            Self::CacheRead
            | Self::CacheWrite
            | Self::CacheWrite1h
            | Self::AudioInput
            | Self::ImageInput
            | Self::CacheReadAudio
            | Self::CacheReadImage => Some(Self::Input),
            Self::Reasoning | Self::AudioOutput | Self::ImageOutput => Some(Self::Output),
            _ => None,
        }
    }
}

impl ServiceTier {
    pub const ALL: [Self; 5] = [Self::Standard, Self::Batch, Self::Priority, Self::Flex, Self::Ultrafast];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Priority => "priority",
            Self::Flex => "flex",
            Self::Ultrafast => "ultrafast",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json() {
        for meter in Meter::ALL {
            assert_eq!(serde_json::to_value(meter).unwrap(), meter.as_str());
            assert_eq!(Meter::parse(meter.as_str()), Some(meter));
        }
        for tier in ServiceTier::ALL {
            assert_eq!(serde_json::to_value(tier).unwrap(), tier.as_str());
            assert_eq!(ServiceTier::parse(tier.as_str()), Some(tier));
        }
    }
}
