//! Making a key.

use serde_json::{Map, Value};
use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::{PlainKey, VirtualKey};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::secret::Secret;

use super::{subject, validate};
use crate::change::snapshot;
use crate::{Control, ControlError, OpContext};

/// What a new key shall be.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// Unique among the keys that are not deleted.
    pub alias: Option<String>,
    /// Empty: every model.
    pub models: Vec<ModelPattern>,
    pub expires_at: Option<Timestamp>,
    /// Instead of `expires_at`: from now.
    pub duration_seconds: Option<i64>,
    pub user_id: Option<String>,
    pub team_id: Option<String>,
    pub metadata: Map<String, Value>,
    pub settings: Map<String, Value>,
    pub blocked: bool,
    /// The key's text, where the administrator wants a certain one.
    pub custom_key: Option<Secret>,
}

/// A new key, with the text that nobody will see again.
#[derive(Clone, Debug)]
pub struct CreatedKey {
    pub key: VirtualKey,
    pub plain: PlainKey,
}

/// Makes a key. An alias or a text that is in use is a conflict.
pub async fn create(control: &Control, op: &OpContext, new: NewKey) -> Result<CreatedKey, ControlError> {
    op.authorise(Action::Create, Resource::Key)?;
    let now = control.clock().now();
    let plain = match &new.custom_key {
        Some(text) => {
            PlainKey::custom(text.expose()).map_err(|error| ControlError::invalid("key", error.to_string()))?
        }
        None => PlainKey::generate(control.entropy()),
    };
    let key = VirtualKey {
        id: KeyId::new(control.clock().as_ref(), control.entropy()),
        digest: plain.digest(),
        hint: plain.hint(),
        alias: validate::name("alias", new.alias)?,
        models: validate::models(new.models)?,
        blocked: new.blocked,
        expires_at: validate::expiry(new.expires_at, new.duration_seconds, now)?,
        user_id: validate::name("user_id", new.user_id)?,
        team_id: validate::name("team_id", new.team_id)?,
        metadata: validate::json("metadata", new.metadata)?,
        settings: validate::json("settings", new.settings)?,
        created_at: now,
        created_by: op.actor.label(),
        updated_at: now,
        updated_by: op.actor.label(),
        deleted_at: None,
        version: 1,
    };
    let mut change = control.change(op, Action::Create, Resource::Key).await?;
    if let Some(alias) = &key.alias
        && change.find_key_by_alias(alias).await?.is_some()
    {
        return Err(ControlError::conflict(format!("there is a key with the alias `{alias}` already")));
    }
    if change.digest_is_taken(key.digest).await? {
        return Err(ControlError::conflict("this key exists already, or existed and was deleted: choose another"));
    }
    change.insert_key(&key).await?;
    change.record("key.create", subject(&key.id.to_string()), None, Some(snapshot(&key)?)).await?;
    // The data plane may remember that there is no such key.
    change.publish_key(key.digest);
    change.commit().await?;
    Ok(CreatedKey { key, plain })
}
