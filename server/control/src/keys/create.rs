//! Making a key.

use std::collections::BTreeMap;

use serde_json::Map;
use tollgate_domain::Timestamp;
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::{KeyDigest, KeyType, PlainKey, VirtualKey};
use tollgate_domain::limits::Limits;
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;

use super::{restrain, settle};
use crate::{Control, ControlError, OpContext};

/// What a new key shall be: everything that [`VirtualKey`] has, but for what is made here (id, text, dates).
#[derive(Clone, Debug)]
pub struct NewKey {
    pub key: VirtualKey,
    /// The key's text, where the administrator wants a certain one.
    pub custom_key: Option<Secret>,
}

impl Default for NewKey {
    fn default() -> Self {
        let key = VirtualKey {
            id: KeyId(uuid::Uuid::nil()),
            digest: KeyDigest::of(""),
            hint: String::new(),
            alias: None,
            models: Vec::new(),
            blocked: false,
            expires_at: None,
            user_id: None,
            team_id: None,
            organisation_id: None,
            key_type: KeyType::Default,
            allowed_routes: Vec::new(),
            access_groups: Vec::new(),
            tags: Vec::new(),
            model_aliases: BTreeMap::new(),
            budget_id: None,
            limits: Limits::default(),
            rotation: None,
            metadata: Map::new(),
            settings: Map::new(),
            meta: no_meta(),
        };
        Self { key, custom_key: None }
    }
}

/// A new key, with the text that nobody will see again.
#[derive(Clone, Debug)]
pub struct CreatedKey {
    pub key: VirtualKey,
    pub plain: PlainKey,
}

/// Makes a key. An alias or a text that is in use is a conflict.
pub async fn create(control: &Control, op: &OpContext, new: NewKey) -> Result<CreatedKey, ControlError> {
    let plain = plain_key(control, new.custom_key.as_ref())?;
    let mut key = new.key;
    not_over("expires_at", key.expires_at, control.clock().now())?;
    key.id = KeyId::new(control.clock().as_ref(), control.entropy());
    key.digest = plain.digest();
    key.hint = plain.hint();
    control
        .watched(
            op,
            "",
            Box::pin(async {
                let mut change = control.change(op).await?;
                settle(&change, &mut key).await?;
                restrain(op, &mut key);
                // First: whoever may not make keys does not learn which there are.
                change.may_add(&key).await?;
                if change.read().digest_is_taken(key.digest).await? {
                    return Err(taken());
                }
                let key = change.add(key, "key.create").await?;
                change.commit().await?;
                Ok(CreatedKey { key, plain })
            }),
        )
        .await
}

/// The wanted text or a new one.
pub(super) fn plain_key(control: &Control, custom: Option<&Secret>) -> Result<PlainKey, ControlError> {
    match custom {
        Some(text) => PlainKey::custom(text.expose()).map_err(|error| ControlError::invalid("key", error.to_string())),
        None => Ok(PlainKey::generate(control.entropy())),
    }
}

pub(super) fn taken() -> ControlError {
    ControlError::conflict("this key exists already, or existed and was deleted: choose another")
}

/// A key that has ended before it begins is a mistake.
pub(super) fn not_over(field: &'static str, at: Option<Timestamp>, now: Timestamp) -> Result<(), ControlError> {
    if at.is_some_and(|at| at <= now) { Err(ControlError::invalid(field, "must lie in the future")) } else { Ok(()) }
}
