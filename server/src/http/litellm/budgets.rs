//! `/budget/*`: reusable budgets; and how a budget is shown where something points to it.

use std::collections::BTreeMap;

use axum::Json;
use serde_json::{Map, Value, json};
use tollgate_control::{ControlError, records};
use tollgate_domain::actor::Visible;
use tollgate_domain::budget::Budget;
use tollgate_domain::ids::BudgetId;
use tollgate_domain::limits::Limits;
use tollgate_domain::record::no_meta;
use tollgate_store::{RecordFilter, Table};

use super::body::{Field, Fields, invalid, parse_id};
use super::params::Params;
use super::{Answer, Call, LiteLlmError, limits, names};

/// The most of them that a list has.
const MOST: usize = 10_000;

/// Budgets that an answer's things point to.
#[derive(Clone, Debug, Default)]
pub struct Tables(BTreeMap<BudgetId, Budget>);

impl Tables {
    /// LiteLLM's `litellm_budget_table`; `null` without a budget.
    pub fn get(&self, id: Option<&BudgetId>) -> Value {
        let found = id.and_then(|id| self.0.get(id));
        found.map_or(Value::Null, |budget| Value::Object(table(Some(&budget.id), &budget.limits)))
    }

    /// The same for what LiteLLM gives a budget of its own: limits that belong to the thing itself.
    pub fn get_or_own(&self, id: Option<&BudgetId>, own: &Limits) -> Value {
        match self.get(id) {
            Value::Null if !own.is_empty() => Value::Object(table(None, own)),
            found => found,
        }
    }
}

/// Limits as LiteLLM shows a row of its budgets.
pub fn table(id: Option<&BudgetId>, own: &Limits) -> Map<String, Value> {
    let mut out = Map::from_iter([("budget_id".to_owned(), json!(id)), ("budget_reset_at".to_owned(), Value::Null)]);
    limits::show(own, &mut out);
    out
}

impl Call {
    /// The budgets that something points to. Whoever may see the thing may see what limits it.
    pub(super) async fn budget_tables<'a>(
        &self,
        ids: impl Iterator<Item = &'a BudgetId>,
    ) -> Result<Tables, LiteLlmError> {
        let mut ids: Vec<String> = ids.map(ToString::to_string).collect();
        ids.sort();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Tables::default());
        }
        let filter = RecordFilter { ids: Some(ids), ..RecordFilter::default() };
        let found: Vec<Budget> = self.server.store().list_all(&Visible::All, &filter, MOST).await?;
        Ok(Tables(found.into_iter().map(|budget| (budget.id.clone(), budget)).collect()))
    }

    /// Those with these ids that whoever asks may see.
    pub(super) async fn by_ids<T: tollgate_control::Managed + Table>(
        &self,
        mut ids: Vec<String>,
    ) -> Result<Vec<T>, LiteLlmError> {
        ids.sort();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let filter = RecordFilter { ids: Some(ids), ..RecordFilter::default() };
        Ok(records::list_all(self.control(), &self.op, &filter, MOST).await?)
    }
}

fn describe(budget: &Budget) -> Value {
    let mut out = table(Some(&budget.id), &budget.limits);
    names::show_meta(&budget.meta, &mut out);
    Value::Object(out)
}

fn read(fields: &mut Fields, own: &mut Limits) -> Result<(), ControlError> {
    limits::read(fields, own)?;
    if let Field::Value(_) = fields.text("budget_reset_at")? {
        return Err(invalid("budget_reset_at", "follows from `budget_duration`, and can't be set"));
    }
    fields.finish()
}

pub async fn new(call: Call, mut fields: Fields) -> Answer {
    let id = fields.id("budget_id", BudgetId::parse)?.value().unwrap_or_else(|| call.new_id(BudgetId::new));
    let mut own = Limits::default();
    read(&mut fields, &mut own)?;
    let budget = Budget { name: id.to_string(), id, limits: own, meta: no_meta() };
    Ok(Json(describe(&records::create(call.control(), &call.op, budget).await?)))
}

pub async fn update(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("budget_id")?;
    let change = |budget: &mut Budget| read(&mut fields, &mut budget.limits);
    Ok(Json(describe(&records::update(call.control(), &call.op, &id, None, change).await?)))
}

/// `{"budgets": [id, …]}`
pub async fn info(call: Call, mut fields: Fields) -> Answer {
    let ids = fields.texts("budgets")?.value().unwrap_or_default();
    fields.finish()?;
    if ids.is_empty() {
        return Err(invalid("budgets", "is needed: a list of ids").into());
    }
    let found: Vec<Budget> = call.by_ids(ids).await?;
    Ok(Json(found.iter().map(describe).collect()))
}

pub async fn list(call: Call) -> Answer {
    let found: Vec<Budget> = records::list_all(call.control(), &call.op, &RecordFilter::default(), MOST).await?;
    Ok(Json(found.iter().map(describe).collect()))
}

pub async fn delete(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("id")?;
    fields.finish()?;
    let deleted: Budget = records::delete(call.control(), &call.op, &id, None).await?;
    Ok(Json(describe(&deleted)))
}

/// What can be set in a budget, with what is set: for forms.
pub async fn settings(call: Call, params: Params) -> Answer {
    const FIELDS: [(&str, &str, &str); 7] = [
        ("max_budget", "Float", "Calls are refused when spend goes beyond it, in dollars."),
        ("soft_budget", "Float", "Going beyond it is told, not refused, in dollars."),
        ("budget_duration", "String", "When the budget begins anew: 30d, 24h, monthly."),
        ("max_parallel_requests", "Integer", "Calls under way at once."),
        ("tpm_limit", "Integer", "Tokens a minute."),
        ("rpm_limit", "Integer", "Requests a minute."),
        ("model_max_budget", "Object", "Budgets of single models."),
    ];
    let id = parse_id("budget_id", params.needed("budget_id")?, BudgetId::parse)?;
    let budget: Budget = records::get(call.control(), &call.op, id.as_str()).await?;
    let values = table(Some(&budget.id), &budget.limits);
    let fields = FIELDS.iter().map(|(name, kind, description)| {
        let value = values.get(*name).cloned().unwrap_or(Value::Null);
        json!({
            "field_name": name, "field_type": kind, "field_description": description, "field_value": value,
            "stored_in_db": true, "field_default_value": null,
        })
    });
    Ok(Json(fields.collect()))
}
