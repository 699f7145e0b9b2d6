//! Charges one after the other, with all that is known of each.

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::summary::RequestFilter;
use tollgate_store::ExportedCharge;

use crate::{Control, ControlError, OpContext};

/// Hands the charges (without adjusting entries, which are no calls) that the actor may see and that match to `each`, oldest first, at most `limit` (10,000) of those
/// after the one with the id `after`. Gives the id to go on after; `None`: that was all.
pub async fn charges(
    control: &Control,
    op: &OpContext,
    filter: &RequestFilter,
    after: Option<&str>,
    limit: u32,
    mut each: impl FnMut(&ExportedCharge<'_>) + Send,
) -> Result<Option<String>, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Request).await?;
    let calls = |charge: &ExportedCharge<'_>| {
        if charge.adjusts.is_empty() {
            each(charge);
        }
    };
    Ok(control.store().charges_after(&visible, filter, after, limit, calls).await?)
}
