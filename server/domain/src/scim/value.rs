//! Values of attributes in resources, whose names count whatever their case.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::path::Attribute;
use super::{ErrorKind, ScimError};

/// The name under which `object` has this attribute.
pub(super) fn key_of(object: &Map<String, Value>, name: &str) -> Option<String> {
    if object.contains_key(name) {
        return Some(name.to_owned());
    }
    object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned()
}

pub(super) fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// Every value of an attribute: none, one, or each of a list.
pub(super) fn at<'a>(resource: &'a Map<String, Value>, attribute: &Attribute) -> Vec<&'a Value> {
    let object = match &attribute.schema {
        None => resource,
        Some(schema) => match get(resource, schema) {
            Some(Value::Object(extension)) if !attribute.name.is_empty() => extension,
            whole => return whole.into_iter().collect(),
        },
    };
    let values: Vec<&Value> = match get(object, &attribute.name) {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let Some(sub) = &attribute.sub else { return values };
    let parts = values.into_iter().filter_map(|value| match value {
        Value::Object(object) => get(object, sub),
        plain if sub.eq_ignore_ascii_case("value") => Some(plain),
        _ => None,
    });
    parts.collect()
}

/// Some write truth values as texts, and in any case.
pub(super) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// A text that is not empty, without space around it.
pub(super) fn text(object: &Map<String, Value>, name: &str) -> Result<Option<String>, ScimError> {
    match get(object, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            let text = text.trim();
            if text.chars().any(char::is_control) {
                return Err(ScimError::of(ErrorKind::InvalidValue, format!("{name}: no control characters")));
            }
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
        Some(_) => Err(ScimError::of(ErrorKind::InvalidValue, format!("{name}: a text is wanted"))),
    }
}

/// Which attributes an answer has: the queries `attributes` and `excludedAttributes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    /// Empty: all.
    only: BTreeSet<String>,
    without: BTreeSet<String>,
}

impl Projection {
    /// Lists of names with commas between them. What is not known is left out.
    pub fn read(attributes: Option<&str>, excluded: Option<&str>) -> Self {
        let names = |text: Option<&str>| {
            let names = text.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
            let read = names.filter_map(|name| Attribute::read(name, ErrorKind::InvalidValue).ok());
            read.map(|attribute| attribute.schema.unwrap_or(attribute.name).to_ascii_lowercase()).collect()
        };
        Self { only: names(attributes), without: names(excluded) }
    }

    /// Whether an attribute is to be there. Some always are.
    pub fn has(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        ["id", "schemas"].contains(&name.as_str())
            || ((self.only.is_empty() || self.only.contains(&name)) && !self.without.contains(&name))
    }

    pub fn apply(&self, mut resource: Map<String, Value>) -> Map<String, Value> {
        resource.retain(|name, _| self.has(name));
        resource
    }
}
