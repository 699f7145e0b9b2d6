//! Changing a key.

use tollgate_domain::Timestamp;
use tollgate_domain::actor::Action;
use tollgate_domain::key::{Rotation, VirtualKey};

use super::create::not_over;
use super::{KeyRef, open, restrain, settle};
use crate::{Control, ControlError, OpContext};

/// Changes a key by what `apply` does to it; a conflict if it is no longer at the version that the caller saw.
pub async fn update(
    control: &Control,
    op: &OpContext,
    key: &KeyRef,
    expected_version: Option<i64>,
    apply: impl FnOnce(&mut VirtualKey, Timestamp) -> Result<(), ControlError>,
) -> Result<VirtualKey, ControlError> {
    control
        .watched(
            op,
            &key.label(),
            Box::pin(async {
                let mut change = control.change(op).await?;
                let mut permit = open(&change, Action::Update, key, expected_version).await?;
                apply(&mut permit.after, change.now)?;
                // Texts are exchanged in a way of their own.
                (permit.after.id, permit.after.digest) = (permit.before().id, permit.before().digest);
                permit.after.hint.clone_from(&permit.before().hint.clone());
                settle(&change, &mut permit.after).await?;
                if permit.after.user_id != permit.before().user_id {
                    restrain(op, &mut permit.after);
                }
                if let (Some(before), Some(after)) = (&permit.before().rotation, &permit.after.rotation) {
                    // A text that waits must not be lost with the old schedule.
                    let pending = before.pending.clone();
                    permit.after.rotation = Some(Rotation { pending, ..after.clone() });
                }
                if permit.after.expires_at != permit.before().expires_at {
                    not_over("expires_at", permit.after.expires_at, change.now)?;
                }
                let saved = change.save(permit, "key.update").await?;
                change.commit().await?;
                Ok(saved)
            }),
        )
        .await
}
