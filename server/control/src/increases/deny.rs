//! Denying an increase.

use tollgate_domain::increase::IncreaseState;

use super::{IncreaseRow, close, to_decide};
use crate::{Control, ControlError, OpContext};

/// Denies a request; nothing else changes.
pub async fn deny(
    control: &Control,
    op: &OpContext,
    id: &str,
    expected_version: Option<i64>,
    note: Option<String>,
) -> Result<IncreaseRow, ControlError> {
    control
        .watched(
            op,
            id,
            Box::pin(async {
                let mut change = control.change(op).await?;
                let mut permit = to_decide(&change, id, expected_version).await?;
                close(&mut permit, IncreaseState::Denied, op.actor.label(), change.now);
                permit.after.note = note;
                let saved = change.save(permit, "increase_request.deny").await?;
                let now = change.now;
                change.commit().await?;
                IncreaseRow::of(saved, op, control.store(), now).await
            }),
        )
        .await
}
