//! Exchanging keys whose time has come, and handing the new texts out.

use serde_json::json;
use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::{PlainKey, VirtualKey};
use tollgate_domain::secret::Secret;

use super::{KeyRef, open, restrain};
use crate::change::{Permit, Subject};
use crate::rules::acts_for_another;
use crate::{Control, ControlError, OpContext};

/// Where a key's new text belongs, for the vault.
pub(crate) fn place(key: &VirtualKey) -> String {
    format!("key/{}/pending", key.id)
}

/// Exchanges the keys that are due, each in a transaction of its own. The new text waits, encrypted, for somebody to
/// [`collect`] it; the old one works for the rotation's grace time. Tells how many were exchanged.
pub async fn rotate_due(control: &Control, op: &OpContext) -> Result<usize, ControlError> {
    control.authorise(op, Action::Update, Resource::Key, &Place::default(), "").await?;
    let due = control.store().keys_to_rotate(control.clock().now()).await?;
    let mut exchanged = 0;
    for key in due {
        match exchange(control, op, key.id).await {
            Ok(done) => exchanged += usize::from(done),
            Err(ControlError::Unavailable) => return Err(ControlError::Unavailable),
            // One that can't be exchanged must not keep the others from it.
            Err(error) => tracing::error!(key.id = %key.id, %error, "a key could not be exchanged"),
        }
    }
    Ok(exchanged)
}

async fn exchange(control: &Control, op: &OpContext, id: KeyId) -> Result<bool, ControlError> {
    let mut change = control.change(op).await?;
    let found = change.read().find::<VirtualKey>(&id.to_string()).await?;
    let due = |key: &VirtualKey| key.rotation.as_ref().is_some_and(|rotation| rotation.next_at <= change.now);
    if !found.as_ref().is_some_and(due) {
        // Somebody was faster.
        return Ok(false);
    }
    let mut permit: Permit<VirtualKey> = change.permit(Action::Update, found, None).await?;
    let Some(mut rotation) = permit.after.rotation.clone() else { return Ok(false) };
    let plain = PlainKey::generate(control.entropy());
    let secret = Secret::new(plain.expose().to_owned());
    rotation.pending = Some(control.vault().seal(control.entropy(), &place(permit.before()), &secret)?);
    rotation.next_at = change.now.plus_seconds(rotation.interval_seconds);
    let until = change.now.plus_seconds(rotation.grace_seconds);
    change.retire(&permit, permit.before().digest, until).await?;
    permit.after.digest = plain.digest();
    permit.after.hint = plain.hint();
    permit.after.rotation = Some(rotation);
    change.save_unchecked(permit, "key.rotate").await?;
    change.commit().await?;
    Ok(true)
}

/// Hands out the new text of a key that was exchanged by itself, once. `holder`: whoever asks showed the key's old text,
/// which is right enough; others must be allowed to change the key.
pub async fn collect(
    control: &Control,
    op: &OpContext,
    key: &KeyRef,
    holder: Option<&VirtualKey>,
) -> Result<Secret, ControlError> {
    control
        .watched(
            op,
            &key.label(),
            Box::pin(async {
                let mut change = control.change(op).await?;
                let mut permit = match (key, holder) {
                    (KeyRef::Id(id), Some(holder)) if holder.id == *id => {
                        let found = change.read().find::<VirtualKey>(&id.to_string()).await?;
                        change.by_proof(found.ok_or_else(|| ControlError::not_found("the key"))?)
                    }
                    _ => {
                        let mut permit = open(&change, Action::Update, key, None).await?;
                        restrain(op, &mut permit.after);
                        if acts_for_another(op, &permit.after) {
                            return Err(ControlError::Denied { action: Action::Update, resource: Resource::Key });
                        }
                        permit
                    }
                };
                let restrained = permit.after.key_type != permit.before().key_type;
                let pending = permit.after.rotation.as_mut().and_then(|rotation| rotation.pending.take());
                let Some(pending) = pending else {
                    return Err(ControlError::not_found("a new text that waits to be collected"));
                };
                let secret = control.vault().open(&place(&permit.after), &pending)?;
                let id = permit.after.id.to_string();
                let after = restrained.then(|| json!({ "key_type": permit.after.key_type }));
                change.save_by_proof(permit).await?;
                change.record("key.collect", Subject { kind: "key", id: &id }, None, after).await?;
                change.commit().await?;
                Ok(secret)
            }),
        )
        .await
}
