//! The JSON of answers.

pub mod converse;
pub mod gemini;
pub mod messages;
pub mod responses;

use std::fmt::Write as _;

use base64::Engine as _;
use serde_json::json;

use crate::ask::Ask;
use crate::books::Tokens;
use crate::faults::{Faults, UsagePlace};

/// Answers are the same at any time: a fixed creation date.
pub const CREATED: u64 = 1_700_000_000;
/// What a tool is called with.
pub const ARGUMENTS: &str = r#"{"city":"Paris"}"#;
pub const PROMPT_TOKENS: u64 = 10;
pub const TOKENS_PER_IMAGE: u64 = 100;
const DIMENSIONS: usize = 8;
const MOST_DIMENSIONS: usize = 4096;

/// Token `number` of an answer's text, counted from 1: a caller can tell which one is missing.
pub fn token(number: u64, pad_to: usize) -> String {
    let mut text = number.to_string();
    while text.len() + 1 < pad_to {
        text.push('.');
    }
    text.push(' ');
    text
}

/// The whole answer to a chat or text completion, before it takes a wire format.
pub struct Answer {
    pub id: String,
    pub model: String,
    pub tokens: u64,
    pub content: Content,
    pub usage: Tokens,
    pub finish_reason: &'static str,
    pub faults: Faults,
}

pub enum Content {
    /// `1 2 3 … `
    Count,
    Text(String),
    Call(String),
}

impl Answer {
    pub fn new(id: String, ask: &Ask<'_>, faults: Faults, default_tokens: u64, body: &[u8]) -> Self {
        let wanted = faults.tokens.unwrap_or(default_tokens);
        let tokens = ask.token_limit().filter(|_| !faults.over).map_or(wanted, |limit| wanted.min(limit));
        let content = if faults.echo {
            Content::Text(String::from_utf8_lossy(body).into_owned())
        } else if faults.huge > 0 {
            Content::Text("x".repeat(faults.huge.min(256 << 20)))
        } else {
            ask.asked_function(faults.tool_call).map_or(Content::Count, Content::Call)
        };
        let finish_reason = match content {
            Content::Call(_) => "tool_calls",
            _ if tokens < wanted => "length",
            _ => "stop",
        };
        let images = ask.images();
        let usage = Tokens {
            prompt_tokens: faults.prompt.unwrap_or(PROMPT_TOKENS + images * TOKENS_PER_IMAGE),
            cached_tokens: faults.cached,
            audio_input_tokens: faults.audio_in,
            images,
            completion_tokens: tokens + faults.reasoning + faults.audio_out,
            reasoning_tokens: faults.reasoning,
            audio_output_tokens: faults.audio_out,
            ..Tokens::default()
        };
        Self { id, model: ask.model.clone().into_owned(), tokens, content, usage, finish_reason, faults }
    }

    pub fn text(&self) -> String {
        match &self.content {
            Content::Text(text) => text.clone(),
            Content::Call(_) => String::new(),
            Content::Count => (1..=self.tokens).fold(String::new(), |mut text, number| {
                if self.faults.chunk_bytes == 0 {
                    let _ = write!(text, "{number} ");
                } else {
                    text.push_str(&token(number, self.faults.chunk_bytes));
                }
                text
            }),
        }
    }

