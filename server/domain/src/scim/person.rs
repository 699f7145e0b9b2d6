//! People as SCIM's `User`.

use serde_json::{Map, Value, json};

use super::entry::{Entry, Kind};
use super::patch::{Operation, apply};
use super::value::{get, key_of, text, truth};
use super::{ENTERPRISE, ErrorKind, ScimError, USER};
use crate::ids::TeamId;
use crate::user::{User, normalise_email};

/// The largest that is kept of a user, in bytes of JSON.
const LARGEST: usize = 32 * 1024;

/// The longest `userName` or `externalId`, in characters.
const LONGEST: usize = 200;

/// Never kept: read-only, kept elsewhere, or a secret that nobody here wants.
const NOT_KEPT: [&str; 8] = ["id", "meta", "schemas", "groups", "password", "active", "userName", "externalId"];

/// What a client says of a person.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonAttributes {
    pub user_name: String,
    pub external_id: Option<String>,
    /// `None`: nothing is said.
    pub active: Option<bool>,
    /// In the form of [`normalise_email`].
    pub email: Option<String>,
    pub name: Option<String>,
    /// Everything, as it was sent, but for what has a place of its own.
    pub kept: Map<String, Value>,
}

impl PersonAttributes {
    pub fn read(resource: &Map<String, Value>) -> Result<Self, ScimError> {
        let invalid = |detail: String| ScimError::of(ErrorKind::InvalidValue, detail);
        let user_name = text(resource, "userName")?.ok_or_else(|| invalid("userName: must not be empty".to_owned()))?;
        let external_id = text(resource, "externalId")?;
        for (name, text) in [("userName", Some(&user_name)), ("externalId", external_id.as_ref())] {
            if text.is_some_and(|text| text.chars().count() > LONGEST) {
                return Err(invalid(format!("{name}: at most {LONGEST} characters")));
            }
        }
        let active = match get(resource, "active") {
            None | Some(Value::Null) => None,
            Some(value) => Some(truth(value).ok_or_else(|| invalid("active: `true` or `false`".to_owned()))?),
        };
        let email = match main_email(resource) {
            Some(email) => Some(
                normalise_email(email).ok_or_else(|| invalid("emails: that is not an e-mail address".to_owned()))?,
            ),
            None => normalise_email(&user_name),
        };
        let name = display_name(resource)?;
        let mut kept = resource.clone();
        kept.retain(|key, _| !NOT_KEPT.iter().any(|name| name.eq_ignore_ascii_case(key)));
        if serde_json::to_string(&kept).map_or(usize::MAX, |text| text.len()) > LARGEST {
            return Err(ScimError::plain(413, format!("a user has at most {LARGEST} bytes")));
        }
        Ok(Self { user_name, external_id, active, email, name, kept })
    }
}

/// The primary address, else that of work, else the first.
fn main_email(resource: &Map<String, Value>) -> Option<&str> {
    let Some(Value::Array(all)) = get(resource, "emails") else { return None };
    let all: Vec<_> = all.iter().filter_map(Value::as_object).collect();
    let address = |email: &&Map<String, Value>| {
        get(email, "value").and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty())
    };
    let is_primary = |email: &&&Map<String, Value>| get(email, "primary").and_then(truth) == Some(true);
    let is_work = |email: &&&Map<String, Value>| {
        get(email, "type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
    };
    let good: Vec<_> = all.into_iter().filter(address).collect();
    let main = good.iter().find(is_primary).or_else(|| good.iter().find(is_work)).or(good.first());
    main.and_then(|email| get(email, "value")).and_then(Value::as_str)
}

/// `displayName`, else what the name's parts come to.
fn display_name(resource: &Map<String, Value>) -> Result<Option<String>, ScimError> {
    let of_parts = || -> Result<Option<String>, ScimError> {
        let Some(Value::Object(parts)) = get(resource, "name") else { return Ok(None) };
        if let Some(formatted) = text(parts, "formatted")? {
            return Ok(Some(formatted));
        }
        let parts: Vec<String> =
            [text(parts, "givenName")?, text(parts, "familyName")?].into_iter().flatten().collect();
        Ok((!parts.is_empty()).then(|| parts.join(" ")))
    };
    let name = match text(resource, "displayName")? {
        Some(name) => Some(name),
        None => of_parts()?,
    };
    Ok(name.map(|name| name.chars().take(LONGEST).collect::<String>().trim().to_owned()))
}

