//! Patches: a list of operations, as RFC 7644 has them and as Entra and Okta send them.

use serde_json::{Map, Value};

use super::filter::Filter;
use super::path::{Attribute, Path, shown};
use super::value::{get, key_of, truth};
use super::{ErrorKind, ScimError};

/// The most operations of one patch.
const MOST: usize = 1000;

/// The most values that a list may have after a patch.
const LONGEST_LIST: usize = 20_000;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Add,
    Replace,
    Remove,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    pub verb: Verb,
    /// `None`: the value is an object, and each of its names is a path.
    pub path: Option<Path>,
    pub value: Option<Value>,
}

/// Attributes of several values, where clients may send one that is not in a list.
const MULTIPLE: [&str; 10] = [
    "emails",
    "phoneNumbers",
    "addresses",
    "ims",
    "photos",
    "entitlements",
    "roles",
    "x509Certificates",
    "members",
    "groups",
];

/// Nobody but the server sets these.
const READ_ONLY: [&str; 4] = ["id", "meta", "schemas", "groups"];

/// The operations of a patch's body.
pub fn operations(body: &Map<String, Value>) -> Result<Vec<Operation>, ScimError> {
    let syntax = |detail: &str| ScimError::of(ErrorKind::InvalidSyntax, detail);
    let Some(Value::Array(all)) = get(body, "Operations") else {
        return Err(syntax("`Operations` is missing: a list of operations"));
    };
    if all.len() > MOST {
        return Err(ScimError::plain(413, format!("a patch has at most {MOST} operations")));
    }
    let read = |operation: &Value| {
        let object = operation.as_object().ok_or_else(|| syntax("an operation is an object"))?;
        let verb = get(object, "op").and_then(Value::as_str).unwrap_or_default();
        let verb = match verb.to_ascii_lowercase().as_str() {
            "add" => Verb::Add,
            "replace" => Verb::Replace,
            "remove" => Verb::Remove,
            _ => return Err(syntax(&format!("`op` is `add`, `replace` or `remove`, not `{}`", shown(verb)))),
        };
        let path = match get(object, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) if path.trim().is_empty() => None,
            Some(Value::String(path)) => Some(Path::read(path)?),
            Some(_) => return Err(ScimError::of(ErrorKind::InvalidPath, "`path` is a text")),
        };
        Ok(Operation { verb, path, value: get(object, "value").cloned() })
    };
    all.iter().map(read).collect()
}

/// Does all of it, or none: on a mistake, the resource is to be thrown away.
pub fn apply(resource: &mut Map<String, Value>, operations: &[Operation]) -> Result<(), ScimError> {
    for operation in operations {
        match (&operation.path, operation.verb) {
            (Some(path), verb) => {
                refuse_read_only(path)?;
                one(resource, verb, path, operation.value.as_ref())?;
            }
            (None, Verb::Remove) => {
                return Err(ScimError::of(ErrorKind::NoTarget, "`remove` needs a path"));
            }
            (None, verb) => each(resource, verb, operation.value.as_ref())?,
        }
    }
    Ok(())
}

fn refuse_read_only(path: &Path) -> Result<(), ScimError> {
    let attribute = &path.attribute;
    if attribute.schema.is_none() && READ_ONLY.iter().any(|name| attribute.name.eq_ignore_ascii_case(name)) {
        return Err(ScimError::of(ErrorKind::Mutability, format!("`{attribute}` can't be changed")));
    }
    Ok(())
}

/// An object of attributes, or of paths: `{"name.familyName": "…", "emails[type eq \"work\"].value": "…"}`.
fn each(resource: &mut Map<String, Value>, verb: Verb, value: Option<&Value>) -> Result<(), ScimError> {
    let Some(Value::Object(values)) = value else {
        return Err(ScimError::of(ErrorKind::InvalidValue, "without a path, `value` is an object of attributes"));
    };
    for (name, value) in values {
        let path = Path::read(name)?;
        // Okta sends a group's id along.
        if refuse_read_only(&path).is_ok() {
            one(resource, verb, &path, Some(value))?;
        }
    }
    Ok(())
}

