//! `/tag/*`

use axum::Json;
use serde_json::{Map, Value, json};
use tollgate_control::{ControlError, records};
use tollgate_domain::ids::{BudgetId, TagId};
use tollgate_domain::limits::Limits;
use tollgate_domain::record::no_meta;
use tollgate_domain::tag::Tag;
use tollgate_store::RecordFilter;

use super::body::{Fields, invalid};
use super::budgets::Tables;
use super::{Answer, Call, LiteLlmError, limits, names};

/// The most tags that a list has.
const MOST: usize = 10_000;

fn read(fields: &mut Fields, tag: &mut Tag) -> Result<(), ControlError> {
    fields.text("description")?.store(&mut tag.description);
    names::models(fields, "models")?.set(&mut tag.models);
    fields.id("budget_id", BudgetId::parse)?.store(&mut tag.budget_id);
    limits::read(fields, &mut tag.limits)?;
    // An answer of ours has it, and may come back.
    fields.raw("model_info");
    fields.finish()
}

fn describe(tag: &Tag, tables: &Tables) -> Value {
    let mut out = Map::new();
    limits::show(&tag.limits, &mut out);
    names::show_meta(&tag.meta, &mut out);
    let named: Map<String, Value> = tag.models.iter().map(|model| (model.as_str().to_owned(), json!(model))).collect();
    out.extend(names::object(json!({
        "name": tag.id,
        "description": tag.description,
        "models": tag.models,
        "model_info": named,
        "budget_id": tag.budget_id,
        "litellm_budget_table": tables.get_or_own(tag.budget_id.as_ref(), &tag.limits),
    })));
    Value::Object(out)
}

pub async fn new(call: Call, mut fields: Fields) -> Answer {
    let id = fields.id("name", TagId::parse)?.value().ok_or_else(|| invalid("name", "is needed"))?;
    let mut tag =
        Tag { id, description: None, models: Vec::new(), budget_id: None, limits: Limits::default(), meta: no_meta() };
    read(&mut fields, &mut tag)?;
    let tag = records::create(call.control(), &call.op, tag).await?;
    let tables = call.budget_tables(tag.budget_id.iter()).await?;
    Ok(Json(json!({"message": format!("Tag {} created successfully", tag.id), "tag": describe(&tag, &tables)})))
}

pub async fn update(call: Call, mut fields: Fields) -> Answer {
    let name = fields.needed("name")?;
    let tag: Tag =
        records::update(call.control(), &call.op, &name, None, |tag: &mut Tag| read(&mut fields, tag)).await?;
    let tables = call.budget_tables(tag.budget_id.iter()).await?;
    Ok(Json(json!({"message": format!("Tag {} updated successfully", tag.id), "tag": describe(&tag, &tables)})))
}

/// `{"names": [...]}`: each by its name.
pub async fn info(call: Call, mut fields: Fields) -> Answer {
    let names = fields.texts("names")?.value().unwrap_or_default();
    fields.finish()?;
    if names.is_empty() {
        return Err(invalid("names", "is needed: a list of tags").into());
    }
    let found: Vec<Tag> = call.by_ids(names.clone()).await?;
    if let Some(missing) = names.iter().find(|name| !found.iter().any(|tag| tag.id.as_str() == *name)) {
        return Err(LiteLlmError::new(
            http::StatusCode::NOT_FOUND,
            format!("Tags not found: {missing}"),
            Some("names"),
        ));
    }
    let tables = call.budget_tables(found.iter().filter_map(|tag| tag.budget_id.as_ref())).await?;
    Ok(Json(Value::Object(found.iter().map(|tag| (tag.id.to_string(), describe(tag, &tables))).collect())))
}

pub async fn list(call: Call) -> Answer {
    let found: Vec<Tag> = records::list_all(call.control(), &call.op, &RecordFilter::default(), MOST).await?;
    let tables = call.budget_tables(found.iter().filter_map(|tag| tag.budget_id.as_ref())).await?;
    Ok(Json(found.iter().map(|tag| describe(tag, &tables)).collect()))
}

pub async fn delete(call: Call, mut fields: Fields) -> Answer {
    let name = fields.needed("name")?;
    fields.finish()?;
    records::delete::<Tag>(call.control(), &call.op, &name, None).await?;
    Ok(Json(json!({"message": format!("Tag {name} deleted successfully")})))
}
