//! Asking for an increase.

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::ids::IncreaseRequestId;
use tollgate_domain::increase::{IncreaseRequest, IncreaseState};
use tollgate_domain::ledger::AccountKind;
use tollgate_domain::record::no_meta;
use tollgate_domain::{Nanos, Timestamp};

use super::{IncreaseRow, account};
use crate::{Control, ControlError, OpContext};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewIncrease {
    pub account: AccountKind,
    pub account_id: String,
    pub amount: Nanos,
    /// `None`: the end of the budget's window, or 30 days from now where it has none.
    pub until: Option<Timestamp>,
    pub reason: String,
}

/// Asks for more money on an account that the asker may see. A conflict if the asker has an open request for it.
pub async fn ask(control: &Control, op: &OpContext, new: NewIncrease) -> Result<IncreaseRow, ControlError> {
    control
        .watched(
            op,
            "",
            Box::pin(async {
                let mut change = control.change(op).await?;
                if !op.allowed_somewhere(Action::Create, Resource::IncreaseRequest) {
                    return Err(ControlError::Denied { action: Action::Create, resource: Resource::IncreaseRequest });
                }
                let Some(asker) = op.actor.user_id().cloned() else {
                    return Err(ControlError::invalid("asker", "people ask: sign in, or use a personal key"));
                };
                let found = account::find(&change, new.account, &new.account_id).await?;
                let handle = IncreaseRequest::handle_of(&asker, new.account, &new.account_id);
                if let Some(open) = change.increase_by_handle(&handle).await? {
                    if open.state_at(change.now) == IncreaseState::Open {
                        return Err(ControlError::conflict(
                            "you have asked for this already: withdraw that request first, or wait for its answer",
                        ));
                    }
                    // Nobody decided in time: it makes place.
                    let mut permit = change.by_proof(open);
                    permit.after.state = IncreaseState::Expired;
                    change.save_unchecked(permit, "increase_request.expire").await?;
                }
                let request = IncreaseRequest {
                    id: IncreaseRequestId::new(control.clock().as_ref(), control.entropy()),
                    asker,
                    account: new.account,
                    account_id: new.account_id,
                    account_name: found.name,
                    team_id: found.team,
                    organisation_id: found.organisation,
                    amount: new.amount,
                    until: new.until.unwrap_or(found.end),
                    reason: new.reason.trim().to_owned(),
                    state: IncreaseState::Open,
                    granted: None,
                    decided_by: None,
                    decided_at: None,
                    note: None,
                    meta: no_meta(),
                };
                let made = change.add(request, "increase_request.create").await?;
                let now = change.now;
                change.commit().await?;
                IncreaseRow::of(made, op, control.store(), now).await
            }),
        )
        .await
}