    /// `,"usage":{…}`, or nothing.
    fn usage_member(&self) -> String {
        if self.faults.usage == UsagePlace::Missing {
            String::new()
        } else {
            format!(r#","usage":{}"#, usage(&self.usage))
        }
    }

    pub fn chat_body(&self) -> String {
        let Self { id, model, finish_reason, .. } = self;
        let message = match &self.content {
            Content::Call(name) => format!(r#""content":null,"tool_calls":[{}]"#, tool_call(id, name, ARGUMENTS)),
            _ => format!(r#""content":{}"#, quoted(&self.text())),
        };
        format!(
            r#"{{"id":"{id}","object":"chat.completion","created":{CREATED},"model":{},"choices":[{{"index":0,"message":{{"role":"assistant",{message},"refusal":null,"annotations":[]}},"logprobs":null,"finish_reason":"{finish_reason}"}}]{},"service_tier":"default","system_fingerprint":"fp_mock"}}"#,
            quoted(model),
            self.usage_member(),
        )
    }

    pub fn completion_body(&self) -> String {
        let Self { id, model, finish_reason, .. } = self;
        format!(
            r#"{{"id":"{id}","object":"text_completion","created":{CREATED},"model":{},"choices":[{{"text":{},"index":0,"logprobs":null,"finish_reason":"{finish_reason}"}}]{}}}"#,
            quoted(model),
            quoted(&self.text()),
            self.usage_member(),
        )
    }
}

pub fn tool_call(id: &str, name: &str, arguments: &str) -> String {
    format!(
        r#"{{"id":"call_{id}","type":"function","function":{{"name":{},"arguments":{}}}}}"#,
        quoted(name),
        quoted(arguments)
    )
}

pub fn usage(tokens: &Tokens) -> String {
    let Tokens { prompt_tokens, cached_tokens, audio_input_tokens, .. } = tokens;
    let Tokens { completion_tokens, reasoning_tokens, audio_output_tokens, .. } = tokens;
    let total = prompt_tokens + completion_tokens;
    format!(
        r#"{{"prompt_tokens":{prompt_tokens},"completion_tokens":{completion_tokens},"total_tokens":{total},"prompt_tokens_details":{{"cached_tokens":{cached_tokens},"audio_tokens":{audio_input_tokens}}},"completion_tokens_details":{{"reasoning_tokens":{reasoning_tokens},"audio_tokens":{audio_output_tokens},"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}}"#
    )
}

/// `text` as a JSON string.
pub fn quoted(text: &str) -> String {
    let plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain { format!("\"{text}\"") } else { serde_json::Value::from(text).to_string() }
}

/// An embeddings answer: vector `i` has the values `(i + 1) / (j + 1)`.
pub fn embeddings(ask: &Ask<'_>, faults: &Faults, usage: &Tokens) -> String {
    let dimensions = ask.dimensions.unwrap_or(DIMENSIONS).min(MOST_DIMENSIONS);
    let data: Vec<serde_json::Value> = (0..ask.inputs())
        .map(|index| {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let values: Vec<f32> = (0..dimensions).map(|j| (index + 1) as f32 / (j + 1) as f32).collect();
            let embedding = if ask.wants_base64() {
                let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                json!(base64::engine::general_purpose::STANDARD.encode(bytes))
            } else {
                json!(values)
            };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let mut answer = json!({"object": "list", "data": data, "model": ask.model});
    if faults.usage != UsagePlace::Missing {
        answer["usage"] = json!({"prompt_tokens": usage.prompt_tokens, "total_tokens": usage.prompt_tokens});
    }
    answer.to_string()
}

/// An error as OpenAI writes it.
pub fn error(status: u16, message: &str) -> String {
    let (kind, code) = match status {
        401 => ("invalid_request_error", Some("invalid_api_key")),
        403 => ("invalid_request_error", Some("unsupported_country_region_territory")),
        404 => ("invalid_request_error", Some("model_not_found")),
        429 => ("requests", Some("rate_limit_exceeded")),
        500.. => ("server_error", None),
        _ => ("invalid_request_error", None),
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}}).to_string()
}

pub fn models() -> String {
    let data: Vec<serde_json::Value> =
        ["gpt-4o", "gpt-4o-mini", "gpt-3.5-turbo-instruct", "text-embedding-3-small", "mock"]
            .iter()
            .map(|id| json!({"id": id, "object": "model", "created": CREATED, "owned_by": "mock"}))
            .collect();
    json!({"object": "list", "data": data}).to_string()
}
