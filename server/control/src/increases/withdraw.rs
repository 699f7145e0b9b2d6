//! Taking a request back.

use tollgate_domain::actor::Action;
use tollgate_domain::increase::{IncreaseRequest, IncreaseState};

use super::{IncreaseRow, close, still_open};
use crate::{Control, ControlError, OpContext};

/// Withdraws an open request.
pub async fn withdraw(
    control: &Control,
    op: &OpContext,
    id: &str,
    expected_version: Option<i64>,
) -> Result<IncreaseRow, ControlError> {
    control
        .watched(
            op,
            id,
            Box::pin(async {
                let mut change = control.change(op).await?;
                let mut permit = change.open::<IncreaseRequest>(Action::Delete, id, expected_version).await?;
                still_open(permit.before(), change.now)?;
                close(&mut permit, IncreaseState::Withdrawn, op.actor.label(), change.now);
                let saved = change.save(permit, "increase_request.withdraw").await?;
                let now = change.now;
                change.commit().await?;
                IncreaseRow::of(saved, op, control.store(), now).await
            }),
        )
        .await
}
