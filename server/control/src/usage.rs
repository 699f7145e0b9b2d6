//! What was called and spent: sums for reports, totals of things, and charges line by line.

use std::collections::HashMap;

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::report::{Dimension, Totals, TotalsOf, UsageFilter, UsageRow};
use tollgate_domain::summary::RequestFilter;

use crate::{Control, ControlError, OpContext};

pub use tollgate_store::{ExportedCharge, LARGEST_PART, LONGEST_REPORT};

/// Sums of the calls that the actor may see and that match, by up to three dimensions; the dearest `limit` lines.
pub async fn report(
    control: &Control,
    op: &OpContext,
    filter: &UsageFilter,
    dimensions: &[Dimension],
    limit: u32,
) -> Result<Vec<UsageRow>, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Request).await?;
    Ok(control.store().usage(&visible, filter, dimensions, limit).await?)
}

/// What these things used, ever; those that used nothing are left out. Whoever may see a thing may see what it used: the
/// caller has read the things as the actor.
pub async fn totals(
    control: &Control,
    kind: TotalsOf,
    ids: &[String],
) -> Result<HashMap<String, Totals>, ControlError> {
    Ok(control.store().totals_of(kind, ids).await?)
}

/// Hands the charges that the actor may see and that match to `each`, oldest first, at most `limit` ([`LARGEST_PART`])
/// of those after the one with the id `after`. Gives the id to go on after; `None`: that was all.
pub async fn charges(
    control: &Control,
    op: &OpContext,
    filter: &RequestFilter,
    after: Option<&str>,
    limit: u32,
    each: impl FnMut(&ExportedCharge<'_>) + Send,
) -> Result<Option<String>, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Request).await?;
    Ok(control.store().charges_after(&visible, filter, after, limit, each).await?)
}
