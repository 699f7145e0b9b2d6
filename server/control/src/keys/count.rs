//! How many keys there are.

use tollgate_domain::actor::{Action, Resource};
use tollgate_store::KeyFilter;

use crate::{Control, ControlError, OpContext};

/// How many keys match that the actor may see.
pub async fn count(control: &Control, op: &OpContext, filter: &KeyFilter) -> Result<u64, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Key).await?;
    Ok(control.store().count_keys(&visible, filter, control.clock().now()).await?)
}
