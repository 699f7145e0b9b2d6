//! Why a use case did not do what it was asked, in words that may be shown to whoever asked.

use std::error::Error;

use tollgate_domain::actor::{Action, Resource};
use tollgate_store::StoreError;

/// `Display` is fit for people: what, why, and no word of the database.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("you may not {} {}", verb(*.action), noun(*.resource))]
    Denied { action: Action, resource: Resource },
    #[error("{what} was not found")]
    NotFound { what: String },
    /// `field` is the name of what is wrong, as the API has it.
    #[error("{field}: {message}")]
    Invalid { field: &'static str, message: String },
    #[error("{message}")]
    Conflict { message: String },
    #[error("the database can't be reached at the moment; try again in a few seconds")]
    Unavailable,
    /// The source is for the log.
    #[error("something went wrong inside Tollgate; its log has the details under the request id")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl ControlError {
    pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict { message: message.into() }
    }

    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            tracing::warn!(%error, "the database is not available");
            return Self::Unavailable;
        }
        if let StoreError::Exists(_) = error {
            return Self::conflict("it exists already");
        }
        Self::Internal(Box::new(error))
    }
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Read => "see",
        Action::Export => "export",
        Action::Create => "create",
        Action::Update => "change",
        Action::Delete => "delete",
    }
}

fn noun(resource: Resource) -> &'static str {
    match resource {
        Resource::Organisation => "this organisation",
        Resource::Team => "this team",
        Resource::Membership => "who is a member here",
        Resource::User => "users",
        Resource::Key => "this key",
        Resource::Customer => "customers",
        Resource::Tag => "tags",
        Resource::Budget => "budgets",
        Resource::AccessGroup => "access groups",
        Resource::Model => "models",
        Resource::Credential => "credentials",
        Resource::Request => "these requests",
        Resource::Audit => "the audit log",
        Resource::Settings => "settings",
        Resource::IncreaseRequest => "this request for an increase",
    }
}
