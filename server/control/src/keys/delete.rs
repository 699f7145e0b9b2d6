//! Deleting keys.

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::key::VirtualKey;

use super::{KeyRef, find, subject, touch};
use crate::change::snapshot;
use crate::{Control, ControlError, OpContext};

/// The most keys that are deleted at once.
const MOST: usize = 1000;

/// Deletes keys, all or none, with an audit row for each. They stop working at once and keep their history.
pub async fn delete(control: &Control, op: &OpContext, keys: &[KeyRef]) -> Result<Vec<VirtualKey>, ControlError> {
    op.authorise(Action::Delete, Resource::Key)?;
    if keys.is_empty() || keys.len() > MOST {
        return Err(ControlError::invalid("keys", format!("from 1 to {MOST} keys")));
    }
    let mut change = control.change(op, Action::Delete, Resource::Key).await?;
    let mut deleted: Vec<VirtualKey> = Vec::with_capacity(keys.len());
    for &key in keys {
        let named_before = deleted.iter().any(|gone| match key {
            KeyRef::Id(id) => gone.id == id,
            KeyRef::Digest(digest) => gone.digest == digest,
        });
        if named_before {
            continue;
        }
        let mut gone = find(&change, key).await?;
        let before = snapshot(&gone)?;
        gone.deleted_at = Some(change.now);
        touch(&mut gone, change.now, op.actor.label());
        change.update_key(&gone).await?;
        change.record("key.delete", subject(&gone.id.to_string()), Some(before), None).await?;
        change.publish_key(gone.digest);
        deleted.push(gone);
    }
    change.commit().await?;
    Ok(deleted)
}
