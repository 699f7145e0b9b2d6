//! One request.

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::summary::RequestDetail;

use crate::{Control, ControlError, OpContext};

/// One request with all that is known of it, by its own id or by the call's.
pub async fn get(control: &Control, op: &OpContext, id: &str) -> Result<RequestDetail, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Request).await?;
    control.store().get_request(&visible, id).await?.ok_or_else(|| ControlError::not_found("the request"))
}
