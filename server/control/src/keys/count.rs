//! How many keys there are.

use tollgate_domain::actor::{Action, Resource};
use tollgate_store::KeyFilter;

use crate::{Control, ControlError, OpContext};

/// How many keys match.
pub async fn count(control: &Control, op: &OpContext, filter: &KeyFilter) -> Result<u64, ControlError> {
    op.authorise(Action::Read, Resource::Key)?;
    Ok(control.store().count_keys(filter, control.clock().now()).await?)
}