fn one(resource: &mut Map<String, Value>, verb: Verb, path: &Path, value: Option<&Value>) -> Result<(), ScimError> {
    if verb != Verb::Remove && value.is_none() {
        return Err(ScimError::of(
            ErrorKind::InvalidValue,
            format!("`{path}` is to become nothing: `value` is missing"),
        ));
    }
    let Attribute { schema, name, .. } = &path.attribute;
    match schema {
        None => in_object(resource, verb, path, value),
        Some(schema) if name.is_empty() => {
            set(resource, verb, schema, value);
            Ok(())
        }
        Some(schema) if verb == Verb::Remove && get(resource, schema).is_none() => Ok(()),
        Some(schema) => within(resource, schema, |extension| in_object(extension, verb, path, value)),
    }
}

fn in_object(object: &mut Map<String, Value>, verb: Verb, path: &Path, value: Option<&Value>) -> Result<(), ScimError> {
    let Attribute { name, sub, .. } = &path.attribute;
    match (&path.filter, sub) {
        (None, None) => whole(object, verb, name, value)?,
        (None, Some(sub)) => part(object, verb, name, sub, value),
        (Some(filter), sub) => filtered(object, verb, name, filter, sub.as_deref(), value)?,
    }
    let list = get(object, name).and_then(Value::as_array).map_or(0, Vec::len);
    if list > LONGEST_LIST {
        return Err(ScimError::plain(413, format!("`{name}` would have more than {LONGEST_LIST} values")));
    }
    Ok(())
}

/// Works on the object under a name, which is made where there is none.
fn within<T>(parent: &mut Map<String, Value>, name: &str, work: impl FnOnce(&mut Map<String, Value>) -> T) -> T {
    let key = key_of(parent, name).unwrap_or_else(|| name.to_owned());
    let mut object = match parent.remove(&key) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    let done = work(&mut object);
    parent.insert(key, Value::Object(object));
    done
}

/// Sets, merges or removes one value.
fn set(object: &mut Map<String, Value>, verb: Verb, name: &str, value: Option<&Value>) {
    let key = key_of(object, name).unwrap_or_else(|| name.to_owned());
    match (verb, value) {
        (Verb::Remove, _) | (_, None | Some(Value::Null)) => {
            object.remove(&key);
        }
        (_, Some(Value::Object(new))) => {
            within(object, &key, |old| {
                for (name, value) in new {
                    set(old, verb, name, Some(value));
                }
            });
        }
        (_, Some(value)) => {
            object.insert(key, value.clone());
        }
    }
}

fn whole(object: &mut Map<String, Value>, verb: Verb, name: &str, value: Option<&Value>) -> Result<(), ScimError> {
    let is_list = get(object, name).is_some_and(Value::is_array)
        || value.is_some_and(Value::is_array)
        || MULTIPLE.iter().any(|multiple| multiple.eq_ignore_ascii_case(name));
    if !is_list {
        set(object, verb, name, value);
        return Ok(());
    }
    let key = key_of(object, name).unwrap_or_else(|| name.to_owned());
    let given = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(all)) => all.clone(),
        Some(one) => vec![one.clone()],
    };
    let mut list = match object.remove(&key) {
        Some(Value::Array(all)) => all,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    match verb {
        Verb::Replace => list = distinct(given),
        Verb::Add => {
            let primary = given.iter().any(is_primary);
            if primary {
                list.iter_mut().for_each(no_longer_primary);
            }
            list.extend(given);
            list = distinct(list);
        }
        // Entra names the values that go; without any, all do.
        Verb::Remove if given.is_empty() => list.clear(),
        Verb::Remove => {
            let gone: std::collections::BTreeSet<String> = given.iter().map(identity).collect();
            list.retain(|value| !gone.contains(&identity(value)));
        }
    }
    if list.len() > LONGEST_LIST {
        return Err(ScimError::plain(413, format!("`{name}` would have more than {LONGEST_LIST} values")));
    }
    if !list.is_empty() {
        object.insert(key, Value::Array(list));
    }
    Ok(())
}

/// What tells one value of a list from another: its `value` and its type.
fn identity(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            if let Some(text) = get(object, "value") {
                return format!("{text} {}", get(object, "type").unwrap_or(&Value::Null));
            }
            let mut rest = object.clone();
            rest.retain(|name, _| !name.eq_ignore_ascii_case("primary"));
            Value::Object(rest).to_string()
        }
        plain => format!("{plain} null"),
    }
}

