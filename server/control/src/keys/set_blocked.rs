//! Blocking a key, and letting it go again.

use tollgate_domain::actor::Action;
use tollgate_domain::key::VirtualKey;

use super::{KeyRef, open};
use crate::{Control, ControlError, OpContext};

/// Blocks or unblocks a key. Doing it twice is no mistake, and recorded twice.
pub async fn set_blocked(
    control: &Control,
    op: &OpContext,
    key: &KeyRef,
    blocked: bool,
) -> Result<VirtualKey, ControlError> {
    control
        .watched(
            op,
            &key.label(),
            Box::pin(async {
                let mut change = control.change(op).await?;
                let mut permit = open(&change, Action::Update, key, None).await?;
                permit.after.blocked = blocked;
                let saved = change.save(permit, if blocked { "key.block" } else { "key.unblock" }).await?;
                change.commit().await?;
                Ok(saved)
            }),
        )
        .await
}
