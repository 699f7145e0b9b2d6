//! Signing out.

use tollgate_domain::actor::Actor;

use super::subject;
use crate::{Control, ControlError, OpContext};

/// Records that somebody signed out. Ending the session is for whoever holds it; nobody but a signed-in user can.
pub async fn sign_out(control: &Control, op: &OpContext) -> Result<(), ControlError> {
    let Actor::User { id, .. } = &op.actor else { return Ok(()) };
    let change = control.change(op).await?;
    change.record("sign_out", subject(id.as_str()), None, None).await?;
    change.commit().await
}
