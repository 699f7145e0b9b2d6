//! Why the server gave no answer, in words that a page may show.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// Why the server gave no answer. Fixed texts: nothing that somebody wrote gets into a page by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ServerError {
    #[error("You are not signed in, or your session has ended. Sign in again.")]
    NotSignedIn,
    #[error("Your role does not allow this. Ask an administrator.")]
    Denied,
    #[error("It does not exist, or it was deleted.")]
    NotFound,
    #[error("The request was not understood.")]
    Invalid,
    #[error("The database does not answer. Nothing was changed; try again shortly.")]
    Unavailable,
    #[error("Something went wrong in the server; its log says what. Nothing was changed.")]
    Internal,
    #[error("The server did not answer. Check the connection and try again.")]
    Network,
}

impl FromServerFnError for ServerError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => Self::Network,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::Invalid
            }
            _ => Self::Internal,
        }
    }
}

#[cfg(feature = "ssr")]
impl ServerError {
    /// The status of a page that can show nothing else.
    pub fn status(self) -> http::StatusCode {
        use http::StatusCode;
        match self {
            Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::Denied => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::Unavailable | Self::Network => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[cfg(feature = "ssr")]
impl From<tollgate_control::ControlError> for ServerError {
    fn from(error: tollgate_control::ControlError) -> Self {
        use tollgate_control::ControlError;
        match &error {
            ControlError::Denied { .. } => Self::Denied,
            ControlError::NotFound { .. } => Self::NotFound,
            ControlError::Invalid { .. } | ControlError::Conflict { .. } => Self::Invalid,
            ControlError::Unavailable => Self::Unavailable,
            ControlError::Internal(_) => {
                leptos::logging::error!("{error:?}");
                Self::Internal
            }
        }
    }
}
