//! Charges: the lines of the ledger; and refusals, the calls that never reached a provider.

use std::borrow::Cow;
use std::sync::Arc;

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};

use crate::clock::Timestamp;
use crate::ids::{ChargeId, KeyId};
use crate::money::Nanos;
use crate::price::CostLine;
use crate::usage::{Certainty, Usage};

/// Which interface of the gateway a call came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    ChatCompletion,
    Completion,
    Embedding,
    /// Anthropic's messages.
    Messages,
    /// OpenAI's responses.
    Responses,
    /// Google's `generateContent`, streamed or not.
    GenerateContent,
    /// OpenAI's images, made from a text.
    ImageGeneration,
    /// OpenAI's images, made from others.
    ImageEdit,
    /// Variations of an image.
    ImageVariation,
    /// Whether a text or an image is harmful.
    Moderation,
    /// Documents in the order of their relevance: Cohere's and Jina's.
    Rerank,
    /// Text spoken aloud.
    Speech,
    /// Sound written down.
    Transcription,
    /// Sound written down in English.
    AudioTranslation,
    /// A route with no operation of its own, or none that was recognised before the call was refused.
    Other,
}

impl Operation {
    pub const ALL: [Self; 15] = [
        Self::ChatCompletion,
        Self::Completion,
        Self::Embedding,
        Self::Messages,
        Self::Responses,
        Self::GenerateContent,
        Self::ImageGeneration,
        Self::ImageEdit,
        Self::ImageVariation,
        Self::Moderation,
        Self::Rerank,
        Self::Speech,
        Self::Transcription,
        Self::AudioTranslation,
        Self::Other,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChatCompletion => "chat_completion",
            Self::Completion => "completion",
            Self::Embedding => "embedding",
            Self::Messages => "messages",
            Self::Responses => "responses",
            Self::GenerateContent => "generate_content",
            Self::ImageGeneration => "image_generation",
            Self::ImageEdit => "image_edit",
            Self::ImageVariation => "image_variation",
            Self::Moderation => "moderation",
            Self::Rerank => "rerank",
            Self::Speech => "speech",
            Self::Transcription => "transcription",
            Self::AudioTranslation => "audio_translation",
            Self::Other => "other",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == text)
    }
}

/// How an attempt at a provider ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The provider answered with success, to the end.
    Success,
    /// The provider answered with an error.
    UpstreamError,
    /// No answer, a broken one, or one cut off.
    UpstreamBroken,
    /// The provider took longer than the deployment's time limits.
    Timeout,
    /// The call was ended before its time: the gateway was stopped, a budget was used up, or the client took it along.
    Interrupted,
}

impl Outcome {
    pub const ALL: [Self; 5] =
        [Self::Success, Self::UpstreamError, Self::UpstreamBroken, Self::Timeout, Self::Interrupted];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::UpstreamError => "upstream_error",
            Self::UpstreamBroken => "upstream_broken",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == text)
    }
}

/// The key that a call came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallKey {
    Master,
    Virtual(KeyId),
}

/// A line of the ledger: one attempt at a provider. Written once, never changed. This is also the journal's and the
/// database's form: fields may be added, none may change its meaning. Texts that many charges have are shared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Charge {
    /// Made of [`Self::started_at`]: the order of the ids is the order of the calls.
    pub id: ChargeId,
    /// The call's id, as in `x-litellm-call-id`: one call may have several attempts. `None`: [`Self::id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// From 1.
    pub attempt: i64,
    pub started_at: Timestamp,
    /// `None`: the master key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// The interned [`crate::principal::Ownership`]; 0: nobody's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ownership_id: i64,
    pub operation: Operation,
    /// What the caller asked for; its key's and team's own names for models resolved.
    pub model: Arc<str>,
    pub deployment_id: Arc<str>,
    pub provider: Arc<str>,
    /// What the provider was asked for.
    pub upstream_model: Arc<str>,
    pub streamed: bool,
    pub outcome: Outcome,
    /// What the client was or would have been answered with.
    pub status: u16,
    /// One line, without the request's content; `None` on success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub certainty: Certainty,
    #[serde(flatten, serialize_with = "but_zeros")]
    pub usage: Usage,
    pub cost: Nanos,
    /// What was set aside for it when it began; nought: nothing, or it is not known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reserved: Nanos,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost_lines: Vec<CostLine>,
    /// Where the prices come from; `None`: there was no price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_source: Option<Arc<str>>,
    /// From the request's arrival to the last byte from the provider, in microseconds.
    pub duration_us: i64,
    /// From the request's arrival to the answer's first byte, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_us: Option<i64>,
    /// The client left before the end; the provider was read to the end all the same.
    #[serde(default, skip_serializing_if = "is_default")]
    pub client_left: bool,
    /// What was asked for, if something else was called because its part of a budget was used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<Arc<str>>,
    /// The id in the provider's answer (`chatcmpl-…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_id: Option<String>,
    /// For whom the application called: the `user` field of the request, or a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_user: Option<String>,
    /// The key's tags, its team's and the request's, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The counts that are not nought: every call is written down twice, and most have few of them.
