//! Blocking a key, and letting it go again.

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::key::VirtualKey;

use super::{KeyRef, find, subject, touch};
use crate::change::difference;
use crate::{Control, ControlError, OpContext};

/// Blocks or unblocks a key. Doing it twice is no mistake, and recorded twice.
pub async fn set_blocked(
    control: &Control,
    op: &OpContext,
    key: KeyRef,
    blocked: bool,
) -> Result<VirtualKey, ControlError> {
    let mut change = control.change(op, Action::Update, Resource::Key).await?;
    let before = find(&change, key).await?;
    let mut after = before.clone();
    after.blocked = blocked;
    touch(&mut after, change.now, op.actor.label());
    change.update_key(&after).await?;
    let (old, new) = difference(&before, &after)?;
    let action = if blocked { "key.block" } else { "key.unblock" };
    change.record(action, subject(&after.id.to_string()), Some(old), Some(new)).await?;
    change.publish_key(after.digest);
    change.commit().await?;
    Ok(after)
}
