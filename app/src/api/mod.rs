//! What the pages ask the control plane for. Each question checks who asks.

mod alerts;
mod audit;
mod budgets;
pub(crate) mod choices;
mod connect;
mod credentials;
mod increases;
mod keys;
mod labels;
mod members;
mod models;
mod organisations;
mod overview;
mod proof;
mod requests;
mod scim;
mod settings;
mod sign_in_setup;
mod teams;
mod usage;
mod users;

use tollgate_control::OpContext;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::user::User;

pub use crate::ServerError;
pub use alerts::*;
pub use audit::*;
pub use budgets::*;
pub use connect::*;
pub use credentials::*;
pub use increases::*;
pub use keys::*;
pub use labels::*;
pub use members::*;
pub use models::*;
pub use organisations::*;
pub use overview::*;
pub use proof::*;
pub use requests::*;
pub use scim::{ScimView, get_scim};
pub use settings::*;
pub use sign_in_setup::{SignInSetupView, TestedSignIn, get_sign_in_setup};
pub use teams::*;
pub use usage::*;
pub use users::*;

/// Who is signed in.
pub async fn viewer() -> Result<User, ServerError> {
    crate::server::signed_in().await
}

/// Whether the viewer may do this, as far as a page should offer it.
pub async fn may(action: Action, resource: Resource) -> bool {
    crate::server::op_context().await.is_ok_and(|(_, op)| op_may(&op, action, resource))
}

fn op_may(op: &OpContext, action: Action, resource: Resource) -> bool {
    op.allowed_somewhere(action, resource)
}
