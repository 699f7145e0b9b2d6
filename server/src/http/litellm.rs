//! LiteLLM's management routes: a thin translation onto the control plane's use cases, with its names and shapes.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tollgate_control::ControlError;
use tollgate_gateway::CallError;

use super::problem::status_of;
use super::server::Server;

pub fn router() -> Router<Server> {
    Router::new()
}

/// An error on LiteLLM's routes: OpenAI's shape, as its clients expect.
#[derive(Debug)]
pub struct LiteLlmError(CallError);

impl From<CallError> for LiteLlmError {
    fn from(error: CallError) -> Self {
        Self(error)
    }
}

impl From<ControlError> for LiteLlmError {
    fn from(error: ControlError) -> Self {
        let status = status_of(&error);
        if let ControlError::Internal(source) = &error {
            tracing::error!(error = %source, "a management request failed");
        }
        let param = if let ControlError::Invalid { field, .. } = &error { Some(*field) } else { None };
        Self(CallError::management(status, error.to_string(), param))
    }
}

impl IntoResponse for LiteLlmError {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}
