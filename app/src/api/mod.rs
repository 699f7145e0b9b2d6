//! What the pages ask the control plane for. Each question checks who asks.

mod keys;
mod models;
mod overview;
mod requests;

use tollgate_domain::user::User;

pub use crate::ServerError;
pub use keys::*;
pub use models::*;
pub use overview::*;
pub use requests::*;

/// Who is signed in.
pub async fn viewer() -> Result<User, ServerError> {
    crate::server::signed_in().await
}
