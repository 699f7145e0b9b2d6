//! The overview page.

use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::model::Upstream;
use tollgate_domain::summary::{Overview, Period};

use crate::{Control, ControlError, OpContext};

/// Spend, calls, errors and latency of the period up to now.
pub async fn overview(control: &Control, op: &OpContext, period: Period) -> Result<Overview, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Request).await?;
    let mut overview = control.store().overview(&visible, period, control.clock().now()).await?;
    overview.has_provider =
        control.catalog().deployments().iter().any(|deployment| deployment.upstream != Upstream::Simulator);
    Ok(overview)
}

/// Whether the actor may look at figures of the whole gateway.
pub async fn authorise(control: &Control, op: &OpContext) -> Result<(), ControlError> {
    control.authorise(op, Action::Read, Resource::Settings, &Place::default(), "").await
}
