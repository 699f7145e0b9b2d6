//! What the mock needs to know of a request's body.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub struct Ask<'a> {
    /// Where it is not in the path.
    #[serde(borrow, default)]
    pub model: Cow<'a, str>,
    #[serde(default)]
    pub stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u64>,
    #[serde(default)]
    max_completion_tokens: Option<u64>,
    #[serde(default)]
    max_output_tokens: Option<u64>,
    /// Google's.
    #[serde(default, rename = "generationConfig")]
    generation_config: Option<Limits>,
    /// Amazon's.
    #[serde(default, rename = "inferenceConfig")]
    inference_config: Option<Limits>,
    #[serde(borrow, default)]
    tools: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "toolConfig")]
    tool_config: Option<&'a RawValue>,
    /// Google's.
    #[serde(borrow, default)]
    contents: Option<&'a RawValue>,
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
struct Limits {
    #[serde(default, alias = "maxOutputTokens", rename = "maxTokens")]
    most: Option<u64>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

#[derive(Deserialize)]
struct Message<'a> {
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
        let beside =
            [&self.generation_config, &self.inference_config].into_iter().flatten().find_map(|limits| limits.most);
        self.max_completion_tokens.or(self.max_tokens).or(self.max_output_tokens).or(beside)
    }

    fn messages(&self) -> Vec<Message<'a>> {
        self.messages.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    /// The function to call: the first tool's, if tools are offered, allowed, and a user spoke last.
    pub fn asked_function(&self, whatever_the_last_message: bool) -> Option<String> {
        let forbids = |raw: &RawValue| raw.get().contains("\"none\"") || raw.get().contains("\"NONE\"");
        if self.tool_choice.is_some_and(forbids) || self.tool_config.is_some_and(forbids) {
            return None;
        }
        let parse = |raw: Option<&RawValue>| raw.and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
        let tools = parse(self.tools).or_else(|| parse(self.tool_config).map(|mut config| config["tools"].take()))?;
        // OpenAI's, Google's, Amazon's; Anthropic's and those of responses have nothing around them.
        let name = tools.as_array()?.iter().find_map(|tool| {
            let places = ["/function/name", "/functionDeclarations/0/name", "/toolSpec/name", "/name"];
            places.iter().find_map(|place| tool.pointer(place)?.as_str()).map(str::to_owned)
        })?;
        (whatever_the_last_message || self.a_user_spoke_last()).then_some(name)
    }

    fn a_user_spoke_last(&self) -> bool {
        let Some(raw) = self.messages.or(self.contents).or(self.input) else { return false };
        match serde_json::from_str::<Value>(raw.get()) {
            Ok(Value::String(_)) => true,
            Ok(Value::Array(items)) => items.last().is_some_and(|last| {
                // What a tool said comes as a user's in some dialects.
                let text = last.to_string();
                let results = ["\"tool_result\"", "\"toolResult\"", "\"functionResponse\"", "\"function_call_output\""];
                last["role"] == "user" && !results.iter().any(|word| text.contains(word))
            }),
            _ => false,
        }
    }

    pub fn images(&self) -> u64 {
        // Most requests have none: don't parse them for it.
        if !self.messages.is_some_and(|raw| raw.get().contains("image")) {
            return 0;
        }
        let count = self
            .messages()
            .iter()
            .filter_map(|message| serde_json::from_str::<Vec<Part<'_>>>(message.content?.get()).ok())
            .flatten()
            .filter(|part| matches!(&*part.kind, "image_url" | "image"))
            .count();
        count as u64
    }

    /// How many embeddings are asked for: a text or one list of tokens is one, a list of them is several.
    pub fn inputs(&self) -> usize {
        match self.input.and_then(|raw| serde_json::from_str(raw.get()).ok()) {
            Some(Value::Array(items)) if !items.iter().all(Value::is_number) => items.len(),
            _ => 1,
        }
    }

    pub fn wants_base64(&self) -> bool {
        self.encoding_format.is_some_and(|format| format.get() == "\"base64\"")
    }
}
