//! The fields of LiteLLM's keys: which are understood, and how a key is shown in its form.

use serde_json::{Map, Value, json};
use tollgate_domain::key::VirtualKey;
use tollgate_domain::summary::KeyRow;

use super::LiteLlmError;
use tollgate_gateway::CallError;

/// Fields of `/key/generate` that are kept and returned, but not acted on yet, with what LiteLLM answers when they were
/// not given.
const KEPT: [(&str, Option<&str>); 40] = [
    ("agent_id", None),
    ("aliases", Some("{}")),
    ("allowed_cache_controls", Some("[]")),
    ("allowed_passthrough_routes", None),
    ("allowed_routes", Some("[]")),
    ("auto_rotate", None),
    ("budget_duration", None),
    ("budget_fallbacks", None),
    ("budget_id", None),
    ("budget_limits", None),
    ("config", Some("{}")),
    ("denied_passthrough_routes", None),
    ("disable_global_guardrails", None),
    ("end_user_budget_id", None),
    ("enforced_params", None),
    ("guardrails", None),
    ("key_type", None),
    ("max_budget", None),
    ("max_parallel_requests", None),
    ("mcp_rpm_limit", None),
    ("model_max_budget", Some("{}")),
    ("model_rpm_limit", None),
    ("model_tpm_limit", None),
    ("object_permission", None),
    ("organization_id", None),
    ("permissions", Some("{}")),
    ("policies", None),
    ("project_id", None),
    ("prompts", None),
    ("rotation_interval", None),
    ("router_settings", None),
    ("rpm_limit", None),
    ("rpm_limit_type", None),
    ("soft_budget", None),
    ("spend", None),
    ("tag_rpm_limit", None),
    ("tags", None),
    ("throttle_on_budget_exceeded", None),
    ("tpm_limit", None),
    ("tpm_limit_type", None),
];

/// Fields that a use case takes by itself.
const UNDERSTOOD: [&str; 11] = [
    "blocked",
    "duration",
    "key",
    "key_alias",
    "metadata",
    "models",
    "team_id",
    "user_id",
    "keys",
    "key_aliases",
    "send_invite_email",
];

/// The fields to keep; an unknown one is refused by name, never dropped.
pub fn kept(body: &Map<String, Value>) -> Result<Map<String, Value>, LiteLlmError> {
    let mut out = Map::new();
    for (name, value) in body {
        if UNDERSTOOD.contains(&name.as_str()) || value.is_null() {
            continue;
        }
        if !KEPT.iter().any(|(known, _)| known == name) {
            let message = format!("The field `{name}` is not known here.");
            return Err(CallError::management(http::StatusCode::BAD_REQUEST, message, None).into());
        }
        out.insert(name.clone(), value.clone());
    }
    Ok(out)
}

/// Names of kept fields that would limit something, and do not yet: told in a header, so that nobody relies on them.
pub fn unenforced(kept: &Map<String, Value>) -> Option<String> {
    let names: Vec<&str> = kept.keys().map(String::as_str).filter(|name| *name != "tags").collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// A key in LiteLLM's form, without the key itself.
pub fn describe(key: &VirtualKey) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, default) in KEPT {
        let default = default.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
        out.insert(name.to_owned(), key.settings.get(name).cloned().unwrap_or(default));
    }
    let time = |at: tollgate_domain::Timestamp| Value::from(at.to_rfc3339());
    out.extend([
        ("key_name".to_owned(), json!(key.hint)),
        ("key_alias".to_owned(), json!(key.alias)),
        ("models".to_owned(), json!(key.models)),
        ("expires".to_owned(), key.expires_at.map_or(Value::Null, time)),
        ("blocked".to_owned(), if key.blocked { true.into() } else { Value::Null }),
        ("user_id".to_owned(), json!(key.user_id.as_deref().unwrap_or("default_user_id"))),
        ("team_id".to_owned(), json!(key.team_id)),
        ("metadata".to_owned(), Value::Object(key.metadata.clone())),
        ("created_at".to_owned(), time(key.created_at)),
        ("created_by".to_owned(), json!(key.created_by)),
        ("updated_at".to_owned(), time(key.updated_at)),
        ("updated_by".to_owned(), json!(key.updated_by)),
        ("litellm_budget_table".to_owned(), Value::Null),
        ("budget_reset_at".to_owned(), Value::Null),
    ]);
    if out["spend"].is_null() {
        out.insert("spend".to_owned(), json!(0.0));
    }
    out
}

/// A key with what it has spent.
pub fn describe_row(row: &KeyRow) -> Map<String, Value> {
    let mut out = describe(&row.key);
    // A JSON number in dollars: LiteLLM's own form. The exact amount is at `/api/v1/keys`.
    let spend = serde_json::from_str(&row.spent.to_decimal()).unwrap_or(Value::Null);
    out.insert("spend".to_owned(), spend);
    out.insert("last_active".to_owned(), row.last_used_at.map_or(Value::Null, |at| at.to_rfc3339().into()));
    out
}
