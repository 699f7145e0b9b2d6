//! One key.

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::summary::KeyRow;

use super::KeyRef;
use crate::{Control, ControlError, Managed, OpContext};

/// One key with what it used. Deleted keys are found by their id, for the sake of what they did; not by their digest.
pub async fn get(control: &Control, op: &OpContext, key: &KeyRef) -> Result<KeyRow, ControlError> {
    let store = control.store();
    let found = match key {
        KeyRef::Id(id) => store.find_key(*id).await?,
        KeyRef::Digest(digest) => store.find_key_by_digest(*digest).await?,
        KeyRef::Alias(alias) => store.find_key_by_alias(alias).await?,
    };
    let Some(found) = found else {
        if !op.allowed_somewhere(Action::Read, Resource::Key) {
            return Err(control.denied(op, Action::Read, Resource::Key, "").await);
        }
        return Err(ControlError::not_found("the key"));
    };
    let place = Managed::place(&found, store, Action::Read).await?;
    control.authorise(op, Action::Read, Resource::Key, &place, &found.id.to_string()).await?;
    let rows = store.key_rows(vec![found], control.clock().now()).await?;
    rows.into_iter().next().ok_or_else(|| ControlError::not_found("the key"))
}
