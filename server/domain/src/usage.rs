//! What a call used, as the provider reported it.

use serde::{Deserialize, Serialize};

/// Units that a provider counted. `input` and `output` are totals; the others are parts of them.
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
}

impl Usage {
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// How sure a charge's amount is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// From the provider's own complete count and a known price.
    Measured,
    /// The provider's count, but the call ended before its final one.
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
