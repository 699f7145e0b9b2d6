//! Reading JSON that may hold anything: what is not as expected is not there, and never breaks what is beside it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Counts above this are nonsense: no call has a trillion of anything.
const MOST: u64 = 1_000_000_000_000;

/// A longer usage object is not one, in bytes.
const LONGEST: usize = 64 * 1024;

/// An object with more members than these is cut there.
const MOST_MEMBERS: usize = 256;

/// The members of an object, their values unread. Of a name that comes twice the last one counts.
#[derive(Debug, Default)]
pub struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// `None`: it is no JSON object.
    pub fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// A member as a value; `None`: it is not there, null, or too long to be what is looked for.
    pub fn value(&self, name: &str) -> Option<Value> {
        small(self.get(name)?)
    }

    /// The members of a member that is an object.
    pub fn object(&self, name: &str) -> Option<Members<'a>> {
        Members::read(self.get(name)?.get())
    }

    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// A member that is a list, read as what its items are.
    pub fn list<T: Deserialize<'a>>(&self, name: &str) -> Option<Vec<T>> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }
}

/// A value that is short enough to be usage.
pub fn small(raw: &RawValue) -> Option<Value> {
    let text = raw.get();
    let value = (text.len() <= LONGEST).then(|| serde_json::from_str::<Value>(text).ok())??;
    (!value.is_null()).then_some(value)
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::with_capacity(12);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    if members.len() < MOST_MEMBERS {
                        members.push((name, value));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A count, whether it is written as a number, a number with a fraction of nought, or a text. `None`: it is not there, or
/// no count.
pub fn count(value: &Value) -> Option<u64> {
    let counted = match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        _ => None,
    };
    counted.filter(|count| *count <= MOST)
}

/// A begun unit is a whole one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a small number")]
fn whole(value: f64) -> Option<u64> {
    (0.0..=1e12).contains(&value).then(|| value.ceil() as u64)
}

/// The first count that is there, by the names that it may have.
pub fn first(value: &Value, names: &[&str]) -> Option<u64> {
    names.iter().find_map(|name| count(value.get(name)?))
}

/// A count at a path, or nought.
pub fn at(value: &Value, path: &[&str]) -> Option<u64> {
    path.iter().try_fold(value, |value, name| value.get(name)).and_then(count)
}

/// Adds counts of which some may not be there. `None`: none is.
pub fn sum(counts: &[Option<u64>]) -> Option<u64> {
    counts.iter().flatten().copied().reduce(u64::saturating_add)
}

/// Takes over what a later event of a stream says: counts are running totals, and a nought or nothing doesn't take back
/// what was said before.
pub fn merge(known: &mut Value, later: Value) {
    match (known, later) {
        (Value::Object(known), Value::Object(later)) => {
            for (name, value) in later {
                if let Some(before) = known.get_mut(&name) {
                    merge(before, value);
                } else if known.len() < MOST_MEMBERS {
                    known.insert(name, value);
                }
            }
        }
        (_, Value::Null) => {}
        (known, later) => {
            let is_more = match &later {
                Value::Number(number) => number.as_f64() != Some(0.0),
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                _ => true,
            };
            if is_more || known.is_null() {
                *known = later;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_are_read_however_they_are_written() {
        for (value, expected) in [
            (json!(7), Some(7)),
            (json!(7.0), Some(7)),
            (json!(7.2), Some(8)),
            (json!("7"), Some(7)),
            (json!(" 7.0 "), Some(7)),
            (json!(0), Some(0)),
            (json!(null), None),
            (json!(-1), None),
            (json!(-1.5), None),
            (json!("many"), None),
            (json!(true), None),
            (json!({}), None),
            (json!([7]), None),
            (json!(u64::MAX), None),
            (json!(1e300), None),
        ] {
            assert_eq!(count(&value), expected, "{value}");
        }
    }

    #[test]
    fn nothing_said_later_takes_back_what_was_said() {
        let mut known = json!({"a": 5, "b": {"c": 3}, "d": "x", "e": [1]});
        merge(&mut known, json!({"a": 0, "b": null, "d": "", "e": []}));
        merge(&mut known, json!({"a": null, "b": {"c": 0, "f": 1}}));
        assert_eq!(known, json!({"a": 5, "b": {"c": 3, "f": 1}, "d": "x", "e": [1]}));
        merge(&mut known, json!({"a": 9, "b": 2}));
        assert_eq!(known, json!({"a": 9, "b": 2, "d": "x", "e": [1]}));
    }

    #[test]
    fn members_are_found_whatever_is_beside_them() {
        let members = Members::read(r#"{"a":1,"\u0062":{"c":2},"a":3}"#).unwrap();
        assert_eq!(members.value("a"), Some(json!(3)));
        assert_eq!(members.object("b").unwrap().value("c"), Some(json!(2)));
        assert!(Members::read("[1]").is_none());
        assert!(Members::read("{").is_none());
    }
}