/// Patches a person. A formatted name that is its parts' stays that of its parts.
pub fn patch_person(resource: &mut Map<String, Value>, operations: &[Operation]) -> Result<(), ScimError> {
    let before = formatted(resource);
    apply(resource, operations)?;
    let (Some((old, old_parts)), Some((new, new_parts))) = (before, formatted(resource)) else { return Ok(()) };
    if old == new
        && old == old_parts
        && new_parts != old_parts
        && !new_parts.is_empty()
        && let Some(Value::Object(name)) = key_of(resource, "name").and_then(|key| resource.get_mut(&key))
        && let Some(key) = key_of(name, "formatted")
    {
        name.insert(key, new_parts.into());
    }
    Ok(())
}

/// The formatted name, and what its parts come to.
fn formatted(resource: &Map<String, Value>) -> Option<(String, String)> {
    let name = get(resource, "name")?.as_object()?;
    let formatted = text(name, "formatted").ok().flatten()?;
    let parts = [text(name, "givenName").ok().flatten(), text(name, "familyName").ok().flatten()];
    Some((formatted, parts.into_iter().flatten().collect::<Vec<_>>().join(" ")))
}

/// A person, as clients read it. `groups`: the teams with their names, where they are wanted. `base` is the address
/// under which SCIM is found here.
pub fn user_resource(
    user: &User,
    entry: Option<&Entry>,
    groups: Option<&[(TeamId, String)]>,
    base: &str,
) -> Map<String, Value> {
    let mut resource = entry.map(|entry| entry.attributes.clone()).unwrap_or_default();
    let user_name = entry.and_then(|entry| entry.user_name.clone());
    let user_name = user_name.or_else(|| user.email.clone()).unwrap_or_else(|| user.id.to_string());
    let mut schemas = vec![json!(USER)];
    if key_of(&resource, ENTERPRISE).is_some() {
        schemas.push(json!(ENTERPRISE));
    }
    resource.insert("schemas".to_owned(), Value::Array(schemas));
    resource.insert("id".to_owned(), user.id.to_string().into());
    resource.insert("userName".to_owned(), user_name.into());
    resource.insert("active".to_owned(), (!user.disabled).into());
    if let Some(id) = entry.and_then(|entry| entry.external_id.clone()) {
        resource.insert("externalId".to_owned(), id.into());
    }
    // What was changed here meanwhile.
    if let Some(email) = &user.email
        && main_email(&resource).and_then(normalise_email).as_ref() != Some(email)
        && !(get(&resource, "emails").is_none() && entry.is_some_and(|entry| is_user_name(entry, email)))
    {
        resource.insert("emails".to_owned(), json!([{ "value": email, "type": "work", "primary": true }]));
    }
    if let Some(name) = &user.name
        && display_name(&resource).ok().flatten().as_ref() != Some(name)
    {
        resource.insert("displayName".to_owned(), name.clone().into());
    }
    if let Some(groups) = groups {
        let told = groups.iter().map(|(id, name)| {
            json!({ "value": id.as_str(), "display": name, "type": "direct",
                "$ref": format!("{base}/Groups/{}", escaped(id.as_str())) })
        });
        resource.insert("groups".to_owned(), told.collect());
    }
    resource.insert("meta".to_owned(), meta(Kind::User, user.id.as_str(), &user.meta, base));
    resource
}

/// Whether an address is nothing but the user's name in SCIM.
fn is_user_name(entry: &Entry, email: &str) -> bool {
    entry.user_name.as_deref().and_then(normalise_email).as_deref() == Some(email)
}

pub(super) fn meta(kind: Kind, id: &str, meta: &crate::record::Meta, base: &str) -> Value {
    let endpoint = kind.endpoint();
    json!({
        "resourceType": if kind == Kind::User { "User" } else { "Group" },
        "created": meta.created_at.to_rfc3339(),
        "lastModified": meta.updated_at.to_rfc3339(),
        "location": format!("{base}/{endpoint}/{}", escaped(id)),
    })
}

/// A part of a path: people choose ids.
fn escaped(id: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:@".contains(&b);
    id.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
