//! From what providers say of a failure to one set of kinds.

use std::time::Duration;

use crate::json::{Json, Object};
use crate::neutral::{Error, ErrorKind};

/// The longest message that is kept of a body that is no error of the dialect's own form.
const MAX_RAW: usize = 500;

/// Reads `{"error": {"message", "type", "code", "param"}}`, and what is around in its place: `{"error": "text"}`,
/// `{"message": …}`, `{"detail": …}`, plain text.
pub fn read(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Error {
    let mut error = match Json::parse(body) {
        Ok(Json::Object(mut object)) => from_object(&mut object, Some(status)),
        _ => Error::new(ErrorKind::Broken, raw(body)),
    };
    if error.kind == ErrorKind::Broken {
        error.kind = classify(Some(status), "", "", &error.message);
    }
    if error.message.is_empty() {
        error.message = format!("the provider answered with status {status}");
    }
    error.status = Some(status);
    error.retry_after = retry_after;
    error
}

/// The same for an error within a stream, or in an answer of status 200.
pub fn from_object(object: &mut Object<'_>, status: Option<u16>) -> Error {
    let text = |object: &mut Object<'_>, key| match object.take(key) {
        Some(Json::Text(text)) => text.into_owned(),
        Some(Json::Number(number)) => number.to_string(),
        Some(other @ (Json::Object(_) | Json::Array(_))) => clip(&other.to_string()),
        _ => String::new(),
    };
    let mut inner = match object.take("error") {
        Some(Json::Object(inner)) => inner,
        Some(Json::Text(message)) => Object::new().with("message", message),
        _ => std::mem::take(object),
    };
    let mut message = text(&mut inner, "message");
    for other in ["detail", "error_msg", "error_message"] {
        if message.is_empty() {
            message = text(&mut inner, other);
        }
    }
    let (code, word) = (text(&mut inner, "code"), text(&mut inner, "type"));
    let param = text(&mut inner, "param");
    let status = status.or_else(|| code.parse().ok().filter(|status| (400..600).contains(status)));
    let kind = classify(status, &code, &word, &message);
    let some = |text: String| (!text.is_empty()).then_some(text);
    Error { code: some(code).or(some(word)), param: some(param), ..Error::new(kind, message) }
}

/// The kind, by the most certain sign: the provider's words, then its message, then its status.
pub fn classify(status: Option<u16>, code: &str, word: &str, message: &str) -> ErrorKind {
    for sign in [code, word] {
        if let Some(kind) = by_word(sign) {
            return kind;
        }
    }
    // A message alone does not make a wrong key a long prompt.
    if matches!(status, None | Some(400 | 413 | 422 | 500))
        && let Some(kind) = by_message(message)
    {
        return kind;
    }
    match status {
        Some(401) => ErrorKind::Authentication,
        Some(402) => ErrorKind::Quota,
        Some(403) => ErrorKind::Permission,
        Some(404) => ErrorKind::NotFound,
        Some(408 | 504) => ErrorKind::Timeout,
        Some(425 | 429) => ErrorKind::RateLimit,
        Some(503 | 529) => ErrorKind::Overloaded,
        Some(400..=499) => ErrorKind::BadRequest,
        Some(500..) => ErrorKind::Provider,
        _ => match word {
            "invalid_request_error" => ErrorKind::BadRequest,
            _ => ErrorKind::Provider,
        },
    }
}

fn by_word(word: &str) -> Option<ErrorKind> {
    Some(match word {
        "context_length_exceeded" | "string_above_max_length" => ErrorKind::ContextWindow,
        "content_policy_violation" | "content_filter" | "ResponsibleAIPolicyViolation" | "moderation_blocked" => {
            ErrorKind::ContentPolicy
        }
        "insufficient_quota" | "billing_error" | "billing_hard_limit_reached" | "billing_not_active" => {
            ErrorKind::Quota
        }
        "invalid_api_key" | "authentication_error" | "invalid_authentication" | "account_deactivated" => {
            ErrorKind::Authentication
        }
        "permission_error" | "permission_denied" | "insufficient_permissions" => ErrorKind::Permission,
        "model_not_found" | "not_found_error" | "not_found" | "DeploymentNotFound" => ErrorKind::NotFound,
        "rate_limit_exceeded" | "rate_limit_error" | "tokens" | "requests" | "too_many_requests" => {
            ErrorKind::RateLimit
        }
        "overloaded_error" | "engine_overloaded" | "server_overloaded" | "slow_down" => ErrorKind::Overloaded,
        "timeout_error" | "timeout" => ErrorKind::Timeout,
        "api_error" | "server_error" | "internal_error" | "internal_server_error" => ErrorKind::Provider,
        "request_too_large" => ErrorKind::BadRequest,
        _ => return None,
    })
}

fn by_message(message: &str) -> Option<ErrorKind> {
    const CONTEXT: [&str; 8] = [
        "maximum context length",
        "prompt is too long",
        "context window",
        "context length",
        "input is too long",
        "exceed context limit",
        "too many input tokens",
        "maximum number of tokens allowed",
    ];
    const POLICY: [&str; 5] =
        ["content filtering policy", "content management policy", "content policy", "safety system", "usage policies"];
    const QUOTA: [&str; 2] = ["credit balance is too low", "exceeded your current quota"];
    let message = clip(message).to_ascii_lowercase();
    let says = |signs: &[&str]| signs.iter().any(|sign| message.contains(sign));
    if says(&CONTEXT) {
        Some(ErrorKind::ContextWindow)
    } else if says(&QUOTA) {
        Some(ErrorKind::Quota)
    } else if says(&POLICY) {
        Some(ErrorKind::ContentPolicy)
    } else {
        None
    }
}

/// The status that a caller is answered with. Statuses of wrong requests that a provider chose itself stay (413, 422).
pub fn status(error: &Error) -> u16 {
    match error.kind {
        ErrorKind::Authentication => 401,
        ErrorKind::Permission => 403,
        ErrorKind::NotFound => 404,
        ErrorKind::BadRequest => error.status.filter(|status| (400..500).contains(status)).unwrap_or(400),
        ErrorKind::ContextWindow | ErrorKind::ContentPolicy => 400,
        ErrorKind::RateLimit | ErrorKind::Quota => 429,
        ErrorKind::Overloaded => 503,
        ErrorKind::Provider => error.status.filter(|status| *status >= 500).unwrap_or(500),
        ErrorKind::Timeout => 504,
        ErrorKind::Network | ErrorKind::Broken => 502,
    }
}

fn raw(body: &[u8]) -> String {
    clip(String::from_utf8_lossy(&body[..body.len().min(4 * MAX_RAW)]).trim())
}

fn clip(text: &str) -> String {
    text.chars().take(MAX_RAW).collect()
}
