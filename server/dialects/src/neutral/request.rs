//! What a caller asks for.

use std::borrow::Cow;

use super::{Dialect, Message, Tool, ToolChoice};
use crate::json::{Json, Object};

/// A call for an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Request<'a> {
    /// The dialect that it was read from: only this one is given `rest` fields and [`super::Content::Other`] back.
    pub from: Dialect,
    pub model: Cow<'a, str>,
    /// The conversation. System and developer messages stand where they stood; dialects that keep them apart put them
    /// first.
    pub messages: Vec<Message<'a>>,
    pub tools: Vec<Tool<'a>>,
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether several tools may be called at once; absent: as the model likes.
    pub parallel_tool_calls: Option<bool>,
    /// The most tokens that the answer may have, reasoning included.
    pub max_tokens: Option<u64>,
    pub sampling: Sampling<'a>,
    pub stop: Vec<Cow<'a, str>>,
    /// How many answers.
    pub n: Option<u64>,
    pub logprobs: Option<Logprobs>,
    pub format: Option<Format<'a>>,
    pub reasoning: Option<Reasoning<'a>>,
    /// How long the answer should be: `low`, `medium`, `high`.
    pub verbosity: Option<Cow<'a, str>>,
    /// What the answer may consist of besides text: `text`, `audio`, `image`. Empty: text.
    pub modalities: Vec<Cow<'a, str>>,
    /// How spoken answers should sound: OpenAI's `audio` object.
    pub audio: Option<Object<'a>>,
    pub service_tier: Option<Cow<'a, str>>,
    /// The caller's own end user.
    pub user: Option<Cow<'a, str>>,
    /// Labels for the provider's records.
    pub metadata: Object<'a>,
    pub stream: bool,
    /// A stream should end with the usage. Dialects whose streams always have it set it to true.
    pub stream_usage: bool,
    /// Whether the provider should keep the answer.
    pub store: Option<bool>,
    /// What the reader did not know.
    pub rest: Object<'a>,
}

impl<'a> Request<'a> {
    pub fn new(from: Dialect, model: impl Into<Cow<'a, str>>) -> Self {
        Self {
            from,
            model: model.into(),
            messages: Vec::new(),
            tools: Vec::new(),
            tool_choice: None,
            parallel_tool_calls: None,
            max_tokens: None,
            sampling: Sampling::default(),
            stop: Vec::new(),
            n: None,
            logprobs: None,
            format: None,
            reasoning: None,
            verbosity: None,
            modalities: Vec::new(),
            audio: None,
            service_tier: None,
            user: None,
            metadata: Object::new(),
            stream: false,
            stream_usage: false,
            store: None,
            rest: Object::new(),
        }
    }
}

/// How the next token is chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling<'a> {
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u64>,
    pub min_p: Option<f64>,
    pub frequency_penalty: Option<f64>,
    pub presence_penalty: Option<f64>,
    pub seed: Option<i64>,
    /// Token id to bias.
    pub logit_bias: Option<Object<'a>>,
}

/// The caller wants to know how likely the tokens were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logprobs {
    /// How many alternatives of each token.
    pub top: Option<u64>,
}

/// What the answer's text must look like.
#[derive(Clone, Debug, PartialEq)]
pub enum Format<'a> {
    Text,
    /// Any JSON object.
    JsonObject,
    JsonSchema {
        /// Some dialects want a name; those that have none are given `answer`.
        name: Option<Cow<'a, str>>,
        description: Option<Cow<'a, str>>,
        schema: Json<'a>,
        strict: Option<bool>,
    },
    /// One that only the request's own dialect knows (a grammar, …).
    Other(Json<'a>),
}

/// How much the model should think.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reasoning<'a> {
    pub mode: Option<ReasoningMode>,
    pub effort: Option<Effort>,
    /// The most tokens to think with.
    pub budget: Option<u64>,
    /// How its thoughts are to be shown: `auto`, `concise`, `detailed` (OpenAI), `summarized`, `omitted` (Anthropic).
    pub summary: Option<Cow<'a, str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasoningMode {
    /// The caller switched it on.
    On,
    /// The caller switched it off.
    Off,
    /// The model decides.
    Adaptive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

impl Effort {
    pub const ALL: [Self; 7] = [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::XHigh, Self::Max];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.as_str() == text)
    }

    /// What it means in tokens, for providers that count thoughts instead of naming an effort. LiteLLM's figures, so
    /// that a caller who moves here is charged the same; `None`: no thinking at all.
    pub fn budget(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Minimal | Self::Low => Some(1024),
            Self::Medium => Some(2048),
            Self::High => Some(4096),
            Self::XHigh => Some(8192),
            Self::Max => Some(16_384),
        }
    }

    /// The effort that a budget comes closest to.
    pub fn of_budget(tokens: u64) -> Self {
        match tokens {
            0 => Self::None,
            1..=1024 => Self::Low,
            1025..=2048 => Self::Medium,
            _ => Self::High,
        }
    }
}
