//! Errors of `/api/` in the form of RFC 9457.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use tollgate_control::ControlError;
use tollgate_domain::record::Meta;
use tollgate_gateway::CallError;
use utoipa::ToSchema;

/// What kind of problem: each has an address, that never changes, and one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Invalid,
    NotAuthenticated,
    NotAllowed,
    NotFound,
    MethodNotAllowed,
    Conflict,
    Changed,
    TooLarge,
    UnsupportedMediaType,
    IdempotencyKeyReused,
    Internal,
    Unavailable,
}

impl Kind {
    pub const ALL: [Self; 12] = [
        Self::Invalid,
        Self::NotAuthenticated,
        Self::NotAllowed,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::Changed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyKeyReused,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The last part of the address.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotAuthenticated => "not-authenticated",
            Self::NotAllowed => "not-allowed",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict => "conflict",
            Self::Changed => "changed-meanwhile",
            Self::TooLarge => "too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    pub fn status(self) -> StatusCode {
        match self {
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::NotAuthenticated => StatusCode::UNAUTHORIZED,
            Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Changed => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Invalid => "Invalid request",
            Self::NotAuthenticated => "Not authenticated",
            Self::NotAllowed => "Not allowed",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Conflict => "Conflict",
            Self::Changed => "Changed meanwhile",
            Self::TooLarge => "Too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::IdempotencyKeyReused => "Idempotency key reused",
            Self::Internal => "Internal error",
            Self::Unavailable => "Temporarily unavailable",
        }
    }

    /// For the documentation: when it comes and what to do.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Invalid => "The address, the query or the body can't be meant. `field` names what is wrong.",
            Self::NotAuthenticated => "No key came with the request, or none that works.",
            Self::NotAllowed => "The key may not do this.",
            Self::NotFound => "There is no such thing, or no such address.",
            Self::MethodNotAllowed => "The address does not take this method; `Allow` names those that it takes.",
            Self::Conflict => {
                "It can't be done as things are: something else has the name, something else hangs on it, or a request \
                 with the same idempotency key is under way."
            }
            Self::Changed => {
                "It is no longer at the version that `If-Match` names. The problem tells who changed it, when, and the \
                 current version: get it again, and repeat the change."
            }
            Self::TooLarge => "The body is larger than this API takes.",
            Self::UnsupportedMediaType => "The body has to come as `application/json`.",
            Self::IdempotencyKeyReused => "The idempotency key came before with another body: take a new one.",
            Self::Internal => "Something went wrong inside; the log has the details under the request id.",
            Self::Unavailable => "The database can't be reached. Try again after the time in `Retry-After`.",
        }
    }
}

/// An error, as RFC 9457 has it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The address of what kind of problem this is; it never changes.
    #[schema(example = "/api/problems/not-found")]
    r#type: String,
    title: &'static str,
    /// The same as the answer's.
    status: u16,
    /// What is wrong here, for people.
    detail: String,
    /// What is wrong, where it is a certain field.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The answer's `X-Request-Id`, under which the log and the audit log have the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// With `changed-meanwhile`: the version that the thing is at now.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<i64>,
    /// With `changed-meanwhile`: a user's or key's id, or `master_key`, `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<String>,
    /// With `changed-meanwhile`: when, as RFC 3339 has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
}

/// A problem, as the client sees it.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    body: Box<ProblemBody>,
    retry_after: Option<HeaderValue>,
}

impl Problem {
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let body = ProblemBody {
            r#type: format!("/api/problems/{}", kind.slug()),
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: detail.into(),
            field: None,
            request_id: None,
            current_version: None,
            changed_by: None,
            changed_at: None,
        };
        let retry_after = (kind == Kind::Unavailable).then(|| HeaderValue::from_static("2"));
        Self { kind, body: Box::new(body), retry_after }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("There is no such {what}."))
    }

    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut problem = Self::new(Kind::Invalid, detail);
        problem.body.field = Some(field.into());
        problem
    }

    /// `noun` is not at the version that the client saw.
    pub fn changed(noun: &str, meta: &Meta) -> Self {
        let at = meta.updated_at.to_rfc3339();
        let detail = format!(
            "The {noun} was changed by {} at {at} and is at version {} now: get it again, and repeat your change.",
            meta.updated_by, meta.version
        );
        let mut problem = Self::new(Kind::Changed, detail);
        problem.body.current_version = Some(meta.version);
        problem.body.changed_by = Some(meta.updated_by.clone());
        problem.body.changed_at = Some(at);
        problem
    }

    /// The same with the id of the request that it answers.
    pub fn for_request(mut self, request_id: &str) -> Self {
        self.body.request_id = Some(request_id.to_owned());
        self
    }

    #[cfg(test)]
    pub fn status(&self) -> StatusCode {
        self.kind.status()
    }
}

/// The status of a control plane's error, on every surface.
pub fn status_of(error: &ControlError) -> StatusCode {
    kind_of(error).status()
}

fn kind_of(error: &ControlError) -> Kind {
    match error {
        ControlError::Denied { .. } => Kind::NotAllowed,
        ControlError::NotFound { .. } => Kind::NotFound,
        ControlError::Invalid { .. } => Kind::Invalid,
        ControlError::Conflict { .. } => Kind::Conflict,
        ControlError::Unavailable => Kind::Unavailable,
        ControlError::Internal(_) => Kind::Internal,
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        if let ControlError::Internal(source) = &error {
            tracing::error!(error = %source, "a management request failed");
        }
        let mut problem = Self::new(kind_of(&error), error.to_string());
        if let ControlError::Invalid { field, .. } = &error {
            problem.body.field = Some((*field).to_owned());
        }
        problem
    }
}

impl From<tollgate_store::StoreError> for Problem {
    fn from(error: tollgate_store::StoreError) -> Self {
        ControlError::from(error).into()
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        let kind = match error.status {
            StatusCode::UNAUTHORIZED => Kind::NotAuthenticated,
            StatusCode::SERVICE_UNAVAILABLE => Kind::Unavailable,
            _ => Kind::NotAllowed,
        };
        Self::new(kind, error.message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), axum::Json(&self.body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.kind == Kind::NotAuthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = &self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.clone());
        }
        // For the API's frame, which knows the request's id.
        response.extensions_mut().insert(self);
        response
    }
}
