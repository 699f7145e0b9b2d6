//! What a target can't express.

use std::fmt;

use super::Dialect;

/// Something of a request that the target's dialect has no word for. The writer went on without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Where it stood, in neutral words that callers know from their own dialect: `logit_bias`,
    /// `messages[2].content[0]`.
    pub field: String,
    pub target: Dialect,
    pub weight: Weight,
}

/// What it means that something is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The answer would be the same sort of answer: cache marks, labels, an end user's name. Never a reason to refuse.
    Hint,
    /// The caller would get something else than what was asked for. Refused, unless parameters may be dropped.
    Parameter,
    /// A piece of the conversation itself would be missing. Refused always.
    Content,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = match self.target {
            Dialect::Chat => "OpenAI's chat completions",
            Dialect::Messages => "Anthropic's messages",
            Dialect::Responses => "OpenAI's responses",
            Dialect::Completions => "OpenAI's completions",
            Dialect::Gemini => "Gemini's generateContent",
            Dialect::Converse => "Bedrock's Converse",
        };
        write!(f, "`{}` can't be expressed in {provider}, which the model behind speaks", self.field)
    }
}

/// What was lost while one request was written. At most [`Losses::MAX`] are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Losses {
    target: Dialect,
    list: Vec<Lost>,
}

impl Losses {
    /// Enough to tell what is the matter. Heavier ones push out lighter ones.
    pub const MAX: usize = 64;

    pub fn new(target: Dialect) -> Self {
        Self { target, list: Vec::new() }
    }

    pub fn add(&mut self, weight: Weight, field: impl Into<String>) {
        let lost = Lost { field: field.into(), target: self.target, weight };
        if self.list.len() < Self::MAX {
            if !self.list.contains(&lost) {
                self.list.push(lost);
            }
        } else if let Some(lighter) = self.list.iter_mut().find(|other| (other.weight as u8) < weight as u8) {
            *lighter = lost;
        }
    }

    pub fn hint(&mut self, field: impl Into<String>) {
        self.add(Weight::Hint, field);
    }

    pub fn parameter(&mut self, field: impl Into<String>) {
        self.add(Weight::Parameter, field);
    }

    pub fn content(&mut self, field: impl Into<String>) {
        self.add(Weight::Content, field);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Lost> {
        self.list.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The first reason to refuse the request, if there is one.
    pub fn refusal(&self, drop_params: bool) -> Option<&Lost> {
        self.list.iter().find(|lost| match lost.weight {
            Weight::Hint => false,
            Weight::Parameter => !drop_params,
            Weight::Content => true,
        })
    }
}
