//! One key.

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::summary::KeyRow;

use super::KeyRef;
use crate::{Control, ControlError, OpContext};

/// One key with what it used. Deleted keys are found by their id, for the sake of what they did; not by their digest.
pub async fn get(control: &Control, op: &OpContext, key: KeyRef) -> Result<KeyRow, ControlError> {
    op.authorise(Action::Read, Resource::Key)?;
    let found = match key {
        KeyRef::Id(id) => control.store().find_key(id).await?,
        KeyRef::Digest(digest) => control.store().find_key_by_digest(digest).await?,
    };
    let rows = control.store().key_rows(found.into_iter().collect(), control.clock().now()).await?;
    rows.into_iter().next().ok_or_else(|| ControlError::not_found("the key"))
}
