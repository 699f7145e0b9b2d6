//! What was told of budgets and limits: marks that spend went over, and what limits in shadow would have refused.

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::ledger::Alert;
use tollgate_domain::page::{Cursor, Page};
pub use tollgate_store::{AlertFilter, ShadowSum};

use crate::{Control, ControlError, OpContext};

/// What was told, newest first: of the accounts whose spend the actor may see. At most 1,000 in a page.
pub async fn list(
    control: &Control,
    op: &OpContext,
    filter: &AlertFilter,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<Alert>, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Request).await?;
    Ok(control.store().list_alerts(&visible, filter, cursor, limit).await?)
}

/// What each limit in shadow would have refused, those that would have saved most first; at most 1,000.
pub async fn shadows(
    control: &Control,
    op: &OpContext,
    filter: &AlertFilter,
    limit: u32,
) -> Result<Vec<ShadowSum>, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Request).await?;
    Ok(control.store().shadow_sums(&visible, filter, limit).await?)
}
