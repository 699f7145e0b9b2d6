//! JSON as a tree that borrows from the bytes it was read from, and keeps the order of fields.
//!
//! `serde_json::Value` copies every string, which for a request with a picture of 20 MB is the picture once more. Here
//! a string is a slice of the body wherever it has no escapes, as base64 never has.

mod parse;
mod write;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;

use serde_json::Number;

pub use parse::{MAX_NODES, NotJson};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    /// A string in pieces, for writing without joining them first; reading never gives it.
    Pieces(Vec<Cow<'a, str>>),
    Array(Vec<Json<'a>>),
    Object(Object<'a>),
}

/// An object's fields in their order. A key that comes twice means its last value, as for `serde_json`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

/// What is wrong with a document, and where: `messages[2].content`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{what}", .path, if .path.is_empty() { "" } else { ": " })]
pub struct Bad {
    pub path: String,
    pub what: String,
}

impl Bad {
    pub fn new(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), what: what.into() }
    }

    /// The same, seen from one step further out.
    pub fn under(mut self, outer: impl AsRef<str>) -> Self {
        let outer = outer.as_ref();
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{outer}{joint}{}", self.path);
        self
    }

    /// The same, seen from the array that holds it.
    pub fn at(self, array: &str, index: usize) -> Self {
        self.under(format!("{array}[{index}]"))
    }
}

impl<'a> Json<'a> {
    /// Reads a whole document of at most [`MAX_NODES`] values.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NotJson> {
        parse::parse(bytes, &Cell::new(MAX_NODES))
    }

    /// The same for one of several documents that share a limit: `left` values may come, and are taken off.
    pub fn parse_within(bytes: &'a [u8], left: &Cell<u32>) -> Result<Self, NotJson> {
        parse::parse(bytes, left)
    }

    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Json<'a>]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn into_object(self) -> Result<Object<'a>, Bad> {
        match self {
            Self::Object(object) => Ok(object),
            _ => Err(Bad::new("", "must be an object")),
        }
    }

    pub fn into_array(self) -> Result<Vec<Json<'a>>, Bad> {
        match self {
            Self::Array(items) => Ok(items),
            _ => Err(Bad::new("", "must be an array")),
        }
    }

    pub fn into_text(self) -> Result<Cow<'a, str>, Bad> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(Bad::new("", "must be a string")),
        }
    }

    /// A field of an object; `None` for other values too.
    pub fn get(&self, key: &str) -> Option<&Json<'a>> {
        self.as_object()?.get(key)
    }

    /// The same, owning its text.
    pub fn into_owned(self) -> Json<'static> {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(value),
            Self::Number(number) => Json::Number(number),
            Self::Text(text) => Json::Text(Cow::Owned(text.into_owned())),
            Self::Pieces(pieces) => Json::Text(Cow::Owned(pieces.concat())),
            Self::Array(items) => Json::Array(items.into_iter().map(Json::into_owned).collect()),
            Self::Object(object) => Json::Object(object.into_owned()),
        }
    }
}

impl<'a> Object<'a> {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn with_capacity(fields: usize) -> Self {
        Self(Vec::with_capacity(fields))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    pub fn get(&self, key: &str) -> Option<&Json<'a>> {
        self.0.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// Appends a field; the caller knows that it isn't there yet.
    pub fn put(&mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Json<'a>>) {
        self.0.push((key.into(), value.into()));
    }

    /// Appends a field if there is something to append.
    pub fn put_some<V: Into<Json<'a>>>(&mut self, key: impl Into<Cow<'a, str>>, value: Option<V>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// [`Object::put`], for building an object in one expression.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Json<'a>>) -> Self {
        self.put(key, value);
        self
    }

    /// Appends the fields of another object that this one does not have.
    pub fn fill(&mut self, other: &Object<'a>) {
        self.fill_but(other, "");
    }

    /// The same, without one of them.
    pub fn fill_but(&mut self, other: &Object<'a>, but: &str) {
        // Whoever sends an object of a hundred thousand fields must not make it ten milliards of comparisons.
        let many = self.0.len().saturating_mul(other.0.len()) > 10_000;
        let known: HashSet<&str> =
            if many { self.0.iter().map(|(key, _)| key.as_ref()).collect() } else { HashSet::new() };
        let is_known = |key: &str| if many { known.contains(key) } else { self.get(key).is_some() };
        let missing: Vec<_> = other.0.iter().filter(|(key, _)| key != but && !is_known(key)).cloned().collect();
        self.0.extend(missing);
    }

