//! Charges: the lines of the ledger; and refusals, the calls that never reached a provider.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

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
    /// A route with no operation of its own, or none that was recognised before the call was refused.
    Other,
}

impl Operation {
    pub const ALL: [Self; 4] = [Self::ChatCompletion, Self::Completion, Self::Embedding, Self::Other];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChatCompletion => "chat_completion",
            Self::Completion => "completion",
            Self::Embedding => "embedding",
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
    /// The gateway was stopped before the end.
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
/// database's form: fields may be added, none may change its meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Charge {
    /// Made of [`Self::started_at`]: the order of the ids is the order of the calls.
    pub id: ChargeId,
    /// The call's id, as in `x-litellm-call-id`: one call may have several attempts. `None`: [`Self::id`].
    pub call_id: Option<String>,
    /// From 1.
    pub attempt: i64,
    pub started_at: Timestamp,
    /// `None`: the master key.
    pub key_id: Option<KeyId>,
    /// The interned [`crate::principal::Ownership`]; 0: nobody's.
    #[serde(default)]
    pub ownership_id: i64,
    pub operation: Operation,
    /// What the caller asked for; its key's and team's own names for models resolved.
    pub model: String,
    pub deployment_id: String,
    pub provider: String,
    /// What the provider was asked for.
    pub upstream_model: String,
    pub streamed: bool,
    pub outcome: Outcome,
    /// What the client was or would have been answered with.
    pub status: u16,
    /// One line, without the request's content; `None` on success.
    pub error: Option<String>,
    pub certainty: Certainty,
    #[serde(flatten)]
    pub usage: Usage,
    pub cost: Nanos,
    #[serde(default)]
    pub cost_lines: Vec<CostLine>,
    /// Where the prices come from; `None`: there was no price.
    pub price_source: Option<String>,
    /// From the request's arrival to the last byte from the provider, in microseconds.
    pub duration_us: i64,
    /// From the request's arrival to the answer's first byte, in microseconds.
    pub first_byte_us: Option<i64>,
    /// The client left before the end; the provider was read to the end all the same.
    #[serde(default)]
    pub client_left: bool,
    /// The id in the provider's answer (`chatcmpl-…`).
    pub upstream_id: Option<String>,
    /// For whom the application called: the `user` field of the request, or a header.
    pub end_user: Option<String>,
    /// The key's tags, its team's and the request's, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
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
