//! Anthropic's answers.

use super::{ARGUMENTS, Answer, Content, quoted};
use crate::books::Tokens;
use crate::faults::UsagePlace;

impl Answer {
    pub fn message_body(&self) -> String {
        let Self { id, model, finish_reason, .. } = self;
        let block = match &self.content {
            Content::Call(name) => {
                format!(r#"{{"type":"tool_use","id":"toolu_{id}","name":{},"input":{ARGUMENTS}}}"#, quoted(name))
            }
            _ => format!(r#"{{"type":"text","text":{}}}"#, quoted(&self.text())),
        };
        let usage = if self.faults.usage == UsagePlace::Missing { "null".to_owned() } else { usage(&self.usage) };
        format!(
            r#"{{"id":"{id}","type":"message","role":"assistant","model":{},"content":[{block}],"stop_reason":"{}","stop_sequence":null,"usage":{usage}}}"#,
            quoted(model),
            stop_reason(finish_reason),
        )
    }
}

pub fn stop_reason(finish: &str) -> &'static str {
    match finish {
        "tool_calls" => "tool_use",
        "length" => "max_tokens",
        _ => "end_turn",
    }
}

/// Cached tokens are counted beside the others here, not among them.
pub fn usage(tokens: &Tokens) -> String {
    format!(
        r#"{{"input_tokens":{},"cache_creation_input_tokens":0,"cache_read_input_tokens":{},"output_tokens":{},"service_tier":"standard"}}"#,
        tokens.prompt_tokens.saturating_sub(tokens.cached_tokens),
        tokens.cached_tokens,
        tokens.completion_tokens,
    )
}

/// An error as Anthropic writes it.
pub fn error(status: u16, message: &str) -> String {
    let kind = match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    serde_json::json!({"type": "error", "error": {"type": kind, "message": message}}).to_string()
}
