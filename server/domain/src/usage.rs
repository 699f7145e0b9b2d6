//! What a call used, as the provider reported it.

use serde::{Deserialize, Serialize};

/// Units that a provider counted. `input` and `output` are totals; the other tokens are parts of them, and what is not
/// counted in tokens is beside them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens in the prompt, cached ones included.
    pub input: u64,
    /// Of `input`: read from the provider's prompt cache.
    pub cache_read: u64,
    /// Of `input`: written to the provider's prompt cache for its default lifetime.
    pub cache_write: u64,
    /// Of `input`: written to the provider's prompt cache for an hour.
    pub cache_write_1h: u64,
    /// Of `input`: audio.
    pub audio_input: u64,
    /// Of `input`: images.
    pub image_input: u64,
    /// Tokens in the answer, reasoning included.
    pub output: u64,
    /// Of `output`: reasoning.
    pub reasoning: u64,
    /// Of `output`: audio.
    pub audio_output: u64,
    /// Of `output`: images.
    pub image_output: u64,
    /// What few calls have.
    #[serde(flatten)]
    pub units: Units,
}

impl Usage {
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Whether nothing at all was counted.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

macro_rules! units {
    ($($(#[doc = $text:literal])+ $name:ident,)+) => {
        /// Counts that few calls have: parts of parts, and what is not counted in tokens.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Units {
            $($(#[doc = $text])+ pub $name: u64,)+
        }

        impl Units {
            /// The counts that are not nought, by name.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name)),+].into_iter().filter(|(_, count)| *count > 0)
            }

            /// Sets a count by its name. `false`: there is no such count.
            pub fn set(&mut self, name: &str, count: u64) -> bool {
                match name {
                    $(stringify!($name) => self.$name = count,)+
                    _ => return false,
                }
                true
            }
        }
    };
}

units! {
    /// Of `cache_read`, and of `audio_input` where the provider counts it there too: audio.
    cache_read_audio,
    /// Of `cache_read`, and of `image_input` where the provider counts it there too: images.
    cache_read_image,
    /// Tokens of sources that the model quotes and that are in neither total.
    citation,
    /// Images in the prompt, where they are not counted in tokens.
    input_images,
    /// Images in the answer.
    output_images,
    /// Seconds of sound or film in the prompt, begun ones whole.
    input_seconds,
    /// Seconds of sound or film in the answer, begun ones whole.
    output_seconds,
    /// Characters of text to be spoken, or of a prompt that is not counted in tokens.
    input_characters,
    /// Characters of an answer that is not counted in tokens.
    output_characters,
    /// Queries of a search among given documents: rerankers' search units.
    queries,
    /// Pages read.
    pages,
    /// Searches of the web that the provider made for the model.
    web_searches,
    /// The same, where little of what was found was read and the provider says so.
    web_searches_low,
    /// The same, where much of what was found was read and the provider says so.
    web_searches_high,
}

/// How sure a charge's amount is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// From the provider's own complete count and a known price.
    Measured,
    /// The provider's count, but the call ended before its final one: what came after it is added by estimate.
    Partial,
    /// No count from the provider: estimated.
    Estimated,
    /// Nothing is known: no count, or no price.
    #[default]
    Unknown,
}

impl Certainty {
    pub const ALL: [Self; 4] = [Self::Measured, Self::Partial, Self::Estimated, Self::Unknown];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Partial => "partial",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == text)
    }
}
