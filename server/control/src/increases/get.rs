//! Looking at one request.

use tollgate_domain::increase::IncreaseRequest;

use super::IncreaseRow;
use crate::{Control, ControlError, OpContext};

/// A request, if the actor asked or could be asked.
pub async fn get(control: &Control, op: &OpContext, id: &str) -> Result<IncreaseRow, ControlError> {
    let request = crate::records::get::<IncreaseRequest>(control, op, id).await?;
    IncreaseRow::of(request, op, control.store(), control.clock().now()).await
}
