//! An organisation's fields in LiteLLM's form: read into an organisation, and shown.

use serde_json::{Map, Value, json};
use tollgate_control::ControlError;
use tollgate_domain::ids::BudgetId;
use tollgate_domain::membership::Membership;
use tollgate_domain::organisation::Organisation;

use super::super::body::{Field, Fields};
use super::super::budgets::Tables;
use super::super::{keys, limits, names};

/// Fields that are kept and returned as they are.
const KEPT: &[(&str, &str)] =
    &[("guardrails", "null"), ("object_permission", "null"), ("policies", "null"), ("router_settings", "null")];

/// Reads everything that an organisation may be given, at its making or later, and refuses the rest.
pub fn apply(fields: &mut Fields, organisation: &mut Organisation) -> Result<(), ControlError> {
    if let Field::Value(name) = fields.word("organization_alias")? {
        organisation.name = name;
    }
    names::models(fields, "models")?.set(&mut organisation.models);
    keys::access_groups(fields)?.set(&mut organisation.access_groups);
    fields.boolean("blocked")?.set(&mut organisation.blocked);
    fields.id("budget_id", BudgetId::parse)?.store(&mut organisation.budget_id);
    limits::read(fields, &mut organisation.limits)?;
    fields.object("metadata")?.set(&mut organisation.metadata);
    names::no_spend(fields)?;
    fields.keep(KEPT, &mut organisation.settings)?;
    fields.finish()
}

/// An organisation in LiteLLM's form, without what belongs to it.
pub fn describe(organisation: &Organisation, tables: &Tables) -> Map<String, Value> {
    let mut out = Map::new();
    names::show_kept(KEPT, &organisation.settings, &mut out);
    limits::show(&organisation.limits, &mut out);
    names::show_meta(&organisation.meta, &mut out);
    out.extend(names::object(json!({
        "organization_id": organisation.id,
        "organization_alias": organisation.name,
        "models": organisation.models,
        "access_group_ids": organisation.access_groups,
        "blocked": organisation.blocked,
        "budget_id": organisation.budget_id,
        "litellm_budget_table": tables.get_or_own(organisation.budget_id.as_ref(), &organisation.limits),
        "metadata": organisation.metadata,
        "spend": 0.0,
        "model_spend": {},
    })));
    out
}

pub fn describe_membership(membership: &Membership, tables: &Tables) -> Value {
    let mut out = names::object(json!({
        "user_id": membership.user_id,
        "organization_id": membership.group.organisation(),
        "user_role": names::organisation_role(membership.role),
        "spend": 0.0,
        "budget_id": membership.budget_id,
        "litellm_budget_table": tables.get_or_own(membership.budget_id.as_ref(), &membership.limits),
    }));
    names::show_meta(&membership.meta, &mut out);
    Value::Object(out)
}
