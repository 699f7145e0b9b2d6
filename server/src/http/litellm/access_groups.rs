//! `/access_group/*` and `/v1/access_group*`: models that access is given to as a whole.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Value, json};
use tollgate_control::{ControlError, records};
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::ids::AccessGroupId;
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::no_meta;
use tollgate_store::RecordFilter;

use super::body::{Fields, invalid};
use super::{Answer, Call, LiteLlmError, names};

/// The most groups of a list.
const MOST: usize = 10_000;

fn group(id: AccessGroupId, models: Vec<ModelPattern>) -> AccessGroup {
    AccessGroup { id, description: None, models, meta: no_meta() }
}

async fn all(call: &Call) -> Result<Vec<AccessGroup>, LiteLlmError> {
    Ok(records::list_all(call.control(), &call.op, &RecordFilter::default(), MOST).await?)
}

/// The older routes' form.
fn describe(call: &Call, group: &AccessGroup) -> Value {
    let catalog = call.server.gateway().catalog();
    let of_group = |name: &str| group.models.iter().any(|pattern| pattern.as_str() == name || pattern.matches(name));
    let count = catalog.deployments().iter().filter(|deployment| of_group(deployment.model.as_str())).count();
    json!({"access_group": group.id, "model_names": group.models, "deployment_count": count})
}

fn named(fields: &mut Fields) -> Result<Vec<ModelPattern>, ControlError> {
    let models = names::models(fields, "model_names")?.value().unwrap_or_default();
    if fields.has("model_ids") {
        return Err(invalid("model_ids", "a group holds models by name: give `model_names`"));
    }
    fields.finish()?;
    if models.is_empty() { Err(invalid("model_names", "is needed: at least one model")) } else { Ok(models) }
}

pub async fn new(call: Call, mut fields: Fields) -> Answer {
    let id = fields.id("access_group", AccessGroupId::parse)?.value();
    let id = id.ok_or_else(|| invalid("access_group", "is needed"))?;
    let models = named(&mut fields)?;
    let made = records::create(call.control(), &call.op, group(id, models)).await?;
    let shown = describe(&call, &made);
    Ok(Json(json!({
        "access_group": made.id, "model_names": made.models, "models_updated": shown["deployment_count"],
    })))
}

pub async fn list(call: Call) -> Answer {
    let groups: Vec<Value> = all(&call).await?.iter().map(|group| describe(&call, group)).collect();
    Ok(Json(json!({ "access_groups": groups })))
}

pub async fn info(call: Call, Path(name): Path<String>) -> Answer {
    let found: AccessGroup = records::get(call.control(), &call.op, &name).await?;
    Ok(Json(describe(&call, &found)))
}

pub async fn update(call: Call, Path(name): Path<String>, mut fields: Fields) -> Answer {
    let models = named(&mut fields)?;
    let set = |group: &mut AccessGroup| {
        group.models = models;
        Ok(())
    };
    let changed: AccessGroup = records::update(call.control(), &call.op, &name, None, set).await?;
    let shown = describe(&call, &changed);
    Ok(Json(json!({
        "access_group": changed.id, "model_names": changed.models, "models_updated": shown["deployment_count"],
    })))
}

pub async fn delete(call: Call, Path(name): Path<String>) -> Answer {
    let gone: AccessGroup = records::delete(call.control(), &call.op, &name, None).await?;
    let shown = describe(&call, &gone);
    Ok(Json(json!({
        "access_group": gone.id, "models_updated": shown["deployment_count"],
        "message": format!("Access group '{}' deleted successfully", gone.id),
    })))
}

/// The newer routes' form.
fn describe_v1(group: &AccessGroup) -> Value {
    let mut out = names::object(json!({
        "access_group_id": group.id,
        "access_group_name": group.id,
        "description": group.description,
        "access_model_names": group.models,
        "access_mcp_server_ids": [],
        "access_agent_ids": [],
    }));
    names::show_meta(&group.meta, &mut out);
    Value::Object(out)
}

fn read_v1(fields: &mut Fields, group: &mut AccessGroup) -> Result<(), ControlError> {
    fields.text("description")?.store(&mut group.description);
    names::models(fields, "access_model_names")?.set(&mut group.models);
    for (name, instead) in [
        ("access_mcp_server_ids", "a group holds models alone"),
        ("access_agent_ids", "a group holds models alone"),
        ("assigned_team_ids", "name the group in the team's `access_group_ids` instead"),
        ("assigned_key_ids", "name the group in the key's `access_group_ids` instead"),
    ] {
        if fields.texts(name)?.value().is_some_and(|ids| !ids.is_empty()) {
            return Err(invalid(name, instead));
        }
    }
    fields.finish()
}

pub async fn new_v1(call: Call, mut fields: Fields) -> Result<Response, LiteLlmError> {
    let id = fields.id("access_group_name", AccessGroupId::parse)?.value();
    let mut new = group(id.ok_or_else(|| invalid("access_group_name", "is needed"))?, Vec::new());
    read_v1(&mut fields, &mut new)?;
    let made = records::create(call.control(), &call.op, new).await?;
    Ok((StatusCode::CREATED, Json(describe_v1(&made))).into_response())
}

pub async fn list_v1(call: Call) -> Answer {
    Ok(Json(all(&call).await?.iter().map(describe_v1).collect()))
}

pub async fn info_v1(call: Call, Path(id): Path<String>) -> Answer {
    let found: AccessGroup = records::get(call.control(), &call.op, &id).await?;
    Ok(Json(describe_v1(&found)))
}

pub async fn update_v1(call: Call, Path(id): Path<String>, mut fields: Fields) -> Answer {
    if fields.text("access_group_name")?.value().is_some_and(|name| name != id) {
        return Err(invalid("access_group_name", "a group's name is its id, and can't be changed").into());
    }
    let change = |group: &mut AccessGroup| read_v1(&mut fields, group);
    let changed: AccessGroup = records::update(call.control(), &call.op, &id, None, change).await?;
    Ok(Json(describe_v1(&changed)))
}

pub async fn delete_v1(call: Call, Path(id): Path<String>) -> Result<StatusCode, LiteLlmError> {
    records::delete::<AccessGroup>(call.control(), &call.op, &id, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
