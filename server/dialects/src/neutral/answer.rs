//! What comes back.

use std::borrow::Cow;

use super::{Dialect, Part, Usage};
use crate::json::{Json, Object};

#[derive(Clone, Debug, PartialEq)]
pub struct Answer<'a> {
    /// The dialect that it was read from.
    pub from: Dialect,
    /// The provider's id; empty where it gives none.
    pub id: Cow<'a, str>,
    pub model: Cow<'a, str>,
    /// Seconds since 1970, where the provider says.
    pub created: Option<i64>,
    pub choices: Vec<Choice<'a>>,
    pub usage: Option<Usage>,
    pub service_tier: Option<Cow<'a, str>>,
    pub rest: Object<'a>,
}

impl Answer<'_> {
    pub fn new(from: Dialect) -> Self {
        Self {
            from,
            id: Cow::Borrowed(""),
            model: Cow::Borrowed(""),
            created: None,
            choices: Vec::new(),
            usage: None,
            service_tier: None,
            rest: Object::new(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice<'a> {
    pub index: u32,
    pub parts: Vec<Part<'a>>,
    pub finish: Option<Finish<'a>>,
    /// In OpenAI's form: `{"content":[{"token":…}]}`.
    pub logprobs: Option<Json<'a>>,
    pub rest: Object<'a>,
}

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq)]
pub enum Finish<'a> {
    /// It was done.
    Stop,
    /// It came to one of the caller's stop sequences.
    StopSequence(Option<Cow<'a, str>>),
    /// It came to the most tokens that it may write.
    Length,
    /// Prompt and answer together filled its context window.
    ContextWindow,
    /// It wants a tool's result.
    ToolCalls,
    /// A filter of the provider's stopped it.
    ContentFilter,
    /// The model refused.
    Refusal,
    /// A long turn pauses: send the answer back to go on.
    Pause,
    /// It wrote a call that its provider can't read.
    BrokenToolCall,
    /// The provider's own word.
    Other(Cow<'a, str>),
}

impl Finish<'_> {
    pub fn into_owned(self) -> Finish<'static> {
        match self {
            Self::Stop => Finish::Stop,
            Self::StopSequence(text) => Finish::StopSequence(text.map(|text| Cow::Owned(text.into_owned()))),
            Self::Length => Finish::Length,
            Self::ContextWindow => Finish::ContextWindow,
            Self::ToolCalls => Finish::ToolCalls,
            Self::ContentFilter => Finish::ContentFilter,
            Self::Refusal => Finish::Refusal,
            Self::Pause => Finish::Pause,
            Self::BrokenToolCall => Finish::BrokenToolCall,
            Self::Other(word) => Finish::Other(Cow::Owned(word.into_owned())),
        }
    }
}
