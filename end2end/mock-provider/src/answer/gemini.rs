//! Google's answers.

use super::{ARGUMENTS, Answer, Content, quoted};
use crate::books::Tokens;
use crate::faults::UsagePlace;

impl Answer {
    pub fn generated_body(&self) -> String {
        let part = match &self.content {
            Content::Call(name) => format!(r#"{{"functionCall":{{"name":{},"args":{ARGUMENTS}}}}}"#, quoted(name)),
            _ => format!(r#"{{"text":{}}}"#, quoted(&self.text())),
        };
        let usage = if self.faults.usage == UsagePlace::Missing {
            String::new()
        } else {
            format!(r#","usageMetadata":{}"#, usage(&self.usage))
        };
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{part}],"role":"model"}},"finishReason":"{}","index":0}}]{usage},"modelVersion":{},"responseId":"{}"}}"#,
            finish_reason(self.finish_reason),
            quoted(&self.model),
            self.id,
        )
    }
}

/// A call is an end like any other here.
pub fn finish_reason(finish: &str) -> &'static str {
    if finish == "length" { "MAX_TOKENS" } else { "STOP" }
}

/// Thoughts are counted beside the answer here, not within it.
pub fn usage(tokens: &Tokens) -> String {
    let Tokens { prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, .. } = tokens;
    let answer = completion_tokens - reasoning_tokens;
    let some = |name: &str, count: u64| if count > 0 { format!(r#","{name}":{count}"#) } else { String::new() };
    let cached = some("cachedContentTokenCount", *cached_tokens);
    let thoughts = some("thoughtsTokenCount", *reasoning_tokens);
    let total = prompt_tokens + completion_tokens;
    format!(
        r#"{{"promptTokenCount":{prompt_tokens},"candidatesTokenCount":{answer},"totalTokenCount":{total}{cached}{thoughts}}}"#
    )
}

/// An error as Google writes it.
pub fn error(status: u16, message: &str) -> String {
    let word = match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
    serde_json::json!({"error": {"code": status, "message": message, "status": word}}).to_string()
}