/// Each once: the last, at the place of the first.
fn distinct(all: Vec<Value>) -> Vec<Value> {
    let mut places = std::collections::BTreeMap::new();
    let mut list: Vec<Value> = Vec::with_capacity(all.len());
    for value in all {
        match places.entry(identity(&value)) {
            std::collections::btree_map::Entry::Occupied(place) => {
                let place: &usize = place.get();
                if let Some(old) = list.get_mut(*place) {
                    *old = value;
                }
            }
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(list.len());
                list.push(value);
            }
        }
    }
    list
}

fn is_primary(value: &Value) -> bool {
    value.as_object().and_then(|object| get(object, "primary")).and_then(truth) == Some(true)
}

fn no_longer_primary(value: &mut Value) {
    if let Some(object) = value.as_object_mut().filter(|object| get(object, "primary").is_some()) {
        set(object, Verb::Replace, "primary", Some(&Value::Bool(false)));
    }
}

/// `name.familyName`, or a part of each of several values.
fn part(object: &mut Map<String, Value>, verb: Verb, name: &str, sub: &str, value: Option<&Value>) {
    let key = key_of(object, name).unwrap_or_else(|| name.to_owned());
    match object.get_mut(&key) {
        Some(Value::Array(all)) => {
            for one in all.iter_mut().filter_map(Value::as_object_mut) {
                set(one, verb, sub, value);
            }
        }
        Some(Value::Object(one)) => set(one, verb, sub, value),
        Some(Value::Null) | None if verb != Verb::Remove => {
            let mut new = Map::new();
            set(&mut new, verb, sub, value);
            let multiple = MULTIPLE.iter().any(|multiple| multiple.eq_ignore_ascii_case(name));
            let new = Value::Object(new);
            object.insert(key, if multiple { Value::Array(vec![new]) } else { new });
        }
        // A plain value, which Entra sends for `manager`, becomes the part that it is.
        Some(plain) if verb != Verb::Remove => {
            let mut new = Map::from_iter([("value".to_owned(), plain.take())]);
            set(&mut new, verb, sub, value);
            *plain = Value::Object(new);
        }
        _ => {}
    }
}

/// `emails[type eq "work"].value`, `members[value eq "…"]`.
fn filtered(
    object: &mut Map<String, Value>,
    verb: Verb,
    name: &str,
    filter: &Filter,
    sub: Option<&str>,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    let key = key_of(object, name).unwrap_or_else(|| name.to_owned());
    let mut list = match object.remove(&key) {
        Some(Value::Array(all)) => all,
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![one],
    };
    match (verb, sub) {
        (Verb::Remove, None) => list.retain(|value| !filter.fits(value)),
        (Verb::Remove, Some(sub)) => {
            for one in list.iter_mut().filter(|value| filter.fits(value)).filter_map(Value::as_object_mut) {
                set(one, verb, sub, None);
            }
        }
        (_, sub) => {
            let mut found = false;
            for one in list.iter_mut().filter(|value| filter.fits(value)) {
                found = true;
                change(one, verb, sub, value);
            }
            if !found {
                // Nothing fits: what would, is made. Entra counts on it for a first work address.
                let equal = filter.equalities().ok_or_else(|| {
                    ScimError::of(ErrorKind::NoTarget, format!("no value of `{name}` fits `{filter}`"))
                })?;
                let mut new = Value::Object(equal);
                change(&mut new, verb, sub, value);
                list.push(new);
            }
        }
    }
    if !list.is_empty() {
        object.insert(key, Value::Array(list));
    }
    Ok(())
}

fn change(one: &mut Value, verb: Verb, sub: Option<&str>, value: Option<&Value>) {
    match (one, sub, value) {
        (Value::Object(object), Some(sub), value) => set(object, verb, sub, value),
        (Value::Object(object), None, Some(Value::Object(new))) => {
            for (name, value) in new {
                set(object, verb, name, Some(value));
            }
        }
        (Value::Object(object), None, Some(plain)) => set(object, verb, "value", Some(plain)),
        (one, _, Some(value)) => *one = value.clone(),
        _ => {}
    }
}
