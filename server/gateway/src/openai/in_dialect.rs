//! The gateway's own errors in the dialects of its callers.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use tollgate_domain::charge::Operation;

use super::error::CallError;

impl CallError {
    /// The JSON body, as an operation's callers know errors.
    fn to_json_for(&self, operation: Operation) -> Vec<u8> {
        match operation {
            Operation::Messages => bytes(&self.of_anthropic()),
            Operation::GenerateContent => bytes(&self.of_google()),
            _ => self.to_json(),
        }
    }

    /// An event of a stream of the operation's.
    pub fn to_event_for(&self, operation: Operation) -> Bytes {
        let json = self.to_json_for(operation);
        let json = match operation {
            Operation::Responses => {
                let code = self.code.as_deref().unwrap_or(&self.kind);
                bytes(&json!({"type": "error", "code": code, "message": self.message, "param": self.param}))
            }
            _ => json,
        };
        let name: &[u8] =
            if matches!(operation, Operation::Messages | Operation::Responses) { b"event: error\n" } else { b"" };
        Bytes::from([name, b"data: ", &json, b"\n\n"].concat())
    }

    /// The answer to a caller of an operation.
    pub fn into_response_for(self, operation: Operation) -> Response<Body> {
        let mut response = Response::new(Body::from(self.to_json_for(operation)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(value) = self.retry_after.and_then(|seconds| HeaderValue::from_str(&seconds).ok()) {
            headers.insert(header::RETRY_AFTER, value);
        }
        response
    }

    /// Anthropic's names, which its clients go by, and the gateway's own beside them.
    fn of_anthropic(&self) -> Value {
        let mut error = json!({
            "type": self.anthropic_kind(),
            "message": self.message,
            "param": self.param,
            "code": self.code.as_deref().unwrap_or(&self.kind),
        });
        if let (Some(limit), Some(error)) = (&self.limit, error.as_object_mut()) {
            error.insert("limit".to_owned(), json!(limit));
        }
        json!({"type": "error", "error": error})
    }

    fn anthropic_kind(&self) -> &str {
        const KINDS: [&str; 10] = [
            "invalid_request_error",
            "authentication_error",
            "billing_error",
            "permission_error",
            "not_found_error",
            "request_too_large",
            "rate_limit_error",
            "timeout_error",
            "overloaded_error",
            "api_error",
        ];
        if let Some(own) = KINDS.iter().find(|kind| **kind == self.kind) {
            return own;
        }
        match self.status.as_u16() {
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            408 | 504 => "timeout_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            503 | 529 => "overloaded_error",
            400..=499 => "invalid_request_error",
            _ => "api_error",
        }
    }

    fn of_google(&self) -> Value {
        let status = match self.status {
            StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
            StatusCode::PAYMENT_REQUIRED | StatusCode::TOO_MANY_REQUESTS => "RESOURCE_EXHAUSTED",
            StatusCode::FORBIDDEN => "PERMISSION_DENIED",
            StatusCode::NOT_FOUND => "NOT_FOUND",
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => "DEADLINE_EXCEEDED",
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY => "UNAVAILABLE",
            status if status.is_client_error() => "INVALID_ARGUMENT",
            _ => "INTERNAL",
        };
        let mut info = json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": self.code.as_deref().unwrap_or(&self.kind),
        });
        if let (Some(limit), Some(info)) = (&self.limit, info.as_object_mut()) {
            info.insert("metadata".to_owned(), json!({"limit": json!(limit).to_string()}));
        }
        json!({"error": {
            "code": self.status.as_u16(), "message": self.message, "status": status, "details": [info],
        }})
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(error: &CallError, operation: Operation) -> Value {
        serde_json::from_slice(&error.to_json_for(operation)).unwrap()
    }

    #[test]
    fn each_dialect_has_its_names() {
        let error = CallError::unknown_key();
        let anthropic = json(&error, Operation::Messages);
        assert_eq!(
            (&anthropic["type"], &anthropic["error"]["type"]),
            (&"error".into(), &"authentication_error".into())
        );
        assert_eq!(anthropic["error"]["code"], "token_not_found_in_db");
        let google = json(&error, Operation::GenerateContent);
        assert_eq!((&google["error"]["code"], &google["error"]["status"]), (&401.into(), &"UNAUTHENTICATED".into()));
        assert_eq!(json(&error, Operation::Responses), json(&error, Operation::ChatCompletion));
    }

    #[test]
    fn a_providers_own_kind_is_kept() {
        let body = br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        let error = CallError::from_upstream(StatusCode::INTERNAL_SERVER_ERROR, "anthropic", body, None);
        assert_eq!(json(&error, Operation::Messages)["error"]["type"], "overloaded_error");
    }

    #[test]
    fn streams_end_in_their_own_form() {
        let event = |operation| String::from_utf8(CallError::overloaded().to_event_for(operation).to_vec()).unwrap();
        assert!(event(Operation::ChatCompletion).starts_with("data: {\"error\":{"));
        assert!(event(Operation::Messages).starts_with("event: error\ndata: {"));
        assert!(event(Operation::Responses).starts_with("event: error\ndata: {\"code\":"));
        assert!(event(Operation::GenerateContent).starts_with("data: {\"error\":{"));
    }
}
