//! Amazon's answers.

use super::{ARGUMENTS, Answer, Content, quoted};
use crate::books::Tokens;
use crate::faults::UsagePlace;

impl Answer {
    pub fn converse_body(&self) -> String {
        let block = match &self.content {
            Content::Call(name) => format!(
                r#"{{"toolUse":{{"toolUseId":"tooluse_{}","name":{},"input":{ARGUMENTS}}}}}"#,
                self.id,
                quoted(name)
            ),
            _ => format!(r#"{{"text":{}}}"#, quoted(&self.text())),
        };
        let usage = if self.faults.usage == UsagePlace::Missing {
            String::new()
        } else {
            format!(r#","usage":{}"#, usage(&self.usage))
        };
        format!(
            r#"{{"output":{{"message":{{"role":"assistant","content":[{block}]}}}},"stopReason":"{}"{usage},"metrics":{{"latencyMs":5}}}}"#,
            stop_reason(self.finish_reason),
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
    let Tokens { prompt_tokens, cached_tokens, completion_tokens, .. } = tokens;
    let fresh = prompt_tokens.saturating_sub(*cached_tokens);
    let total = prompt_tokens + completion_tokens;
    format!(
        r#"{{"inputTokens":{fresh},"outputTokens":{completion_tokens},"totalTokens":{total},"cacheReadInputTokens":{cached_tokens},"cacheWriteInputTokens":0}}"#
    )
}

/// An error as Amazon writes it; its name is a header.
pub fn error(message: &str) -> String {
    serde_json::json!({"message": message}).to_string()
}

pub fn error_name(status: u16) -> &'static str {
    match status {
        401 => "UnrecognizedClientException",
        403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        429 => "ThrottlingException",
        503 => "ServiceUnavailableException",
        500.. => "InternalServerException",
        _ => "ValidationException",
    }
}
