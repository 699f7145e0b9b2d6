//! LiteLLM's management routes: a thin translation onto the control plane's use cases, with its names and shapes.

mod access_groups;
mod audit;
mod body;
mod budgets;
mod credentials;
mod customers;
mod duration;
mod keys;
mod limits;
mod models;
mod money;
mod names;
mod organisations;
mod params;
mod people;
mod providers;
mod reset;
pub mod routes;
mod spend;
mod tags;
mod teams;
mod users;

use axum::Json;
use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use serde_json::Value;
use tollgate_control::{Control, ControlError, OpContext};
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::UserId;
use tollgate_domain::key::VirtualKey;
use tollgate_domain::{Clock as _, Timestamp};
use tollgate_gateway::CallError;

use super::caller::ManagementCaller;
use super::problem::status_of;
use super::server::Server;

pub use routes::router;

/// What a handler gives: JSON, or an error in OpenAI's shape.
type Answer = Result<Json<Value>, LiteLlmError>;

/// An error on LiteLLM's routes: OpenAI's shape, as its clients expect.
#[derive(Debug)]
pub struct LiteLlmError(CallError);

impl LiteLlmError {
    fn new(status: http::StatusCode, message: impl Into<String>, param: Option<&str>) -> Self {
        Self(CallError::management(status, message, param))
    }

    /// With another `type` than the status suggests.
    fn kind(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.0.kind);
        self
    }

    /// In words, for answers that list what went wrong.
    fn message(&self) -> &str {
        &self.0.message
    }
}

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
        if let ControlError::Invalid { field, message } = &error {
            let field = names::litellm_field(field);
            return Self::new(status, format!("{field}: {message}"), Some(field));
        }
        Self::new(status, error.to_string(), None)
    }
}

impl From<tollgate_store::StoreError> for LiteLlmError {
    fn from(error: tollgate_store::StoreError) -> Self {
        ControlError::from(error).into()
    }
}

impl IntoResponse for LiteLlmError {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

fn now() -> Timestamp {
    SystemClock.now()
}

async fn wrong_method(request: Request) -> Response {
    CallError::wrong_method(request.method().as_str(), request.uri().path()).into_response()
}

/// A management call under way: who asks, and what it is asked of.
struct Call {
    server: Server,
    op: OpContext,
    /// The virtual key that was shown; `None`: the master key.
    key: Option<Box<VirtualKey>>,
}

impl FromRequestParts<Server> for Call {
    type Rejection = LiteLlmError;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, LiteLlmError> {
        let ManagementCaller { op, key } = ManagementCaller::from_request_parts(parts, server).await?;
        Ok(Self { server: server.clone(), op, key })
    }
}

impl Call {
    fn control(&self) -> &Control {
        self.server.control()
    }

    /// A new id, as the control plane would make one.
    #[expect(clippy::unused_self, reason = "ids are made on behalf of a call")]
    fn new_id<T>(&self, make: fn(&dyn tollgate_domain::Clock, &dyn tollgate_domain::entropy::Entropy) -> T) -> T {
        make(&SystemClock, &SystemEntropy)
    }

    /// The person who asks, if it is one.
    fn user(&self) -> Option<&UserId> {
        self.op.actor.user_id()
    }

    /// Whether whoever asks sees and manages everything, not only what is theirs.
    fn is_admin(&self) -> bool {
        match &self.op.actor {
            Actor::MasterKey | Actor::System => true,
            Actor::User { role, .. } => matches!(role, Role::Admin | Role::Auditor),
            Actor::Key { .. } | Actor::Anonymous => false,
        }
    }
}
