//! Approving an increase.

use tollgate_domain::increase::{Granted, IncreaseState};
use tollgate_domain::{Nanos, Timestamp};

use super::{IncreaseRow, account, close, to_decide};
use crate::{Control, ControlError, OpContext};

/// What is approved, where it is other than what was asked for.
#[derive(Clone, Debug, Default)]
pub struct Approval {
    pub amount: Option<Nanos>,
    pub until: Option<Timestamp>,
    pub note: Option<String>,
}

/// Approves a request, and raises the account's budget in the same transaction: when this returns, the next call is
/// judged by it. An increase that still runs is added to, see [`tollgate_domain::limits::Limits::raised`].
pub async fn approve(
    control: &Control,
    op: &OpContext,
    id: &str,
    expected_version: Option<i64>,
    approval: Approval,
) -> Result<IncreaseRow, ControlError> {
    control
        .watched(
            op,
            id,
            Box::pin(async {
                let mut change = control.change(op).await?;
                let mut permit = to_decide(&change, id, expected_version).await?;
                let asked = permit.before().clone();
                let granted = Granted {
                    amount: approval.amount.unwrap_or(asked.amount),
                    until: approval.until.unwrap_or(asked.until),
                };
                close(&mut permit, IncreaseState::Approved, op.actor.label(), change.now);
                permit.after.granted = Some(granted);
                permit.after.note = approval.note;
                let saved = change.save(permit, "increase_request.approve").await?;
                account::raise(&mut change, asked.account, &asked.account_id, granted).await?;
                let now = change.now;
                change.commit().await?;
                IncreaseRow::of(saved, op, control.store(), now).await
            }),
        )
        .await
}
