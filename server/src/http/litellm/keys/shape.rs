//! A key's fields in LiteLLM's form: read into a key, and shown.

use serde_json::{Map, Value, json};
use tollgate_control::{ControlError, keys};
use tollgate_domain::ids::{AccessGroupId, BudgetId, OrganisationId, TeamId, UserId};
use tollgate_domain::key::{KeyType, Rotation, VirtualKey};
use tollgate_domain::summary::KeyRow;
use tollgate_domain::{Nanos, Timestamp};

use super::super::body::{Field, Fields, invalid, parse_id};
use super::super::budgets::Tables;
use super::super::names::{self, MASTER_USER};
use super::super::{duration, limits, money};

/// Fields that are kept and returned as they are, with what LiteLLM answers when they were not given.
const KEPT: &[(&str, &str)] = &[
    ("agent_id", "null"),
    ("allowed_cache_controls", "[]"),
    ("allowed_ips", "null"),
    ("allowed_passthrough_routes", "null"),
    ("allowed_vector_store_indexes", "null"),
    ("budget_fallbacks", "null"),
    ("cancel_on_disconnect", "null"),
    ("config", "{}"),
    ("default_estimated_output_tokens", "null"),
    ("default_estimated_output_tokens_per_model", "null"),
    ("denied_passthrough_routes", "null"),
    ("disable_global_guardrails", "null"),
    ("enable_prompt_caching", "null"),
    ("end_user_budget_id", "null"),
    ("enforced_params", "null"),
    ("guardrails", "null"),
    ("mcp_rpm_limit", "null"),
    ("object_permission", "null"),
    ("permissions", "{}"),
    ("policies", "null"),
    ("project_id", "null"),
    ("prompts", "null"),
    ("router_settings", "null"),
    ("rpm_limit_type", "null"),
    ("tag_rpm_limit", "null"),
    ("throttle_on_budget_exceeded", "null"),
    ("tpm_limit_type", "null"),
];

/// In a key's metadata: it is a service account's, and nobody's in person.
pub const SERVICE_ACCOUNT: &str = "service_account_id";

/// Reads everything that a key may be given, at its making or later; the caller refuses what is left over.
pub fn apply(fields: &mut Fields, key: &mut VirtualKey, now: Timestamp) -> Result<(), ControlError> {
    fields.word("key_alias")?.store(&mut key.alias);
    names::models(fields, "models")?.set(&mut key.models);
    fields.boolean("blocked")?.set(&mut key.blocked);
    // `null` leaves the end as it is: a client that writes out every field must not make a key last for ever.
    if let Field::Value(text) = fields.text("duration")? {
        key.expires_at = expiry(&text, now)?;
    }
    user_id(fields)?.store(&mut key.user_id);
    fields.id("team_id", TeamId::parse)?.store(&mut key.team_id);
    fields.id("organization_id", OrganisationId::parse)?.store(&mut key.organisation_id);
    fields.id("budget_id", BudgetId::parse)?.store(&mut key.budget_id);
    if let Field::Value(text) = fields.text("key_type")? {
        key.key_type = KeyType::parse(&text)
            .ok_or_else(|| invalid("key_type", "must be default, llm_api, management or read_only"))?;
    }
    fields.texts("allowed_routes")?.set(&mut key.allowed_routes);
    access_groups(fields)?.set(&mut key.access_groups);
    fields.texts("tags")?.set(&mut key.tags);
    fields.take("aliases", "an object of texts")?.set(&mut key.model_aliases);
    fields.object("metadata")?.set(&mut key.metadata);
    limits::read(fields, &mut key.limits)?;
    rotation(fields, key, now)?;
    names::no_mail(fields)?;
    names::no_spend(fields)?;
    fields.keep(KEPT, &mut key.settings)
}

/// LiteLLM's name for whoever holds the master key is nobody's here.
fn user_id(fields: &mut Fields) -> Result<Field<UserId>, ControlError> {
    Ok(match fields.id("user_id", UserId::parse)? {
        Field::Value(id) if id.as_str() == MASTER_USER => Field::Null,
        other => other,
    })
}

pub fn access_groups(fields: &mut Fields) -> Result<Field<Vec<AccessGroupId>>, ControlError> {
    fields
        .texts("access_group_ids")?
        .try_map(|ids| ids.iter().map(|id| parse_id("access_group_ids", id, AccessGroupId::parse)).collect())
}

/// `30d` from now; `-1`: never.
fn expiry(text: &str, now: Timestamp) -> Result<Option<Timestamp>, ControlError> {
    if text == "-1" || text.is_empty() {
        return Ok(None);
    }
    keys::expiry_after(duration::seconds("duration", text)?, now).map(Some)
}

/// `auto_rotate` and `rotation_interval`.
fn rotation(fields: &mut Fields, key: &mut VirtualKey, now: Timestamp) -> Result<(), ControlError> {
    let on = fields.boolean("auto_rotate")?;
    let interval = fields.text("rotation_interval")?.value();
    let interval = interval.map(|text| duration::seconds("rotation_interval", &text)).transpose()?;
    let wanted = match on {
        Field::Value(on) => on,
        Field::Null => false,
        Field::Absent => key.rotation.is_some(),
    };
    if !wanted {
        key.rotation = None;
        return Ok(());
    }
    let known = key.rotation.as_ref().map(|rotation| rotation.interval_seconds);
    let interval_seconds =
        interval.or(known).ok_or_else(|| invalid("rotation_interval", "is needed with `auto_rotate`: `30d`"))?;
    if known != Some(interval_seconds) {
        keys::expiry_after(interval_seconds, now)?;
        let pending = key.rotation.take().and_then(|rotation| rotation.pending);
        key.rotation = Some(Rotation { pending, ..Rotation::every(interval_seconds, now) });
    }
    Ok(())
}

