//! Teams as SCIM's `Group`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::entry::{Entry, Kind};
use super::person::meta;
use super::value::{get, text};
use super::{ErrorKind, GROUP, ScimError};
use crate::ids::UserId;
use crate::team::Team;

/// The most members that a group may have.
pub const MOST_MEMBERS: usize = 10_000;

/// The longest name or `externalId`, in characters.
const LONGEST: usize = 200;

/// What a client says of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupAttributes {
    pub name: String,
    pub external_id: Option<String>,
    pub members: BTreeSet<UserId>,
}

impl GroupAttributes {
    pub fn read(resource: &Map<String, Value>) -> Result<Self, ScimError> {
        let invalid = |detail: String| ScimError::of(ErrorKind::InvalidValue, detail);
        let name = text(resource, "displayName")?;
        let name = name.ok_or_else(|| invalid("displayName: must not be empty".to_owned()))?;
        let external_id = text(resource, "externalId")?;
        if [Some(&name), external_id.as_ref()].into_iter().flatten().any(|text| text.chars().count() > LONGEST) {
            return Err(invalid(format!("displayName and externalId: at most {LONGEST} characters")));
        }
        let members = match get(resource, "members") {
            None | Some(Value::Null) => BTreeSet::new(),
            Some(Value::Array(all)) => {
                if all.len() > MOST_MEMBERS {
                    return Err(ScimError::plain(413, format!("a group has at most {MOST_MEMBERS} members")));
                }
                all.iter().map(member).collect::<Result<_, _>>()?
            }
            Some(one) => BTreeSet::from([member(one)?]),
        };
        Ok(Self { name, external_id, members })
    }
}

fn member(value: &Value) -> Result<UserId, ScimError> {
    let id = match value {
        Value::Object(object) => get(object, "value").and_then(Value::as_str),
        Value::String(id) => Some(id.as_str()),
        _ => None,
    };
    let invalid = || ScimError::of(ErrorKind::InvalidValue, "members: each has the id of a user as its `value`");
    id.and_then(UserId::parse).ok_or_else(invalid)
}

/// A team, as clients read it. `members`: who is in it with their names, where they are wanted.
pub fn group_resource(
    team: &Team,
    entry: Option<&Entry>,
    members: Option<&[(UserId, String)]>,
    base: &str,
) -> Map<String, Value> {
    let mut resource = Map::new();
    resource.insert("schemas".to_owned(), json!([GROUP]));
    resource.insert("id".to_owned(), team.id.to_string().into());
    if let Some(id) = entry.and_then(|entry| entry.external_id.clone()) {
        resource.insert("externalId".to_owned(), id.into());
    }
    resource.insert("displayName".to_owned(), team.name.clone().into());
    if let Some(members) = members {
        let told = members.iter().map(|(id, name)| json!({ "value": id.as_str(), "display": name, "type": "User" }));
        resource.insert("members".to_owned(), told.collect());
    }
    resource.insert("meta".to_owned(), meta(Kind::Group, team.id.as_str(), &team.meta, base));
    resource
}
