//! The one way to write: a transaction that was authorised, and that leaves an audit row.

use std::ops::Deref;

use serde::Serialize;
use serde_json::{Map, Value};
use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Actor, Resource};
use tollgate_domain::audit::AuditEvent;
use tollgate_domain::ids::AuditId;
use tollgate_domain::key::KeyDigest;
use tollgate_store::Tx;

use crate::{Control, ControlError, OpContext};

/// A change under way. Dropped before [`Change::commit`], nothing happened.
pub struct Change<'a> {
    control: &'a Control,
    op: &'a OpContext,
    tx: Tx,
    pub now: Timestamp,
    published: Vec<KeyDigest>,
}

/// What a line of the audit log is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// `key`, `user`, …
    pub kind: &'static str,
    pub id: &'a str,
}

impl Control {
    /// Begins a change, if the actor may.
    pub(crate) async fn change<'a>(
        &'a self,
        op: &'a OpContext,
        action: Action,
        resource: Resource,
    ) -> Result<Change<'a>, ControlError> {
        op.authorise(action, resource)?;
        self.change_by_proof(op).await
    }

    /// Begins a change whose right comes from something else than who the actor is: a password, a one-time token.
    pub(crate) async fn change_by_proof<'a>(&'a self, op: &'a OpContext) -> Result<Change<'a>, ControlError> {
        let tx = self.store().begin().await?;
        Ok(Change { control: self, op, tx, now: self.clock().now(), published: Vec::new() })
    }
}

impl Deref for Change<'_> {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl Change<'_> {
    /// Adds the audit row.
    pub async fn record(
        &self,
        action: &str,
        subject: Subject<'_>,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), ControlError> {
        self.record_as(&self.op.actor, action, subject, before, after).await
    }

    /// Adds the audit row for an actor who is known only now: after a sign-in.
    pub async fn record_as(
        &self,
        actor: &Actor,
        action: &str,
        subject: Subject<'_>,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), ControlError> {
        let event = AuditEvent {
            id: AuditId::new(self.control.clock().as_ref(), self.control.entropy()),
            at: self.now,
            actor_kind: actor.kind().to_owned(),
            actor: actor.label(),
            on_behalf_of: self.op.on_behalf_of.as_deref().map(plain),
            address: self.op.address.as_deref().map(plain),
            user_agent: self.op.user_agent.as_deref().map(plain),
            request_id: plain(&self.op.request_id),
            action: action.to_owned(),
            resource_kind: subject.kind.to_owned(),
            resource_id: plain(subject.id),
            before: before.map(|value| redacted(value).to_string()),
            after: after.map(|value| redacted(value).to_string()),
        };
        Ok(self.tx.append_audit(&event).await?)
    }

    /// Has the data plane told of a key, once the change is committed.
    pub fn publish_key(&mut self, digest: KeyDigest) {
        self.published.push(digest);
    }

    /// Makes the change last, then publishes it.
    pub async fn commit(self) -> Result<(), ControlError> {
        let outcome = self.tx.commit().await;
        // A commit whose answer was lost may have happened: forgetting a key too often costs one look-up.
        for digest in self.published {
            self.control.inner.publish.key_changed(digest);
        }
        Ok(outcome?)
    }
}

/// What the audit log keeps of a text that came from outside: at most 500 bytes, nothing unprintable.
fn plain(text: &str) -> String {
    text[..text.floor_char_boundary(500)].chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The fields of two versions that differ, before and after.
pub fn difference<T: Serialize>(before: &T, after: &T) -> Result<(Value, Value), ControlError> {
    let (before, after) = (fields(before)?, fields(after)?);
    let only_changed = |these: &Map<String, Value>, those: &Map<String, Value>| {
        these
            .iter()
            .filter(|(name, value)| those.get(*name) != Some(value))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    };
    Ok((Value::Object(only_changed(&before, &after)), Value::Object(only_changed(&after, &before))))
}

/// Everything of a new thing, or of one that goes.
pub fn snapshot<T: Serialize>(thing: &T) -> Result<Value, ControlError> {
    Ok(Value::Object(fields(thing)?))
}

fn fields<T: Serialize>(thing: &T) -> Result<Map<String, Value>, ControlError> {
    match serde_json::to_value(thing).map_err(|error| ControlError::Internal(Box::new(error)))? {
        Value::Object(mut fields) => {
            // Not a secret, but what one would look for in a stolen log.
            fields.remove("digest");
            Ok(fields)
        }
        other => Ok(Map::from_iter([("value".to_owned(), other)])),
    }
}

/// The same without what people put into metadata and settings that the audit log must not keep: texts whose name says
/// that they are secret.
fn redacted(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let value = if is_secret(&name) { masked(value) } else { redacted(value) };
                    (name, value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(redacted).collect()),
        other => other,
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["secret", "password", "credential", "authorization", "private"].iter().any(|word| name.contains(word))
        || ["key", "token", "auth"].iter().any(|word| name.ends_with(word))
}

fn masked(value: Value) -> Value {
    match value {
        Value::String(_) => Value::String("[secret]".to_owned()),
        Value::Array(items) => Value::Array(items.into_iter().map(masked).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(name, value)| (name, masked(value))).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_in_metadata_are_not_kept() {
        let value = json!({
            "alias": "x", "version": 3, "max_tokens": 5, "models": ["a"],
            "metadata": {"langfuse_secret_key": "sk-lf-1", "nested": [{"Authorization": {"a": "b"}}], "team": "blue"},
        });
        let text = redacted(value).to_string();
        assert!(!text.contains("sk-lf-1") && !text.contains("\"b\""), "{text}");
        assert!(text.contains("blue") && text.contains("\"max_tokens\":5") && text.contains("\"alias\":\"x\""));
    }

    #[test]
    fn a_difference_holds_only_what_changed() {
        let (before, after) = difference(&json!({"a": 1, "b": 2}), &json!({"a": 1, "b": 3, "c": 4})).unwrap();
        assert_eq!((before, after), (json!({"b": 2}), json!({"b": 3, "c": 4})));
    }
}
