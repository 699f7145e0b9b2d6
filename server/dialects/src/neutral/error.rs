//! What went wrong, in one set of kinds for every provider.

use std::time::Duration;

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The credentials are not accepted.
    Authentication,
    /// The credentials may not do this.
    Permission,
    /// No such model, route or object.
    NotFound,
    /// The request is wrong in another way.
    BadRequest,
    /// The prompt doesn't fit into the model.
    ContextWindow,
    /// The provider refuses to talk about it.
    ContentPolicy,
    /// Too much in too short a time: waiting helps.
    RateLimit,
    /// The account has no credit left: waiting does not help.
    Quota,
    /// The provider can't take more just now.
    Overloaded,
    /// The provider failed.
    Provider,
    /// The provider took too long.
    Timeout,
    /// The provider could not be reached, or the connection broke.
    Network,
    /// The provider's answer can't be read.
    Broken,
}

impl ErrorKind {
    pub const ALL: [Self; 13] = [
        Self::Authentication,
        Self::Permission,
        Self::NotFound,
        Self::BadRequest,
        Self::ContextWindow,
        Self::ContentPolicy,
        Self::RateLimit,
        Self::Quota,
        Self::Overloaded,
        Self::Provider,
        Self::Timeout,
        Self::Network,
        Self::Broken,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::BadRequest => "bad_request",
            Self::ContextWindow => "context_window",
            Self::ContentPolicy => "content_policy",
            Self::RateLimit => "rate_limit",
            Self::Quota => "quota",
            Self::Overloaded => "overloaded",
            Self::Provider => "provider",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Broken => "broken",
        }
    }

    /// Whether the same call may succeed elsewhere, or later.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimit | Self::Overloaded | Self::Provider | Self::Timeout | Self::Network | Self::Broken
        )
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", kind.as_str())]
pub struct Error {
    pub kind: ErrorKind,
    /// The provider's status; `None`: it did not come as an answer of its own (within a stream, or from the network).
    pub status: Option<u16>,
    /// For people.
    pub message: String,
    /// The provider's word for it, for programs: `context_length_exceeded`.
    pub code: Option<String>,
    /// The field that is meant: `messages[1].content`.
    pub param: Option<String>,
    /// How long to wait before trying again.
    pub retry_after: Option<Duration>,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, status: None, message: message.into(), code: None, param: None, retry_after: None }
    }

    /// A provider's answer, or a piece of its stream, that can't be read.
    pub fn broken(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Broken, message)
    }
}

impl From<crate::json::Bad> for Error {
    fn from(bad: crate::json::Bad) -> Self {
        Self { param: Some(bad.path.clone()), ..Self::new(ErrorKind::BadRequest, bad.to_string()) }
    }
}
