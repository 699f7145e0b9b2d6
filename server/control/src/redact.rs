//! What the audit log keeps of things, and what it must not keep.

use serde::Serialize;
use serde_json::{Map, Value};
use tollgate_domain::key::{KEY_PREFIX, SHORTEST_CUSTOM_KEY};

use crate::ControlError;

/// What the audit log keeps of a text that came from outside: at most 500 bytes, nothing unprintable.
pub fn plain(text: &str) -> String {
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
            // The line itself says when and by whom.
            fields.remove("meta");
            Ok(fields)
        }
        other => Ok(Map::from_iter([("value".to_owned(), other)])),
    }
}

/// The same without what people put into metadata and settings that the audit log must not keep: texts whose name says
/// that they are secret.
pub fn redacted(value: Value) -> Value {
    match value {
        Value::Object(fields) if is_sealed(&fields) => fingerprint(&fields),
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
        Value::String(text) if looks_like_a_key(&text) => Value::String("[secret]".to_owned()),
        other => other,
    }
}

/// Whatever field it stands in: `sk-` and what no name is.
fn looks_like_a_key(text: &str) -> bool {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
        .any(|word| word.len() >= SHORTEST_CUSTOM_KEY && word.starts_with(KEY_PREFIX))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["secret", "password", "credential", "authorization", "private"].iter().any(|word| name.contains(word))
        || ["key", "token", "auth"].iter().any(|word| name.ends_with(word))
}

/// An encrypted secret: see [`tollgate_domain::sealed::Sealed`].
fn is_sealed(fields: &Map<String, Value>) -> bool {
    fields.len() == 4 && ["key_id", "nonce", "text", "fingerprint"].iter().all(|name| fields.contains_key(*name))
}

/// What stands for an encrypted secret in the log: tells whether it was changed, and nothing else.
fn fingerprint(fields: &Map<String, Value>) -> Value {
    serde_json::json!({ "hmac": fields["fingerprint"] })
}

fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) if is_sealed(&fields) => fingerprint(&fields),
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
        let note =
            redacted(json!({"alias": "sk-4f8a9c7d1e2b3a40", "note": "it is `sk-4f8a9c7d1e2b3a40`."})).to_string();
        assert!(!note.contains("4f8a"), "{note}");
        assert!(text.contains("blue") && text.contains("\"max_tokens\":5") && text.contains("\"alias\":\"x\""));
    }

    #[test]
    fn a_difference_holds_only_what_changed() {
        let (before, after) = difference(&json!({"a": 1, "b": 2}), &json!({"a": 1, "b": 3, "c": 4})).unwrap();
        assert_eq!((before, after), (json!({"b": 2}), json!({"b": 3, "c": 4})));
    }
}
