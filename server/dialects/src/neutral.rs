//! The form between dialects: what a call, its answer and its stream mean, whoever wrote them.
//!
//! Every dialect has a reader into these types and a writer out of them. A reader takes out what it knows; what it
//! doesn't know stays in a field `rest`, and goes out again only where the target speaks the dialect it came from
//! ([`Request::from`]). A writer that can't express something says so in a [`Lost`], and goes on without it: the caller
//! of the writer decides if that is a refusal.

mod answer;
mod error;
mod event;
mod lost;
mod message;
mod request;
mod tool;

use std::fmt;

pub use tollgate_domain::usage::Usage;

pub use answer::{Answer, Choice, Finish};
pub use error::{Error, ErrorKind};
pub use event::{Delta, Event, PartStart};
pub use lost::{Losses, Lost, Weight};
pub use message::{CacheMark, Content, Message, Part, Role, Source};
pub use request::{Effort, Format, Logprobs, Reasoning, ReasoningMode, Request, Sampling};
pub use tool::{Tool, ToolChoice, ToolKind};

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// OpenAI's chat completions: `/v1/chat/completions`.
    Chat,
    /// Anthropic's messages: `/v1/messages`.
    Messages,
    /// OpenAI's responses: `/v1/responses`.
    Responses,
    /// OpenAI's legacy completions: `/v1/completions`.
    Completions,
    /// Google's `generateContent`, of the Gemini API and of Vertex AI.
    Gemini,
    /// Amazon Bedrock's Converse.
    Converse,
}

impl Dialect {
    pub const ALL: [Self; 6] =
        [Self::Chat, Self::Messages, Self::Responses, Self::Completions, Self::Gemini, Self::Converse];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Messages => "messages",
            Self::Responses => "responses",
            Self::Completions => "completions",
            Self::Gemini => "gemini",
            Self::Converse => "converse",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == text)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
