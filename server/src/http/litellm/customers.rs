//! `/customer/*`, and the same as `/end_user/*`.

use axum::Json;
use serde_json::{Map, Value, json};
use tollgate_control::{ControlError, records};
use tollgate_domain::customer::Customer;
use tollgate_domain::ids::{BudgetId, CustomerId};
use tollgate_domain::limits::Limits;
use tollgate_domain::record::no_meta;
use tollgate_domain::report::TotalsOf;
use tollgate_store::RecordFilter;

use super::body::{Fields, invalid, parse_id};
use super::budgets::Tables;
use super::params::Params;
use super::spend::Spent;
use super::{Answer, Call, LiteLlmError, limits, money, names};

/// The most customers of one call, and of a list.
const MOST_AT_ONCE: usize = 500;
const MOST: usize = 10_000;

/// Fields that are kept and returned as they are.
const KEPT: &[(&str, &str)] = &[("object_permission", "null")];

fn customer(id: CustomerId) -> Customer {
    Customer {
        id,
        name: None,
        blocked: false,
        budget_id: None,
        limits: Limits::default(),
        models: Vec::new(),
        default_model: None,
        allowed_model_region: None,
        metadata: Map::new(),
        settings: Map::new(),
        meta: no_meta(),
    }
}

fn read(fields: &mut Fields, customer: &mut Customer) -> Result<(), ControlError> {
    fields.word("alias")?.store(&mut customer.name);
    fields.boolean("blocked")?.set(&mut customer.blocked);
    fields.id("budget_id", BudgetId::parse)?.store(&mut customer.budget_id);
    fields.word("default_model")?.store(&mut customer.default_model);
    fields.word("allowed_model_region")?.store(&mut customer.allowed_model_region);
    names::models(fields, "models")?.set(&mut customer.models);
    fields.object("metadata")?.set(&mut customer.metadata);
    limits::read(fields, &mut customer.limits)?;
    names::no_spend(fields)?;
    fields.keep(KEPT, &mut customer.settings)?;
    fields.finish()
}

fn describe(customer: &Customer, tables: &Tables, spent: &Spent) -> Value {
    let mut out = Map::new();
    names::show_kept(KEPT, &customer.settings, &mut out);
    out.extend(names::object(json!({
        "user_id": customer.id,
        "alias": customer.name,
        "blocked": customer.blocked,
        "spend": money::show(spent.of(customer.id.as_str())),
        "allowed_model_region": customer.allowed_model_region,
        "default_model": customer.default_model,
        "models": customer.models,
        "metadata": customer.metadata,
        "budget_id": customer.budget_id,
        "litellm_budget_table": tables.get_or_own(customer.budget_id.as_ref(), &customer.limits),
    })));
    Value::Object(out)
}

async fn describe_all(call: &Call, customers: &[Customer]) -> Result<Vec<Value>, LiteLlmError> {
    let tables = call.budget_tables(customers.iter().filter_map(|customer| customer.budget_id.as_ref())).await?;
    let spent = call.spent(TotalsOf::Customer, customers.iter().map(|customer| customer.id.to_string())).await?;
    Ok(customers.iter().map(|customer| describe(customer, &tables, &spent)).collect())
}

async fn answer(call: &Call, customer: &Customer) -> Answer {
    Ok(Json(describe_all(call, std::slice::from_ref(customer)).await?.into_iter().next().unwrap_or_default()))
}

pub async fn new(call: Call, mut fields: Fields) -> Answer {
    let id = fields.id("user_id", CustomerId::parse)?.value().ok_or_else(|| invalid("user_id", "is needed"))?;
    let mut new = customer(id);
    read(&mut fields, &mut new)?;
    answer(&call, &records::create(call.control(), &call.op, new).await?).await
}

pub async fn update(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("user_id")?;
    let change = |customer: &mut Customer| read(&mut fields, customer);
    let changed: Customer = records::update(call.control(), &call.op, &id, None, change).await?;
    answer(&call, &changed).await
}

pub async fn info(call: Call, params: Params) -> Answer {
    let id = params.needed("end_user_id")?;
    answer(&call, &records::get(call.control(), &call.op, id).await?).await
}

pub async fn list(call: Call) -> Answer {
    let found: Vec<Customer> = records::list_all(call.control(), &call.op, &RecordFilter::default(), MOST).await?;
    Ok(Json(describe_all(&call, &found).await?.into()))
}

fn ids(fields: &mut Fields) -> Result<Vec<String>, LiteLlmError> {
    let ids = fields.texts("user_ids")?.value().unwrap_or_default();
    fields.finish()?;
    if ids.is_empty() || ids.len() > MOST_AT_ONCE {
        return Err(invalid("user_ids", format!("from 1 to {MOST_AT_ONCE} customers")).into());
    }
    Ok(ids)
}

pub async fn delete(call: Call, mut fields: Fields) -> Answer {
    let ids = ids(&mut fields)?;
    let found: Vec<Customer> = call.by_ids(ids.clone()).await?;
    if let Some(missing) = ids.iter().find(|id| !found.iter().any(|customer| customer.id.as_str() == *id)) {
        let message = format!("There is no customer `{missing}`; none was deleted.");
        return Err(LiteLlmError::new(http::StatusCode::NOT_FOUND, message, Some("user_ids")));
    }
    for customer in &found {
        records::delete::<Customer>(call.control(), &call.op, customer.id.as_str(), None).await?;
    }
    Ok(Json(json!({
        "deleted_customers": found.len(),
        "message": format!("Successfully deleted customers with ids: {}", ids.join(", ")),
    })))
}

pub async fn block(call: Call, fields: Fields) -> Answer {
    set_blocked(&call, fields, true).await
}

pub async fn unblock(call: Call, fields: Fields) -> Answer {
    set_blocked(&call, fields, false).await
}

/// One who is not known yet can be blocked too: applications name their customers as they please.
async fn set_blocked(call: &Call, mut fields: Fields, blocked: bool) -> Answer {
    let ids = ids(&mut fields)?;
    let mut changed = Vec::with_capacity(ids.len());
    for id in ids {
        let action = if blocked { "customer.block" } else { "customer.unblock" };
        let set = |customer: &mut Customer| {
            customer.blocked = blocked;
            Ok(())
        };
        let done = records::update_as(call.control(), &call.op, &id, None, action, set).await;
        changed.push(match done {
            Err(ControlError::NotFound { .. }) if blocked => {
                let new = Customer { blocked, ..customer(parse_id("user_ids", &id, CustomerId::parse)?) };
                records::create(call.control(), &call.op, new).await?
            }
            done => done?,
        });
    }
    Ok(Json(json!({ "blocked_users": describe_all(call, &changed).await? })))
}
