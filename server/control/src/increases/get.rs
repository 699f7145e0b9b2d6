//! Looking at one request.

use tollgate_domain::actor::Action;
use tollgate_domain::increase::{IncreaseRequest, IncreaseState};

use super::approvers::of_account;
use super::{Approver, IncreaseRow};
use crate::managed::Managed as _;
use crate::{Control, ControlError, OpContext};

/// A request, if the actor asked or could be asked.
pub async fn get(control: &Control, op: &OpContext, id: &str) -> Result<IncreaseRow, ControlError> {
    let request = crate::records::get::<IncreaseRequest>(control, op, id).await?;
    IncreaseRow::of(request, op, control.store(), control.clock().now()).await
}

/// Who may decide this request, as long as it is open, for whoever may look at it: those nearest to the account first,
/// at most ten.
pub async fn deciders(control: &Control, op: &OpContext, id: &str) -> Result<Vec<Approver>, ControlError> {
    let request = crate::records::get::<IncreaseRequest>(control, op, id).await?;
    if request.state_at(control.clock().now()) != IncreaseState::Open {
        return Ok(Vec::new());
    }
    let place = request.place(control.store(), Action::Read).await?;
    of_account(control, request.account, Some(&request.asker), &place).await
}
