//! Errors: `google.rpc.Status` as JSON.

use std::time::Duration;

use crate::errors;
use crate::json::{Json, Object};
use crate::neutral::{Error, ErrorKind};

/// Reads an answer of another status than 2xx. Streams of the array form put it into an array.
pub fn read(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Error {
    let object = match Json::parse(body) {
        Ok(Json::Object(object)) => Some(object),
        Ok(Json::Array(items)) => items.into_iter().find_map(|item| item.into_object().ok()),
        _ => None,
    };
    let mut error = match object {
        Some(object) if object.get("error").is_some() => from_object(&object, Some(status)),
        _ => errors::read(status, retry_after, body),
    };
    error.status = Some(status);
    // What the body says is more exact than the header.
    error.retry_after = error.retry_after.or(retry_after);
    error
}

/// Reads `{"error": {…}}`, wherever it stands.
pub(super) fn from_object(object: &Object<'_>, status: Option<u16>) -> Error {
    let none = Json::Null;
    let inner = object.get("error").unwrap_or(&none);
    let text = |key: &str| inner.get(key).and_then(Json::as_str);
    let message = text("message").or(inner.as_str()).unwrap_or("the provider reported an error");
    let code = inner.get("code").and_then(Json::as_u64).and_then(|code| u16::try_from(code).ok());
    let details = inner.get("details").and_then(Json::as_array).unwrap_or_default();
    let detail = |kind: &str, key: &str| {
        let mut of_kind = details
            .iter()
            .filter(|detail| detail.get("@type").and_then(Json::as_str).is_some_and(|name| name.ends_with(kind)));
        of_kind.find_map(|detail| detail.get(key).and_then(Json::as_str))
    };
    let reason = detail("ErrorInfo", "reason");
    let kind = kind(text("status").unwrap_or_default(), reason.unwrap_or_default(), status.or(code), message);
    Error {
        status: None,
        code: reason.or(text("status")).map(str::to_owned),
        retry_after: detail("RetryInfo", "retryDelay").and_then(duration),
        ..Error::new(kind, message)
    }
}

fn kind(word: &str, reason: &str, status: Option<u16>, message: &str) -> ErrorKind {
    let lower = message.to_ascii_lowercase();
    // A wrong key is answered with INVALID_ARGUMENT.
    if reason == "API_KEY_INVALID" || word == "UNAUTHENTICATED" {
        return ErrorKind::Authentication;
    }
    if lower.contains("exceeds the maximum number of tokens") || lower.contains("input token count") {
        return ErrorKind::ContextWindow;
    }
    match word {
        "PERMISSION_DENIED" => ErrorKind::Permission,
        "NOT_FOUND" => ErrorKind::NotFound,
        "RESOURCE_EXHAUSTED" if lower.contains("prepayment credits are depleted") => ErrorKind::Quota,
        "RESOURCE_EXHAUSTED" => ErrorKind::RateLimit,
        "UNAVAILABLE" => ErrorKind::Overloaded,
        "DEADLINE_EXCEEDED" => ErrorKind::Timeout,
        "INTERNAL" | "UNKNOWN" | "DATA_LOSS" | "ABORTED" => ErrorKind::Provider,
        _ => errors::classify(status, "", "", message),
    }
}

/// `34s`, `0.5s`.
fn duration(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Writes an error for a caller: status and body.
pub fn write(error: &Error) -> (u16, Object<'static>) {
    let status = match error.kind {
        // Google's words for these have statuses of their own.
        ErrorKind::Broken | ErrorKind::Network => 502,
        _ => errors::status(error),
    };
    let word = match error.kind {
        ErrorKind::Authentication => "UNAUTHENTICATED",
        ErrorKind::Permission => "PERMISSION_DENIED",
        ErrorKind::NotFound => "NOT_FOUND",
        ErrorKind::BadRequest | ErrorKind::ContextWindow | ErrorKind::ContentPolicy => "INVALID_ARGUMENT",
        ErrorKind::RateLimit | ErrorKind::Quota => "RESOURCE_EXHAUSTED",
        ErrorKind::Overloaded | ErrorKind::Network => "UNAVAILABLE",
        ErrorKind::Timeout => "DEADLINE_EXCEEDED",
        ErrorKind::Provider | ErrorKind::Broken => "INTERNAL",
    };
    let mut inner = Object::new().with("code", status).with("message", error.message.clone()).with("status", word);
    let mut details: Vec<Json<'static>> = Vec::new();
    if let Some(code) = &error.code {
        let info = Object::new().with("@type", "type.googleapis.com/google.rpc.ErrorInfo").with("reason", code.clone());
        details.push(info.into());
    }
    if let Some(wait) = error.retry_after {
        let info = Object::new().with("@type", "type.googleapis.com/google.rpc.RetryInfo");
        details.push(info.with("retryDelay", format!("{}s", wait.as_secs_f64())).into());
    }
    inner.put_some("details", (!details.is_empty()).then_some(details));
    (status, Object::new().with("error", inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        assert_eq!(duration("34.074824224s"), Some(Duration::from_nanos(34_074_824_224)));
        assert_eq!(duration("0s"), Some(Duration::ZERO));
        for wrong in ["", "s", "-1s", "NaNs", "1e300s", "3m"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_kind_can_be_said_and_most_are_understood_again() {
        for kind in ErrorKind::ALL {
            let (status, body) = write(&Error::new(kind, "words"));
            let back = read(status, None, &body.to_vec());
            let expected = match kind {
                // Google has one word for several of ours.
                ErrorKind::ContextWindow | ErrorKind::ContentPolicy => ErrorKind::BadRequest,
                ErrorKind::Quota => ErrorKind::RateLimit,
                ErrorKind::Network => ErrorKind::Overloaded,
                ErrorKind::Broken => ErrorKind::Provider,
                kind => kind,
            };
            assert_eq!(back.kind, expected, "{kind:?}");
            assert_eq!(back.message, "words");
        }
    }
}
