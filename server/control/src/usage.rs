//! Reports: what was used, by whom and of what; from sums, so that a year is read as fast as a day.

use std::collections::HashMap;

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::report::{Dimension, Totals, TotalsOf, UsageFilter, UsageRow};

use crate::{Control, ControlError, OpContext};

/// Sums of the calls that the actor may see, by up to four dimensions: the dearest first, at most `limit` lines.
pub async fn report(
    control: &Control,
    op: &OpContext,
    filter: &UsageFilter,
    by: &[Dimension],
    limit: u32,
) -> Result<Vec<UsageRow>, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Request).await?;
    Ok(control.store().usage(&visible, filter, by, limit).await?)
}

/// What these used, ever. For lists of things that the actor may see: that was asked when they were listed.
pub async fn totals_of(
    control: &Control,
    kind: TotalsOf,
    ids: &[String],
) -> Result<HashMap<String, Totals>, ControlError> {
    Ok(control.store().totals_of(kind, ids).await?)
}
