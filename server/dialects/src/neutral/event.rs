//! An answer as it comes.

use std::borrow::Cow;

use super::{Error, Finish, Usage};
use crate::json::Json;

/// One thing that a stream says.
///
/// Readers keep this order, whatever the provider does: `Start` first; then for each part `PartStart`, its `Delta`s,
/// `PartEnd`; `Finish` once per choice, after its parts ended; `End` last, if the provider said that it is done. `Usage`
/// and `Ping` may come anywhere after `Start`. Parts are numbered from 0 within their choice, in the order of their
/// start. `Error` may be the last event instead.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    Start {
        /// Empty where the provider gives none.
        id: Cow<'a, str>,
        model: Cow<'a, str>,
        /// Seconds since 1970, where the provider says.
        created: Option<i64>,
        service_tier: Option<Cow<'a, str>>,
    },
    PartStart {
        choice: u32,
        part: u32,
        start: PartStart<'a>,
    },
    Delta {
        choice: u32,
        part: u32,
        delta: Delta<'a>,
    },
    PartEnd {
        choice: u32,
        part: u32,
    },
    /// How likely the tokens since the last one were, in OpenAI's form.
    Logprobs {
        choice: u32,
        value: Json<'a>,
    },
    Finish {
        choice: u32,
        finish: Finish<'a>,
    },
    /// All that was counted up to now; a later one replaces it.
    Usage(Usage),
    /// The provider is still there.
    Ping,
    Error(Error),
    /// The provider said that this was all.
    End,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PartStart<'a> {
    Text,
    Thinking,
    RedactedThinking(Cow<'a, str>),
    Refusal,
    ToolCall {
        /// Empty in dialects that have no ids.
        id: Cow<'a, str>,
        name: Cow<'a, str>,
    },
    /// A whole picture: its media type and base64.
    Image {
        media_type: Cow<'a, str>,
        data: Cow<'a, str>,
    },
    Audio,
    /// One that only its own dialect knows, whole.
    Other(Json<'a>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Delta<'a> {
    Text(Cow<'a, str>),
    Thinking(Cow<'a, str>),
    /// The whole signature of the part; see [`super::Part::signature`].
    Signature(Cow<'a, str>),
    /// A piece of a tool call's arguments, as JSON text.
    Arguments(Cow<'a, str>),
    Refusal(Cow<'a, str>),
    /// OpenAI's audio delta: any of `id`, `data`, `transcript`, `expires_at`.
    Audio(Json<'a>),
    /// One that only its own dialect knows (a citation, …), whole.
    Other(Json<'a>),
}

fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

impl Event<'_> {
    /// The same, holding nothing of the bytes it was read from.
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Self::Start { id, model, created, service_tier } => {
                Event::Start { id: own(id), model: own(model), created, service_tier: service_tier.map(own) }
            }
            Self::PartStart { choice, part, start } => Event::PartStart { choice, part, start: start.into_owned() },
            Self::Delta { choice, part, delta } => Event::Delta { choice, part, delta: delta.into_owned() },
            Self::PartEnd { choice, part } => Event::PartEnd { choice, part },
            Self::Logprobs { choice, value } => Event::Logprobs { choice, value: value.into_owned() },
            Self::Finish { choice, finish } => Event::Finish { choice, finish: finish.into_owned() },
            Self::Usage(usage) => Event::Usage(usage),
            Self::Ping => Event::Ping,
            Self::Error(error) => Event::Error(error),
            Self::End => Event::End,
        }
    }
}

impl PartStart<'_> {
    pub fn into_owned(self) -> PartStart<'static> {
        match self {
            Self::Text => PartStart::Text,
            Self::Thinking => PartStart::Thinking,
            Self::RedactedThinking(data) => PartStart::RedactedThinking(own(data)),
            Self::Refusal => PartStart::Refusal,
            Self::ToolCall { id, name } => PartStart::ToolCall { id: own(id), name: own(name) },
            Self::Image { media_type, data } => PartStart::Image { media_type: own(media_type), data: own(data) },
            Self::Audio => PartStart::Audio,
            Self::Other(value) => PartStart::Other(value.into_owned()),
        }
    }
}

impl Delta<'_> {
    pub fn into_owned(self) -> Delta<'static> {
        match self {
            Self::Text(text) => Delta::Text(own(text)),
            Self::Thinking(text) => Delta::Thinking(own(text)),
            Self::Signature(text) => Delta::Signature(own(text)),
            Self::Arguments(text) => Delta::Arguments(own(text)),
            Self::Refusal(text) => Delta::Refusal(own(text)),
            Self::Audio(value) => Delta::Audio(value.into_owned()),
            Self::Other(value) => Delta::Other(value.into_owned()),
        }
    }
}
