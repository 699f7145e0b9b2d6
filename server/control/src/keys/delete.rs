//! Deleting keys.

use tollgate_domain::actor::Action;
use tollgate_domain::key::VirtualKey;

use super::{KeyRef, open};
use crate::{Control, ControlError, OpContext};

/// The most keys that are deleted at once.
const MOST: usize = 1000;

/// Deletes keys, all or none, with an audit row for each. They stop working at once and keep their history.
pub async fn delete(control: &Control, op: &OpContext, keys: &[KeyRef]) -> Result<Vec<VirtualKey>, ControlError> {
    if keys.is_empty() || keys.len() > MOST {
        return Err(ControlError::invalid("keys", format!("from 1 to {MOST} keys")));
    }
    let label = if let [one] = keys { one.label() } else { String::new() };
    control
        .watched(
            op,
            &label,
            Box::pin(async {
                let mut change = control.change(op).await?;
                let mut deleted: Vec<VirtualKey> = Vec::with_capacity(keys.len());
                for key in keys {
                    let named_before = deleted.iter().any(|gone| match key {
                        KeyRef::Id(id) => gone.id == *id,
                        KeyRef::Digest(digest) => gone.digest == *digest,
                        KeyRef::Alias(alias) => gone.alias.as_ref() == Some(alias),
                    });
                    if named_before {
                        continue;
                    }
                    let permit = open(&change, Action::Delete, key, None).await?;
                    change.end_retired(&permit).await?;
                    deleted.push(change.delete(permit, "key.delete").await?);
                }
                change.commit().await?;
                Ok(deleted)
            }),
        )
        .await
}

/// Deletes one key; a conflict if it is no longer at the version that the caller saw.
pub async fn delete_at(
    control: &Control,
    op: &OpContext,
    key: &KeyRef,
    expected_version: Option<i64>,
) -> Result<VirtualKey, ControlError> {
    control
        .watched(
            op,
            &key.label(),
            Box::pin(async {
                let mut change = control.change(op).await?;
                let permit = open(&change, Action::Delete, key, expected_version).await?;
                change.end_retired(&permit).await?;
                let deleted = change.delete(permit, "key.delete").await?;
                change.commit().await?;
                Ok(deleted)
            }),
        )
        .await
}