fn but_zeros<S: Serializer>(usage: &Usage, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (name, count) in [
        ("input", usage.input),
        ("cache_read", usage.cache_read),
        ("cache_write", usage.cache_write),
        ("cache_write_1h", usage.cache_write_1h),
        ("audio_input", usage.audio_input),
        ("image_input", usage.image_input),
        ("output", usage.output),
        ("reasoning", usage.reasoning),
        ("audio_output", usage.audio_output),
        ("image_output", usage.image_output),
    ] {
        if count != 0 {
            map.serialize_entry(name, &count)?;
        }
    }
    for (name, count) in usage.units.iter() {
        map.serialize_entry(name, &count)?;
    }
    map.end()
}

impl Charge {
    /// The call's id.
    pub fn call_id(&self) -> Cow<'_, str> {
        call_id(self.id, self.call_id.as_deref())
    }

    pub fn key(&self) -> CallKey {
        self.key_id.map_or(CallKey::Master, CallKey::Virtual)
    }
}

/// A call that was answered without asking a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Made of [`Self::at`], like a charge's.
    pub id: ChargeId,
    /// `None`: [`Self::id`].
    pub call_id: Option<String>,
    pub at: Timestamp,
    /// `None`: no key was recognised.
    pub key: Option<CallKey>,
    /// The interned [`crate::principal::Ownership`]; 0: nobody's.
    pub ownership_id: i64,
    pub operation: Operation,
    /// What the caller asked for, where that was read; at most 200 characters.
    pub model: Option<String>,
    pub status: u16,
    /// The error's type as the client saw it: `key_model_access_denied`.
    pub kind: String,
    pub message: String,
}

impl Refusal {
    /// The call's id.
    pub fn call_id(&self) -> Cow<'_, str> {
        call_id(self.id, self.call_id.as_deref())
    }
}

fn call_id(id: ChargeId, given: Option<&str>) -> Cow<'_, str> {
    given.map_or_else(|| Cow::Owned(id.to_string()), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picos;
    use crate::entropy::SeededEntropy;
    use crate::price::Meter;
    use crate::usage::Units;

    #[test]
    fn what_is_left_out_comes_back() {
        let at = Timestamp(1_795_170_600_000_000);
        let bare = Charge {
            id: ChargeId::of(at, &SeededEntropy::new(1)),
            call_id: None,
            attempt: 1,
            started_at: at,
            key_id: None,
            ownership_id: 0,
            operation: Operation::Embedding,
            model: "m".into(),
            deployment_id: "d".into(),
            provider: "p".into(),
            upstream_model: "u".into(),
            streamed: false,
            outcome: Outcome::Success,
            status: 200,
            error: None,
            certainty: Certainty::Measured,
            usage: Usage::default(),
            cost: Nanos(7),
            reserved: Nanos(0),
            cost_lines: Vec::new(),
            price_source: None,
            duration_us: 0,
            first_byte_us: None,
            client_left: false,
            instead_of: None,
            upstream_id: None,
            end_user: None,
            tags: Vec::new(),
        };
        let full = Charge {
            call_id: Some("c".to_owned()),
            key_id: Some(KeyId(bare.id.0)),
            ownership_id: 3,
            error: Some("e".to_owned()),
            usage: Usage {
                input: 1,
                cache_read: 2,
                cache_write: 3,
                cache_write_1h: 4,
                audio_input: 5,
                image_input: 6,
                output: 7,
                reasoning: 8,
                audio_output: 9,
                image_output: 10,
                units: Units { cache_read_audio: 11, output_images: 12, web_searches_high: 13, ..Units::default() },
            },
            reserved: Nanos(8),
            cost_lines: vec![CostLine { meter: Meter::Output, units: 7, price: Picos(1) }],
            price_source: Some("s".into()),
            first_byte_us: Some(0),
            client_left: true,
            instead_of: Some("dear".into()),
            upstream_id: Some("x".to_owned()),
            end_user: Some("y".to_owned()),
            tags: vec!["t".to_owned()],
            ..bare.clone()
        };
        for charge in [bare, full] {
            let json = serde_json::to_string(&charge).unwrap();
            assert_eq!(serde_json::from_str::<Charge>(&json).unwrap(), charge, "{json}");
        }
    }
}
