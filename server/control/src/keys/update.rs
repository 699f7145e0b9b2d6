//! Changing a key.

use tollgate_domain::Timestamp;
use tollgate_domain::actor::Action;
use tollgate_domain::key::VirtualKey;

use super::create::not_over;
use super::{KeyRef, open};
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
        .watched(op, "", async {
            let mut change = control.change(op).await?;
            let mut permit = open(&change, Action::Update, key, expected_version).await?;
            apply(&mut permit.after, change.now)?;
            // Texts are exchanged in a way of their own.
            (permit.after.id, permit.after.digest) = (permit.before().id, permit.before().digest);
            if permit.after.expires_at != permit.before().expires_at {
                not_over("expires_at", permit.after.expires_at, change.now)?;
            }
            let saved = change.save(permit, "key.update").await?;
            change.commit().await?;
            Ok(saved)
        })
        .await
}
