//! LiteLLM's names for roles, people and fields.

use serde_json::{Map, Value, json};
use tollgate_control::ControlError;
use tollgate_domain::Timestamp;
use tollgate_domain::actor::Role;
use tollgate_domain::membership::MemberRole;
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::Meta;

use super::body::{Field, Fields, invalid};

/// Whoever holds the master key, as LiteLLM names them.
pub const MASTER_USER: &str = "default_user_id";

/// Role, LiteLLM's name for it, and its words for people.
pub const ROLES: [(Role, &str, &str, &str); 4] = [
    (Role::Admin, "proxy_admin", "admin over litellm proxy, has all permissions", "Admin (All Permissions)"),
    (Role::Auditor, "proxy_admin_viewer", "view all keys, view all spend", "Admin (View Only)"),
    (
        Role::Member,
        "internal_user",
        "view/create/delete their own keys, view their own spend",
        "Internal User (Create/Delete/View)",
    ),
    (Role::Viewer, "internal_user_viewer", "view their own keys, view their own spend", "Internal User (View Only)"),
];

pub fn role_name(role: Role) -> &'static str {
    ROLES.iter().find(|(known, ..)| *known == role).map_or("internal_user", |(_, name, ..)| name)
}

pub fn parse_role(field: &'static str, text: &str) -> Result<Role, ControlError> {
    let known = ROLES.iter().find(|(role, name, ..)| *name == text || role.as_str() == text);
    known
        .map(|(role, ..)| *role)
        .ok_or_else(|| invalid(field, "must be proxy_admin, proxy_admin_viewer, internal_user or internal_user_viewer"))
}

/// A team's `admin` or `user`, an organisation's `org_admin`, `internal_user` or `internal_user_viewer`.
pub fn parse_member_role(text: &str) -> Result<MemberRole, ControlError> {
    match text {
        "admin" | "org_admin" => Ok(MemberRole::Admin),
        "user" | "member" | "internal_user" | "internal_user_viewer" => Ok(MemberRole::Member),
        _ => Err(invalid("role", "must be `admin` or `user`")),
    }
}

pub fn team_role(role: MemberRole) -> &'static str {
    match role {
        MemberRole::Admin => "admin",
        MemberRole::Member => "user",
    }
}

pub fn organisation_role(role: MemberRole) -> &'static str {
    match role {
        MemberRole::Admin => "org_admin",
        MemberRole::Member => "internal_user",
    }
}

/// Who made or changed something.
pub fn who(label: &str) -> &str {
    if label == "master_key" { MASTER_USER } else { label }
}

pub fn time(at: Timestamp) -> Value {
    at.to_rfc3339().into()
}

/// When and by whom something was made and changed.
pub fn show_meta(meta: &Meta, out: &mut Map<String, Value>) {
    out.extend([
        ("created_at".to_owned(), time(meta.created_at)),
        ("created_by".to_owned(), who(&meta.created_by).into()),
        ("updated_at".to_owned(), time(meta.updated_at)),
        ("updated_by".to_owned(), who(&meta.updated_by).into()),
    ]);
}

/// Fields that are kept as they are: what was given, or what LiteLLM answers when nothing was.
pub fn show_kept(known: &[(&str, &str)], settings: &Map<String, Value>, out: &mut Map<String, Value>) {
    for (name, default) in known {
        let value = settings.get(*name).cloned();
        out.insert((*name).to_owned(), value.unwrap_or_else(|| serde_json::from_str(default).unwrap_or(Value::Null)));
    }
}

pub fn models(fields: &mut Fields, name: &'static str) -> Result<Field<Vec<ModelPattern>>, ControlError> {
    Ok(fields.texts(name)?.map(patterns))
}

pub fn patterns(names: Vec<String>) -> Vec<ModelPattern> {
    names.into_iter().map(ModelPattern::new).collect()
}

/// Nothing is mailed from here, and nobody shall wait for it.
pub fn no_mail(fields: &mut Fields) -> Result<(), ControlError> {
    match fields.boolean("send_invite_email")? {
        Field::Value(true) => Err(invalid("send_invite_email", "no e-mail is sent from here: leave it out")),
        _ => Ok(()),
    }
}

/// What somebody spent is the ledger's to say.
pub fn no_spend(fields: &mut Fields) -> Result<(), ControlError> {
    match fields.dollars("spend")? {
        Field::Value(amount) if amount.0 != 0 => {
            Err(invalid("spend", "is the sum of what was charged, and can't be set"))
        }
        _ => Ok(()),
    }
}

/// The control plane's name of a field, as LiteLLM's callers wrote it.
pub fn litellm_field(field: &str) -> &str {
    match field {
        "alias" => "key_alias",
        "email" => "user_email",
        "organisation_id" => "organization_id",
        "access_groups" => "access_group_ids",
        "model_aliases" => "aliases",
        "windows" => "budget_limits",
        "temporary_increase" => "temp_budget_increase",
        "member_permissions" => "team_member_permissions",
        "expires_at" => "duration",
        other => other,
    }
}

pub fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

/// `/user/available_roles`
pub fn available_roles() -> Value {
    let roles = ROLES.iter().map(|(_, name, description, label)| {
        ((*name).to_owned(), json!({"description": description, "ui_label": label}))
    });
    Value::Object(roles.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_a_name_and_each_name_a_role() {
        for role in Role::ALL {
            assert_eq!(parse_role("user_role", role_name(role)).unwrap(), role);
        }
        assert!(parse_role("user_role", "team").is_err());
        for role in MemberRole::ALL {
            assert_eq!(parse_member_role(team_role(role)).unwrap(), role);
            assert_eq!(parse_member_role(organisation_role(role)).unwrap(), role);
        }
    }

    #[test]
    fn spend_can_only_be_nothing() {
        let spend = |text: &str| no_spend(&mut Fields::parse(text.as_bytes()).unwrap());
        assert!(spend(r#"{"spend": 0}"#).is_ok() && spend("{}").is_ok());
        assert!(spend(r#"{"spend": 1}"#).is_err());
    }
}