/// A key in LiteLLM's form, without the key itself.
pub fn describe(key: &VirtualKey, tables: &Tables) -> Map<String, Value> {
    let mut out = Map::new();
    names::show_kept(KEPT, &key.settings, &mut out);
    limits::show(&key.limits, &mut out);
    names::show_meta(&key.meta, &mut out);
    let nobody = key.metadata.contains_key(SERVICE_ACCOUNT);
    let user = match &key.user_id {
        Some(id) => json!(id),
        None if nobody => Value::Null,
        None => MASTER_USER.into(),
    };
    let interval = key.rotation.as_ref().map(|rotation| duration::show(rotation.interval_seconds));
    out.extend(names::object(json!({
        "key_name": key.hint,
        "key_alias": key.alias,
        "models": key.models,
        "blocked": if key.blocked { Value::Bool(true) } else { Value::Null },
        "expires": key.expires_at.map(names::time),
        "user_id": user,
        "team_id": key.team_id,
        "organization_id": key.organisation_id,
        "budget_id": key.budget_id,
        "litellm_budget_table": tables.get(key.budget_id.as_ref()),
        "key_type": key.key_type.as_str(),
        "allowed_routes": key.allowed_routes,
        "access_group_ids": key.access_groups,
        "tags": if key.tags.is_empty() { Value::Null } else { json!(key.tags) },
        "aliases": key.model_aliases,
        "metadata": key.metadata,
        "auto_rotate": key.rotation.is_some(),
        "rotation_interval": interval,
        "key_rotation_at": key.rotation.as_ref().map(|rotation| names::time(rotation.next_at)),
        "spend": 0.0,
        "budget_reset_at": null,
    })));
    out
}

/// A key with what it has spent: all of it, or what counts of it.
pub fn describe_row(row: &KeyRow, tables: &Tables, counted: Option<&Nanos>) -> Map<String, Value> {
    let mut out = describe(&row.key, tables);
    out.insert("spend".to_owned(), money::show(*counted.unwrap_or(&row.spent)));
    out.insert("last_active".to_owned(), row.last_used_at.map_or(Value::Null, names::time));
    out
}

/// The answer that has the key itself, once.
pub fn describe_new(key: &VirtualKey, plain: &str, tables: &Tables) -> Map<String, Value> {
    let mut out = describe(key, tables);
    let token = key.digest.to_hex();
    out.insert("key".to_owned(), plain.into());
    out.insert("token".to_owned(), token.clone().into());
    out.insert("token_id".to_owned(), token.into());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str, key: &mut VirtualKey) -> Result<(), ControlError> {
        let mut fields = Fields::parse(text.as_bytes())?;
        apply(&mut fields, key, Timestamp(0))?;
        fields.finish()
    }

    fn key() -> VirtualKey {
        keys::NewKey::default().key
    }

    #[test]
    fn every_field_comes_back_as_it_was_given() {
        let given = json!({
            "key_alias": "a", "models": ["gpt-4o"], "blocked": true, "user_id": "u", "team_id": "t",
            "organization_id": "o", "budget_id": "b", "key_type": "llm_api", "allowed_routes": ["/chat/completions"],
            "access_group_ids": ["g"], "tags": ["x"], "aliases": {"fast": "gpt-4o-mini"}, "metadata": {"a": 1},
            "max_budget": 1.0, "rpm_limit": 5, "auto_rotate": true, "rotation_interval": "30d",
            "guardrails": ["pii"], "permissions": {"p": true}, "object_permission": {"models": ["m"]},
            "budget_fallbacks": {"a": ["b"]}, "cancel_on_disconnect": true, "throttle_on_budget_exceeded": true, "router_settings": {"num_retries": 2}, "agent_id": "agent",
            "allowed_ips": ["10.0.0.0/8"],
        });
        let mut key = key();
        applied(&given.to_string(), &mut key).unwrap();
        let shown = describe(&key, &Tables::default());
        for (name, value) in given.as_object().unwrap() {
            assert_eq!(shown.get(name), Some(value), "{name}");
        }
    }

    #[test]
    fn nothing_given_is_shown_as_litellm_shows_it() {
        let shown = describe(&key(), &Tables::default());
        assert_eq!(shown["user_id"], "default_user_id");
        assert_eq!((&shown["models"], &shown["metadata"]), (&json!([]), &json!({})));
        for name in ["blocked", "expires", "team_id", "max_budget", "budget_duration", "tpm_limit", "key_alias"] {
            assert_eq!(shown[name], Value::Null, "{name}");
        }
        assert!(!shown.contains_key("key") && !shown.contains_key("digest"));
    }

    #[test]
    fn an_end_is_set_cleared_and_kept() {
        let mut key = key();
        applied(r#"{"duration": "30d"}"#, &mut key).unwrap();
        assert_eq!(key.expires_at, Some(Timestamp(0).plus_seconds(2_592_000)));
        applied(r#"{"duration": null}"#, &mut key).unwrap();
        assert!(key.expires_at.is_some());
        applied(r#"{"duration": "-1"}"#, &mut key).unwrap();
        assert_eq!(key.expires_at, None);
    }

    #[test]
    fn what_is_unknown_or_impossible_is_refused() {
        for text in [
            r#"{"colour": "red"}"#,
            r#"{"spend": 3}"#,
            r#"{"send_invite_email": true}"#,
            r#"{"auto_rotate": true}"#,
            r#"{"key_type": "root"}"#,
            r#"{"models": "gpt-4o"}"#,
        ] {
            assert!(applied(text, &mut key()).is_err(), "{text}");
        }
        assert!(applied(r#"{"user_id": "default_user_id", "spend": 0}"#, &mut key()).is_ok());
    }
}
