//! Exchanging a key's text for a new one: the key stays, with all that it did and may.

use tollgate_domain::Timestamp;
use tollgate_domain::actor::Action;
use tollgate_domain::key::{PlainKey, VirtualKey};
use tollgate_domain::secret::Secret;

use super::create::{not_over, plain_key, taken};
use super::{KeyRef, LONGEST_GRACE, open, restrain, settle};
use crate::{Control, ControlError, OpContext};

/// How to exchange a key.
#[derive(Clone, Debug, Default)]
pub struct RotateKey {
    /// The new text, where the administrator wants a certain one.
    pub custom_key: Option<Secret>,
    /// The old text goes on working for so many seconds.
    pub grace_seconds: i64,
}

/// A key with its new text, that nobody will see again.
#[derive(Clone, Debug)]
pub struct Rotated {
    pub key: VirtualKey,
    pub plain: PlainKey,
    /// Until when the old text works.
    pub old_until: Option<Timestamp>,
}

/// Gives a key a new text, and changes it by what `apply` does.
pub async fn rotate(
    control: &Control,
    op: &OpContext,
    key: &KeyRef,
    how: RotateKey,
    apply: impl FnOnce(&mut VirtualKey, Timestamp) -> Result<(), ControlError>,
) -> Result<Rotated, ControlError> {
    if !(0..=LONGEST_GRACE).contains(&how.grace_seconds) {
        return Err(ControlError::invalid("grace_period", "at most 90 days"));
    }
    let plain = plain_key(control, how.custom_key.as_ref())?;
    control
        .watched(
            op,
            &key.label(),
            Box::pin(async {
                let mut change = control.change(op).await?;
                let mut permit = open(&change, Action::Update, key, None).await?;
                if change.read().digest_is_taken(plain.digest()).await? {
                    return Err(taken());
                }
                let now = change.now;
                apply(&mut permit.after, now)?;
                permit.after.id = permit.before().id;
                settle(&change, &mut permit.after).await?;
                restrain(op, &mut permit.after);
                if permit.after.expires_at != permit.before().expires_at {
                    not_over("expires_at", permit.after.expires_at, now)?;
                }
                permit.after.digest = plain.digest();
                permit.after.hint = plain.hint();
                if let Some(rotation) = &mut permit.after.rotation {
                    rotation.next_at = now.plus_seconds(rotation.interval_seconds);
                    rotation.pending = None;
                }
                let old = permit.before().digest;
                let old_until = (how.grace_seconds > 0).then(|| now.plus_seconds(how.grace_seconds));
                if old_until.is_none() {
                    // Without grace, what earlier exchanges left goes too: that is what somebody wants whose key leaked.
                    change.end_retired(&permit).await?;
                }
                // Without grace too, so that the text is never given out again.
                change.retire(&permit, old, old_until.unwrap_or(now)).await?;
                let key = change.save(permit, "key.rotate").await?;
                change.commit().await?;
                Ok(Rotated { key, plain, old_until })
            }),
        )
        .await
}
