//! Errors of `/api/v1` in the form of RFC 9457.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use tollgate_control::ControlError;
use tollgate_gateway::CallError;

/// A problem, as the client sees it.
#[derive(Debug, Serialize)]
pub struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { r#type: "about:blank", title, status: status.as_u16(), detail: detail.into(), field: None }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", format!("There is no such {what}."))
    }

    pub fn invalid(field: &'static str, detail: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::new(StatusCode::BAD_REQUEST, "Invalid request", detail) }
    }
}

/// The status of a control plane's error, on every surface.
pub fn status_of(error: &ControlError) -> StatusCode {
    match error {
        ControlError::Denied { .. } => StatusCode::FORBIDDEN,
        ControlError::NotFound { .. } => StatusCode::NOT_FOUND,
        ControlError::Invalid { .. } => StatusCode::BAD_REQUEST,
        ControlError::Conflict { .. } => StatusCode::CONFLICT,
        ControlError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ControlError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        let status = status_of(&error);
        let title = match &error {
            ControlError::Denied { .. } => "Not allowed",
            ControlError::NotFound { .. } => "Not found",
            ControlError::Invalid { .. } => "Invalid request",
            ControlError::Conflict { .. } => "Conflict",
            ControlError::Unavailable => "Temporarily unavailable",
            ControlError::Internal(source) => {
                tracing::error!(error = %source, "a management request failed");
                "Internal error"
            }
        };
        let field = if let ControlError::Invalid { field, .. } = &error { Some(*field) } else { None };
        Self { field, ..Self::new(status, title, error.to_string()) }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        let title = if error.status == StatusCode::UNAUTHORIZED { "Not authenticated" } else { "Not allowed" };
        Self::new(error.status, title, error.message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}
