//! Errors in OpenAI's shape: every way in which a call can be refused or fail, with its status and type.

use http::StatusCode;
use serde::Serialize;
use tollgate_domain::charge::Operation;
use tollgate_domain::key::VirtualKey;
use tollgate_domain::ledger::{AccountKey, Refusal};
use tollgate_domain::principal::ModelDenial;

use super::over_limit::OverLimit;

/// An error as the client sees it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    pub status: StatusCode,
    /// `type` in the body: what programs look at.
    pub kind: String,
    pub message: String,
    pub param: Option<String>,
    /// `code` in the body; the status where nothing better is known.
    pub code: Option<String>,
    /// Seconds for a `retry-after` header.
    pub retry_after: Option<String>,
    /// The limit that was in the way.
    pub limit: Option<Box<OverLimit>>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    message: &'a str,
    r#type: &'a str,
    param: Option<&'a str>,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'a OverLimit>,
}

impl CallError {
    fn new(status: StatusCode, kind: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind: kind.to_owned(),
            message: message.into(),
            param: None,
            code: None,
            retry_after: None,
            limit: None,
        }
    }

    fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    pub fn no_key() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "auth_error",
            "Authentication Error, No api key passed in. Send it as `Authorization: Bearer sk-...`.",
        )
    }

    pub fn malformed_key() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "auth_error",
            "Authentication Error, Malformed API Key passed in. Ensure Key has `Bearer ` prefix.",
        )
    }

    pub fn unknown_key() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "token_not_found_in_db", "Authentication Error, Invalid API key provided.")
            .with_param("key")
    }

    /// An access token that is not taken; `detail` says why, for whoever sent it.
    pub fn bad_token(detail: &str) -> Self {
        let message = format!("Authentication Error, the access token is not taken: {detail}");
        Self::new(StatusCode::UNAUTHORIZED, "auth_error", message)
    }

    pub fn token_keys_unavailable() -> Self {
        let message = "The keys with which access tokens are verified can't be read at the moment: try again shortly.";
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable_error", message);
        error.retry_after = Some("2".to_owned());
        error
    }

    /// From an address that is not among those from which this may be used.
    pub fn address_denied(address: Option<std::net::IpAddr>) -> Self {
        let address = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        let message = format!("Access forbidden: IP address {address} not allowed.");
        Self::new(StatusCode::FORBIDDEN, "auth_error", message)
    }

    pub fn expired_key(hint: &str, expiry: &str, now: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "expired_key",
            format!("Authentication Error - Expired Key. Key Expiry time {expiry} and current time {now}"),
        )
        .with_param(hint)
    }

    pub fn blocked_key() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "auth_error",
            "Authentication Error, Key is blocked. Update via `/key/unblock` if you're an admin.",
        )
    }

    pub fn blocked_team(id: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "auth_error",
            format!("Authentication Error, Team={id} is blocked. Update via `/team/unblock` if you're an admin."),
        )
    }

    pub fn blocked_organisation(id: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "auth_error",
            format!("Authentication Error, Organization={id} is blocked. Ask the gateway's administrator."),
        )
    }

    pub fn disabled_user(id: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "auth_error",
            format!("Authentication Error, User={id} is disabled. Ask the gateway's administrator."),
        )
    }

    /// A key of a type, or with a list of routes, that does not have this one.
    pub fn route_denied(key: &VirtualKey, route: &str) -> Self {
        let allowed = if key.allowed_routes.is_empty() {
            format!("those of its type, `{}`", key.key_type.as_str())
        } else {
            format!("[{}]", key.allowed_routes.join(", "))
        };
        Self::new(
            StatusCode::FORBIDDEN,
            "auth_error",
            format!(
                "Virtual key is not allowed to call this route. Only allowed to call routes: {allowed}. \
                 Tried to call route: {route}"
            ),
        )
    }

    pub fn model_denied(level: ModelDenial, model: &str) -> Self {
        let (kind, who) = match level {
            ModelDenial::Key => ("key_model_access_denied", "The key itself"),
            ModelDenial::Member => ("user_model_access_denied", "Its owner, as a member of the team,"),
            ModelDenial::User => ("user_model_access_denied", "Its owner"),
            ModelDenial::Team => ("team_model_access_denied", "Its team"),
            ModelDenial::Organisation => ("org_model_access_denied", "Its organization"),
        };
        Self::new(
            StatusCode::FORBIDDEN,
            kind,
            format!(
                "The requested model '{model}' is not available for this API key, or the model name is invalid. \
                 {who} may not call it. `GET /v1/models` lists the models that this key may call."
            ),
        )
        .with_param("model")
    }

    pub fn unknown_model(route: &str, model: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            format!("{route}: Invalid model name passed in model={model}. Call `/v1/models` to view available models for your key."),
        )
        .with_param("model")
    }

    pub fn model_not_found(model: &str) -> Self {
        let mut error = Self::new(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            format!("The model '{model}' does not exist. `GET /v1/models` lists those that do."),
        )
        .with_param("model");
        error.code = Some("model_not_found".to_owned());
        error
    }

    pub fn bad_body(error: &crate::openai::request::BodyError) -> Self {
        let mut out = Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", error.to_string());
        out.param = error.param().map(str::to_owned);
        out
    }

    /// The model's provider can't be asked for this kind of call.
    pub fn not_spoken(model: &str, provider: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            format!(
                "The model '{model}' can't be called through this route: {provider}, behind it, has no such thing."
            ),
        )
        .with_param("model")
    }

    /// The model is for something else.
    pub fn wrong_mode(model: &str, mode: &str) -> Self {
        let message = format!("The model '{model}' can't be called through this route: its mode is `{mode}`.");
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message).with_param("model")
    }

    /// The request can't be said in the dialect of the provider behind the model.
    pub fn untranslatable(message: String, param: Option<String>) -> Self {
        Self { param, ..Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message) }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }

    pub fn body_too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request_error",
            format!(
                "The body is larger than {limit} bytes, the most that this gateway takes \
                 (`general_settings.max_request_size_mb`)."
            ),
        )
    }

    pub fn headers_too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "invalid_request_error",
            format!("The request's headers are larger than {limit} bytes, the most that this gateway takes."),
        )
    }

    pub fn body_too_slow() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "invalid_request_error",
            "The request's body did not arrive in time; nothing was sent to a provider.",
        )
    }

    pub fn body_broken() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request_error",
            "The request's body broke off before its end; nothing was sent to a provider.",
        )
    }

    pub fn encoded_body(encoding: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid_request_error",
            format!("Bodies with `content-encoding: {encoding}` are not taken; send plain JSON."),
        )
    }

    /// A management route, and a caller that may not use it.
    pub fn management_denied() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "auth_error",
            "Only the master key may do this; a virtual key may ask about itself (`GET /key/info`).",
        )
    }

    /// An error of a management route, in the shape that LiteLLM's clients know.
    pub fn management(status: StatusCode, message: impl Into<String>, param: Option<&str>) -> Self {
        let kind = match status {
            StatusCode::FORBIDDEN => "auth_error",
            StatusCode::NOT_FOUND => "not_found_error",
            _ if status.is_client_error() => "bad_request_error",
            _ => "internal_server_error",
        };
        let mut error = Self::new(status, kind, message);
        error.param = param.map(str::to_owned);
        error
    }

    pub fn no_route(method: &str, path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", format!("There is no `{method} {path}` here."))
    }

    pub fn wrong_method(method: &str, path: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "invalid_request_error", format!("`{path}` does not take {method}."))
    }

    /// The database can't be asked about a key that is not in memory.
    pub fn store_unavailable() -> Self {
        let mut error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no_db_connection",
            "The key can't be checked because the gateway's database does not answer. Try again shortly.",
        );
        error.retry_after = Some("2".to_owned());
        error
    }

    /// A budget or a rate limit is in the way. Budgets answer with `budget_status`.
    /// `dashboard` is the address before `/ui`.
    pub fn over_limit(refusal: &Refusal, budget_status: u16, dashboard: &str) -> Self {
        let status = StatusCode::from_u16(refusal.status(budget_status)).unwrap_or(StatusCode::PAYMENT_REQUIRED);
        let kind = if refusal.is_budget() { "budget_exceeded" } else { "throttling_error" };
        let limit = OverLimit::of(refusal, dashboard);
        let mut error = Self::new(status, kind, format!("{refusal}{}", limit.sentence()));
        error.limit = Some(Box::new(limit));
        error.retry_after = refusal.retry_after.map(|seconds| seconds.to_string());
        error
    }

    /// A budget applies, and nobody knows what the call would cost.
    pub fn unpriced(model: &str, account: &AccountKey) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "model_without_price",
            format!(
                "No price is known for the model '{model}', and {account} has a budget, which could not be kept. Ask the \
                 gateway's administrator to set `input_cost_per_token` and `output_cost_per_token` for the model."
            ),
        )
        .with_param("model")
    }

    /// What was spent so far can't be read, so a limit could be exceeded unseen.
    pub fn limits_unavailable() -> Self {
        let mut error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no_db_connection",
            "The budgets of this call can't be checked because the gateway's database does not answer. Nothing was sent \
             to a provider. Try again shortly.",
        );
        error.retry_after = Some("2".to_owned());
        error
    }

    pub fn blocked_customer(id: &str) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "auth_error",
            format!(
                "Authentication Error, User={id} (the call's end customer) is blocked. Ask the gateway's administrator."
            ),
        )
        .with_param("user")
    }

    /// The end customer may not call the model.
    pub fn customer_model_denied(id: &str, model: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "customer_model_access_denied",
            format!("The requested model '{model}' is not available for the end customer '{id}'."),
        )
        .with_param("model")
    }

    /// The call can't be put on record, so it isn't made.
    pub fn ledger_unavailable() -> Self {
        let mut error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ledger_unavailable",
            "The gateway can't record the call at the moment, so it was not sent to a provider. Try again shortly.",
        );
        error.retry_after = Some("2".to_owned());
        error
    }

    pub fn overloaded() -> Self {
        let mut error = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded_error",
            "The gateway has as many calls in flight as it takes; nothing was sent to a provider.",
        );
        error.retry_after = Some("1".to_owned());
        error
    }

    /// No connection to the provider, or none that held.
    pub fn upstream_unreachable(provider: &str, reason: &str) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "api_connection_error", format!("No answer from {provider}: {reason}."))
    }

    /// A stream that can't go on. `message` says whose, and why.
    pub fn broken_off(message: String) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "api_error", message)
    }

    pub fn upstream_timeout(provider: &str, seconds: u64) -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout_error",
            format!("{provider} did not answer within {seconds} s."),
        )
    }

    pub fn upstream_broken(provider: &str, reason: &str) -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            "api_error",
            format!("{provider} gave an answer that can't be used: {reason}."),
        )
    }

    /// What an upstream's error answer becomes: the same status; the provider's own words, type, param and code where
    /// it gave them in OpenAI's shape.
    pub fn from_upstream(status: StatusCode, provider: &str, body: &[u8], retry_after: Option<String>) -> Self {
        let theirs = serde_json::from_slice::<serde_json::Value>(body).ok();
        let error = theirs.as_ref().map(|body| body.get("error").unwrap_or(body));
        let field = |name: &str| {
            error.and_then(|e| e.get(name)).and_then(|v| match v {
                serde_json::Value::String(text) if !text.is_empty() => Some(text.clone()),
                serde_json::Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
        };
        let credentials = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        let message = if credentials {
            // The provider's words may quote the gateway's own credentials.
            format!(
                "{provider} refused the gateway's credentials for this model ({status}). Ask the gateway's administrator."
            )
        } else {
            field("message")
                .or_else(|| error.and_then(serde_json::Value::as_str).map(str::to_owned))
                .map_or_else(|| format!("{provider} answered {status}."), |text| format!("{provider}: {text}"))
        };
        let kind = if credentials { None } else { field("type") }.unwrap_or_else(|| default_kind(status).to_owned());
        Self { status, kind, message, param: field("param"), code: field("code"), retry_after, limit: None }
    }

    /// What of a provider's error is kept: its own words may quote the prompt, names of what is wrong don't.
    pub fn kept(&self, provider: &str) -> String {
        let named = named([Some(self.kind.as_str()), self.code.as_deref(), self.param.as_deref()]);
        format!("{provider} answered {}{named}", self.status)
    }

    /// The JSON body.
    pub fn to_json(&self) -> Vec<u8> {
        let status = self.status.as_str();
        let body = Body {
            error: Inner {
                message: &self.message,
                r#type: &self.kind,
                param: self.param.as_deref(),
                code: self.code.as_deref().unwrap_or(status),
                limit: self.limit.as_deref(),
            },
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }

    pub fn into_response(self) -> http::Response<axum::body::Body> {
        self.into_response_for(Operation::Other)
    }
}

impl axum::response::IntoResponse for CallError {
    fn into_response(self) -> axum::response::Response {
        Self::into_response(self)
    }
}

/// `: rate_limit_error, tokens`: those that are names and no texts.
pub fn named<const N: usize>(parts: [Option<&str>; N]) -> String {
    let is_name = |text: &&str| {
        !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.[]".contains(&b))
    };
    let mut names: Vec<_> = parts.into_iter().flatten().filter(is_name).collect();
    names.dedup();
    if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) }
}

