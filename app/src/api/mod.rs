//! Server functions: what the pages ask the server for. Each is a public endpoint, so each checks who asks.

mod keys;
mod models;
mod overview;
mod requests;

use leptos::prelude::*;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

pub use keys::*;
pub use models::*;
pub use overview::*;
pub use requests::*;

/// Why a server function gave no answer. Fixed texts: an address can carry one of these into a page.
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

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewerInfo {
    pub email: String,
    pub name: Option<String>,
    pub role: String,
}

#[server(prefix = "/ui/api")]
pub async fn viewer() -> Result<ViewerInfo, ServerError> {
    let user = crate::server::signed_in().await?;
    Ok(ViewerInfo { email: user.email, name: user.name, role: user.role.as_str().to_owned() })
}
