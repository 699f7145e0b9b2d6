//! Changing a key.

use serde_json::{Map, Value};
use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::key::VirtualKey;
use tollgate_domain::model::ModelPattern;

use super::{KeyRef, find, subject, touch, validate};
use crate::change::difference;
use crate::{Control, ControlError, OpContext};

/// What shall change. `None` leaves a field as it is; in the fields with two, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    pub alias: Option<Option<String>>,
    pub models: Option<Vec<ModelPattern>>,
    pub expires_at: Option<Option<Timestamp>>,
    /// Instead of `expires_at`: from now.
    pub duration_seconds: Option<i64>,
    pub user_id: Option<Option<String>>,
    pub team_id: Option<Option<String>>,
    /// Replaces all of it.
    pub metadata: Option<Map<String, Value>>,
    /// Replaces only the entries that it names; `null` takes one away.
    pub settings: Option<Map<String, Value>>,
    pub blocked: Option<bool>,
}

/// Changes a key; a conflict if it is no longer at the version that the caller saw.
pub async fn update(
    control: &Control,
    op: &OpContext,
    key: KeyRef,
    wanted: KeyChange,
    expected_version: Option<i64>,
) -> Result<VirtualKey, ControlError> {
    let mut change = control.change(op, Action::Update, Resource::Key).await?;
    let before = find(&change, key).await?;
    if expected_version.is_some_and(|version| version != before.version) {
        return Err(ControlError::conflict("the key was changed meanwhile: look at it again before you change it"));
    }
    let mut after = apply(before.clone(), wanted, change.now)?;
    if let Some(alias) = &after.alias
        && after.alias != before.alias
        && change.find_key_by_alias(alias).await?.is_some()
    {
        return Err(ControlError::conflict(format!("there is a key with the alias `{alias}` already")));
    }
    touch(&mut after, change.now, op.actor.label());
    change.update_key(&after).await?;
    let (old, new) = difference(&before, &after)?;
    change.record("key.update", subject(&after.id.to_string()), Some(old), Some(new)).await?;
    change.publish_key(after.digest);
    change.commit().await?;
    Ok(after)
}

fn apply(mut key: VirtualKey, wanted: KeyChange, now: Timestamp) -> Result<VirtualKey, ControlError> {
    if let Some(alias) = wanted.alias {
        key.alias = validate::name("alias", alias)?;
    }
    if let Some(models) = wanted.models {
        key.models = validate::models(models)?;
    }
    let clears = wanted.expires_at == Some(None) && wanted.duration_seconds.is_none();
    if clears {
        key.expires_at = None;
    } else if let Some(at) = validate::expiry(wanted.expires_at.flatten(), wanted.duration_seconds, now)? {
        key.expires_at = Some(at);
    }
    if let Some(user) = wanted.user_id {
        key.user_id = validate::name("user_id", user)?;
    }
    if let Some(team) = wanted.team_id {
        key.team_id = validate::name("team_id", team)?;
    }
    if let Some(metadata) = wanted.metadata {
        key.metadata = validate::json("metadata", metadata)?;
    }
    if let Some(settings) = wanted.settings {
        for (name, value) in settings {
            if value.is_null() {
                key.settings.remove(&name);
            } else {
                key.settings.insert(name, value);
            }
        }
        key.settings = validate::json("settings", key.settings)?;
    }
    if let Some(blocked) = wanted.blocked {
        key.blocked = blocked;
    }
    Ok(key)
}