fn default_kind(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "internal_server_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_openais() {
        let json: serde_json::Value = serde_json::from_slice(&CallError::unknown_key().to_json()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"error": {"message": "Authentication Error, Invalid API key provided.",
                "type": "token_not_found_in_db", "param": "key", "code": "401"}})
        );
    }

    #[test]
    fn only_names_are_kept() {
        assert_eq!(named([Some("a b"), Some(""), None, Some("messages.[0].content")]), ": messages.[0].content");
        assert_eq!(named([Some("\"x\""), Some("\u{e9}")]), "");
    }

    #[test]
    fn the_providers_words_are_kept_but_for_credentials() {
        let body = br#"{"error":{"message":"Slow down","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#;
        let error = CallError::from_upstream(StatusCode::TOO_MANY_REQUESTS, "openai", body, Some("7".into()));
        assert_eq!((error.message.as_str(), error.kind.as_str()), ("openai: Slow down", "tokens"));
        assert_eq!(error.code.as_deref(), Some("rate_limit_exceeded"));
        assert_eq!(error.kept("openai"), "openai answered 429 Too Many Requests: tokens, rate_limit_exceeded");
        let body =
            br#"{"error":{"message":"Incorrect API key provided: sk-live-1234","type":"x","code":"invalid_api_key"}}"#;
        let error = CallError::from_upstream(StatusCode::UNAUTHORIZED, "openai", body, None);
        assert!(!error.message.contains("sk-live"));
        assert_eq!(error.kind, "authentication_error");
        let error = CallError::from_upstream(StatusCode::INTERNAL_SERVER_ERROR, "x", b"<html>", None);
        assert_eq!(
            (error.message.as_str(), error.kind.as_str()),
            ("x answered 500 Internal Server Error.", "internal_server_error")
        );
    }
}
