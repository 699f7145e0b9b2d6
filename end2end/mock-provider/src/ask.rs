//! What the mock needs to know of a request's body.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub struct Ask<'a> {
    #[serde(borrow)]
    pub model: Cow<'a, str>,
    #[serde(default)]
    pub stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u64>,
    #[serde(default)]
    max_completion_tokens: Option<u64>,
    #[serde(borrow, default)]
    tools: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_choice: Option<&'a RawValue>,
    #[serde(borrow, default)]
    messages: Option<&'a RawValue>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    encoding_format: Option<&'a RawValue>,
    #[serde(default)]
    pub dimensions: Option<usize>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

impl<'a> Ask<'a> {
    pub fn streams(&self) -> bool {
        self.stream == Some(true)
    }

    pub fn includes_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage == Some(true))
    }

    pub fn token_limit(&self) -> Option<u64> {
        self.max_completion_tokens.or(self.max_tokens)
    }

    fn messages(&self) -> Vec<Message<'a>> {
        self.messages.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    /// The function to call: the first tool's, if tools are offered, allowed, and a user spoke last.
    pub fn asked_function(&self, whatever_the_last_message: bool) -> Option<String> {
        if self.tool_choice.is_some_and(|choice| choice.get() == "\"none\"") {
            return None;
        }
        let tools: Vec<Tool<'a>> = serde_json::from_str(self.tools?.get()).ok()?;
        let name = tools.into_iter().find_map(|tool| tool.function)?.name.into_owned();
        let asked = whatever_the_last_message || self.messages().last().is_some_and(|last| last.role == "user");
        asked.then_some(name)
    }

    pub fn images(&self) -> u64 {
        // Most requests have none: don't parse them for it.
        if !self.messages.is_some_and(|raw| raw.get().contains("image_url")) {
            return 0;
        }
        let count = self
            .messages()
            .iter()
            .filter_map(|message| serde_json::from_str::<Vec<Part<'_>>>(message.content?.get()).ok())
            .flatten()
            .filter(|part| part.kind == "image_url")
            .count();
        count as u64
    }

    /// How many embeddings are asked for: a text or one list of tokens is one, a list of them is several.
    pub fn inputs(&self) -> usize {
        match self.input.and_then(|raw| serde_json::from_str(raw.get()).ok()) {
            Some(serde_json::Value::Array(items)) if !items.iter().all(serde_json::Value::is_number) => items.len(),
            _ => 1,
        }
    }

    pub fn wants_base64(&self) -> bool {
        self.encoding_format.is_some_and(|format| format.get() == "\"base64\"")
    }
}