    /// Takes a field out. A null counts as a field that isn't there.
    pub fn take(&mut self, key: &str) -> Option<Json<'a>> {
        let at = self.0.iter().rposition(|(k, _)| k == key)?;
        let (_, value) = self.0.remove(at);
        // Whatever an earlier one of the same name says was overruled.
        self.0.retain(|(k, _)| k != key);
        (!value.is_null()).then_some(value)
    }

    /// Takes a string; an error if it is something else.
    pub fn take_text(&mut self, key: &str) -> Result<Option<Cow<'a, str>>, Bad> {
        self.take(key).map(|value| value.into_text().map_err(|e| e.under(key))).transpose()
    }

    /// Takes a string that must be there.
    pub fn need_text(&mut self, key: &str) -> Result<Cow<'a, str>, Bad> {
        self.take_text(key)?.ok_or_else(|| Bad::new(key, "is missing"))
    }

    pub fn take_bool(&mut self, key: &str) -> Result<Option<bool>, Bad> {
        self.take_as(key, "must be true or false", Json::as_bool)
    }

    pub fn take_u64(&mut self, key: &str) -> Result<Option<u64>, Bad> {
        self.take_as(key, "must be a whole number", Json::as_u64)
    }

    pub fn take_i64(&mut self, key: &str) -> Result<Option<i64>, Bad> {
        self.take_as(key, "must be a whole number", Json::as_i64)
    }

    pub fn take_f64(&mut self, key: &str) -> Result<Option<f64>, Bad> {
        self.take_as(key, "must be a number", Json::as_f64)
    }

    pub fn take_array(&mut self, key: &str) -> Result<Option<Vec<Json<'a>>>, Bad> {
        self.take(key).map(|value| value.into_array().map_err(|e| e.under(key))).transpose()
    }

    pub fn take_object(&mut self, key: &str) -> Result<Option<Object<'a>>, Bad> {
        self.take(key).map(|value| value.into_object().map_err(|e| e.under(key))).transpose()
    }

    pub fn into_owned(self) -> Object<'static> {
        Object(self.0.into_iter().map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned())).collect())
    }

    fn take_as<T>(&mut self, key: &str, what: &str, get: impl Fn(&Json<'a>) -> Option<T>) -> Result<Option<T>, Bad> {
        self.take(key).map(|value| get(&value).ok_or_else(|| Bad::new(key, what))).transpose()
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Json<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Json<'a>)> for Object<'a> {
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Json<'a>)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

macro_rules! json_from {
    ($($from:ty: $value:ident => $to:expr),+ $(,)?) => {
        $(impl<'a> From<$from> for Json<'a> {
            fn from($value: $from) -> Self {
                $to
            }
        })+
    };
}

json_from! {
    bool: value => Json::Bool(value),
    u16: value => Json::Number(value.into()),
    u32: value => Json::Number(value.into()),
    u64: value => Json::Number(value.into()),
    i64: value => Json::Number(value.into()),
    // What JSON has no number for is no number.
    f64: value => Number::from_f64(value).map_or(Json::Null, Json::Number),
    &'a str: value => Json::Text(Cow::Borrowed(value)),
    String: value => Json::Text(Cow::Owned(value)),
    Cow<'a, str>: value => Json::Text(value),
    Vec<Json<'a>>: value => Json::Array(value),
    Object<'a>: value => Json::Object(value),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_without_escapes_are_borrowed() {
        let body = br#"{"a":"plain","b":"with \"escape\"","c":[1,-2,0.5,null,true]}"#;
        let mut object = Json::parse(body).unwrap().into_object().unwrap();
        assert!(matches!(object.take("a"), Some(Json::Text(Cow::Borrowed("plain")))));
        assert!(matches!(object.take("b"), Some(Json::Text(Cow::Owned(text))) if text == "with \"escape\""));
        assert_eq!(object.take_array("c").unwrap().unwrap().len(), 5);
        assert!(object.is_empty());
    }

    #[test]
    fn order_and_unknown_fields_survive() {
        let text = r#"{"z":1,"a":{"y":[{"k":"v"}],"b":1.5},"m":"é\n"}"#;
        assert_eq!(Json::parse(text.as_bytes()).unwrap().to_string(), text);
    }

    #[test]
    fn the_last_of_two_wins_and_both_are_gone() {
        let mut object = Json::parse(br#"{"model":"a","model":"b"}"#).unwrap().into_object().unwrap();
        assert_eq!(object.take_text("model").unwrap().unwrap(), "b");
        assert!(object.is_empty());
    }

    #[test]
    fn mistakes_say_where_they_are() {
        let mut object = Json::parse(br#"{"n":"three"}"#).unwrap().into_object().unwrap();
        let bad = object.take_u64("n").unwrap_err().at("messages", 2);
        assert_eq!(bad.to_string(), "messages[2].n: must be a whole number");
    }

    #[test]
    fn many_unknown_fields_take_no_time() {
        let fields: Vec<_> = (0..300_000).map(|i| format!("\"k{i}\":1")).collect();
        let text = format!("{{{}}}", fields.join(","));
        let wide = Json::parse(text.as_bytes()).unwrap().into_object().unwrap();
        let start = std::time::Instant::now();
        let mut object = Object::new().with("model", "m").with("k7", 2_u64);
        object.fill(&wide);
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
        assert_eq!((object.len(), object.get("k7")), (300_001, Some(&Json::from(2_u64))));
    }

    #[test]
    fn bombs_are_refused() {
        let wide = format!("[{}1]", "1,".repeat(MAX_NODES as usize));
        assert!(Json::parse(wide.as_bytes()).is_err());
        let deep = "[".repeat(100_000);
        assert!(Json::parse(deep.as_bytes()).is_err());
        assert!(Json::parse(b"{} {}").is_err(), "two documents");
    }
}
