//! A user's fields in LiteLLM's form: read into a user, and shown.

use serde_json::{Map, Value, json};
use tollgate_control::ControlError;
use tollgate_domain::ids::BudgetId;
use tollgate_domain::user::User;

use super::super::body::{Field, Fields, invalid};
use super::super::{limits, names, people};

/// Fields that are kept and returned as they are, with what LiteLLM answers when they were not given.
const KEPT: &[(&str, &str)] = &[
    ("allowed_cache_controls", "[]"),
    ("config", "{}"),
    ("guardrails", "null"),
    ("object_permission", "null"),
    ("permissions", "{}"),
    ("policies", "null"),
    ("prompts", "null"),
    ("sso_user_id", "null"),
];

/// Reads everything that a user may be given, at the making or later; the caller refuses what is left over.
pub fn apply(fields: &mut Fields, user: &mut User) -> Result<(), ControlError> {
    fields.word("user_email")?.try_map(|email| people::address(&email))?.store(&mut user.email);
    fields.word("user_alias")?.store(&mut user.name);
    if let Field::Value(role) = fields.text("user_role")? {
        user.role = names::parse_role("user_role", &role)?;
    }
    names::models(fields, "models")?.set(&mut user.models);
    fields.id("budget_id", BudgetId::parse)?.store(&mut user.budget_id);
    limits::read(fields, &mut user.limits)?;
    fields.object("metadata")?.set(&mut user.metadata);
    fields.boolean("blocked")?.set(&mut user.disabled);
    if fields.has("password") {
        return Err(invalid("password", "people set their passwords themselves, at the dashboard"));
    }
    names::no_mail(fields)?;
    names::no_spend(fields)?;
    fields.keep(KEPT, &mut user.settings)
}

/// A user in LiteLLM's form; `teams` are the ids of theirs.
pub fn describe(user: &User, teams: &[String]) -> Map<String, Value> {
    let mut out = Map::new();
    names::show_kept(KEPT, &user.settings, &mut out);
    limits::show(&user.limits, &mut out);
    names::show_meta(&user.meta, &mut out);
    out.extend(brief(user));
    out.extend(names::object(json!({
        "models": user.models,
        "budget_id": user.budget_id,
        "metadata": user.metadata,
        "blocked": user.disabled,
        "spend": 0.0,
        "budget_reset_at": null,
        "teams": teams,
    })));
    out
}

/// Who it is, and no more.
pub fn brief(user: &User) -> Map<String, Value> {
    names::object(json!({
        "user_id": user.id,
        "user_email": user.email,
        "user_alias": user.name,
        "user_role": names::role_name(user.role),
    }))
}

#[cfg(test)]
mod tests {
    use tollgate_domain::actor::Role;
    use tollgate_domain::ids::UserId;
    use tollgate_domain::record::no_meta;

    use super::*;

    fn applied(text: &str, user: &mut User) -> Result<(), ControlError> {
        let mut fields = Fields::parse(text.as_bytes())?;
        apply(&mut fields, user)?;
        fields.finish()
    }

    fn user() -> User {
        User::new(UserId::parse("u").unwrap(), None, Role::Member, no_meta())
    }

    #[test]
    fn every_field_comes_back_as_it_was_given() {
        let given = json!({
            "user_email": "ada@example.com", "user_alias": "Ada", "user_role": "proxy_admin_viewer",
            "models": ["gpt-4o"], "max_budget": 10.0, "budget_duration": "30d", "metadata": {"a": 1},
            "sso_user_id": "s", "guardrails": ["x"],
        });
        let mut user = user();
        applied(&given.to_string(), &mut user).unwrap();
        assert_eq!(user.role, Role::Auditor);
        let shown = describe(&user, &["t".to_owned()]);
        for (name, value) in given.as_object().unwrap() {
            assert_eq!(shown.get(name), Some(value), "{name}");
        }
        assert_eq!(shown["teams"], json!(["t"]));
    }

    #[test]
    fn what_can_not_be_done_is_refused() {
        for text in [
            r#"{"password": "hunter2hunter2"}"#,
            r#"{"user_role": "org_admin"}"#,
            r#"{"user_email": "nobody"}"#,
            r#"{"teems": []}"#,
        ] {
            assert!(applied(text, &mut user()).is_err(), "{text}");
        }
    }
}
