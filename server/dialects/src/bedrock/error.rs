//! Errors: exceptions by name.

use std::time::Duration;

use crate::errors;
use crate::json::{Json, Object};
use crate::neutral::{Error, ErrorKind};

/// Reads an answer of another status than 2xx. `exception`: the header `x-amzn-errortype`, where its name mostly is.
pub fn read(status: u16, retry_after: Option<Duration>, exception: Option<&str>, body: &[u8]) -> Error {
    let mut error = match Json::parse(body) {
        Ok(json @ Json::Object(_)) => {
            let text = |key| json.get(key).and_then(Json::as_str);
            let message = text("message").or(text("Message")).unwrap_or_default();
            named(exception.or(text("__type")).or(text("code")).unwrap_or_default(), message, Some(status))
        }
        _ => errors::read(status, retry_after, body),
    };
    error.status = Some(status);
    error.retry_after = retry_after;
    error
}

/// An exception by its name: `ThrottlingException`, `com.amazon.coral#ThrottlingException:http://…`,
/// `throttlingException` within a stream.
pub(super) fn named(name: &str, message: &str, status: Option<u16>) -> Error {
    let name = name.rsplit('#').next().unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default();
    let kind = kind(&name.to_ascii_lowercase(), message).unwrap_or_else(|| errors::classify(status, "", "", message));
    let message = if message.is_empty() { format!("the provider reported `{name}`") } else { message.to_owned() };
    Error { code: (!name.is_empty()).then(|| name.to_owned()), ..Error::new(kind, message) }
}

fn kind(name: &str, message: &str) -> Option<ErrorKind> {
    Some(match name.strip_suffix("exception").unwrap_or(name) {
        "accessdenied" => ErrorKind::Permission,
        "unrecognizedclient"
        | "invalidsignature"
        | "expiredtoken"
        | "missingauthenticationtoken"
        | "incompletesignature"
        | "invalidclienttokenid"
        | "unauthorized" => ErrorKind::Authentication,
        "resourcenotfound" => ErrorKind::NotFound,
        // Of the request, or of the prompt: its message says which.
        "validation" => match errors::classify(Some(400), "", "", message) {
            ErrorKind::Quota => ErrorKind::BadRequest,
            kind => kind,
        },
        "throttling" | "toomanyrequests" => ErrorKind::RateLimit,
        "servicequotaexceeded" => ErrorKind::Quota,
        "modeltimeout" => ErrorKind::Timeout,
        "modelnotready" | "serviceunavailable" => ErrorKind::Overloaded,
        "internalserver" | "internalfailure" | "modelerror" | "modelstreamerror" => ErrorKind::Provider,
        _ => return None,
    })
}

/// The exception that says it.
pub(super) fn name_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Authentication => "UnrecognizedClientException",
        ErrorKind::Permission => "AccessDeniedException",
        ErrorKind::NotFound => "ResourceNotFoundException",
        ErrorKind::BadRequest | ErrorKind::ContextWindow | ErrorKind::ContentPolicy => "ValidationException",
        ErrorKind::RateLimit => "ThrottlingException",
        ErrorKind::Quota => "ServiceQuotaExceededException",
        ErrorKind::Overloaded => "ServiceUnavailableException",
        ErrorKind::Timeout => "ModelTimeoutException",
        ErrorKind::Provider | ErrorKind::Network | ErrorKind::Broken => "InternalServerException",
    }
}

/// Writes an error for a caller: status and body. The name goes into the body too, where SDKs look next to the header.
pub fn write(error: &Error) -> (u16, Vec<u8>) {
    let status = match error.kind {
        ErrorKind::Authentication => 403,
        ErrorKind::Timeout => 408,
        ErrorKind::Quota => 400,
        _ => errors::status(error),
    };
    let body = Object::new().with("__type", name_of(error.kind)).with("message", error.message.as_str());
    (status, body.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_have_kinds() {
        let body = br#"{"message":"words"}"#;
        for (name, status, expected) in [
            ("AccessDeniedException", 403, ErrorKind::Permission),
            ("ThrottlingException:http://internal.amazon.com/coral/x/", 429, ErrorKind::RateLimit),
            ("com.amazon.coral.service#UnrecognizedClientException", 403, ErrorKind::Authentication),
            ("ResourceNotFoundException", 404, ErrorKind::NotFound),
            ("ModelTimeoutException", 408, ErrorKind::Timeout),
            ("ModelNotReadyException", 429, ErrorKind::Overloaded),
            ("ModelErrorException", 424, ErrorKind::Provider),
            ("ServiceQuotaExceededException", 400, ErrorKind::Quota),
            ("ValidationException", 400, ErrorKind::BadRequest),
            ("SomethingNewException", 503, ErrorKind::Overloaded),
        ] {
            let error = read(status, None, Some(name), body);
            assert_eq!((error.kind, error.message.as_str()), (expected, "words"), "{name}");
        }
        let long =
            read(400, None, Some("ValidationException"), br#"{"message":"Input is too long for requested model."}"#);
        assert_eq!(long.kind, ErrorKind::ContextWindow);
        let inner = read(400, None, None, br#"{"__type":"ThrottlingException","Message":"Slow down"}"#);
        assert_eq!((inner.kind, inner.message.as_str()), (ErrorKind::RateLimit, "Slow down"));
        assert_eq!(read(502, None, None, b"<html>").kind, ErrorKind::Provider);
    }

    #[test]
    fn every_kind_can_be_said_and_is_understood_again() {
        for kind in ErrorKind::ALL {
            let (status, body) = write(&Error::new(kind, "words"));
            let expected = match kind {
                ErrorKind::ContextWindow | ErrorKind::ContentPolicy => ErrorKind::BadRequest,
                ErrorKind::Network | ErrorKind::Broken => ErrorKind::Provider,
                kind => kind,
            };
            assert_eq!(read(status, None, None, &body).kind, expected, "{kind:?}");
        }
    }
}
