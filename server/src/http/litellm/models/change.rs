//! Models of the database, made, changed, blocked and deleted. Those of the configuration file are changed there.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use serde_json::{Map, Value, json};
use tollgate_control::secrets::is_secret_param;
use tollgate_control::{Control, ControlError, records};
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::ids::{CredentialId, DeploymentId};
use tollgate_domain::model::{ModelPattern, Origin};
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;

use super::super::body::{Field, Fields, invalid, parse_id};
use super::super::{Answer, Call, LiteLlmError};
use super::shape;

/// `{model_name, litellm_params, model_info}`
pub async fn new(call: Call, mut fields: Fields) -> Answer {
    let model = ModelPattern::new(fields.needed("model_name")?);
    let info = fields.fields("model_info")?.value().unwrap_or_default();
    let id = info.clone().id("id", DeploymentId::parse)?.value().unwrap_or_else(|| call.new_id(DeploymentId::new));
    let mut new = StoredDeployment {
        id,
        model,
        params: Map::new(),
        secrets: BTreeMap::new(),
        credential: None,
        info: Map::new(),
        blocked: false,
        meta: no_meta(),
    };
    let params = fields.fields("litellm_params")?.value().ok_or_else(|| invalid("litellm_params", "is needed"))?;
    fields.finish()?;
    not_in_file(&call, new.id.as_str())?;
    apply(call.control(), &mut new, params, info)?;
    let made = records::create(call.control(), &call.op, new).await?;
    Ok(Json(shape::describe_stored(&made)))
}

/// `{model_name?, litellm_params?, model_info: {id}}`: what is left out stays.
pub async fn update(call: Call, mut fields: Fields) -> Answer {
    let info = fields.fields("model_info")?.value().unwrap_or_default();
    let id = info.clone().id("id", DeploymentId::parse)?.value();
    let id = id.ok_or_else(|| invalid("model_info", "needs the `id` of the model that shall be changed"))?;
    change(&call, id.as_str(), fields, info).await
}

/// PATCH `/model/{id}/update`
pub async fn patch(call: Call, Path(id): Path<String>, mut fields: Fields) -> Answer {
    let info = fields.fields("model_info")?.value().unwrap_or_default();
    change(&call, &id, fields, info).await
}

async fn change(call: &Call, id: &str, mut fields: Fields, info: Fields) -> Answer {
    let name = fields.word("model_name")?.value();
    let params = fields.fields("litellm_params")?.value().unwrap_or_default();
    fields.finish()?;
    not_in_file(call, id)?;
    let change = |stored: &mut StoredDeployment| {
        if let Some(name) = name {
            stored.model = ModelPattern::new(name);
        }
        apply(call.control(), stored, params, info)
    };
    let changed: StoredDeployment = records::update(call.control(), &call.op, id, None, change).await?;
    Ok(Json(shape::describe_stored(&changed)))
}

/// Puts parameters and information where they belong; secrets go to the vault. `null` takes one away.
fn apply(
    control: &Control,
    stored: &mut StoredDeployment,
    mut params: Fields,
    mut info: Fields,
) -> Result<(), ControlError> {
    params.id("litellm_credential_name", CredentialId::parse)?.store(&mut stored.credential);
    for (name, value) in params.rest()? {
        if !is_secret_param(&name) {
            put(&mut stored.params, name, value);
            continue;
        }
        match value {
            Value::Null => {
                stored.secrets.remove(&name);
            }
            Value::String(text) => control.put_secret(stored, &name, &Secret::new(text))?,
            // Headers and service accounts are objects; they are kept as their text.
            other => control.put_secret(stored, &name, &Secret::new(other.to_string()))?,
        }
    }
    if let Field::Value(id) = info.id("id", DeploymentId::parse)?
        && id != stored.id
    {
        return Err(invalid("model_info", "a model's `id` can't be changed"));
    }
    info.boolean("blocked")?.set(&mut stored.blocked);
    // Answers of ours have it, and may come back.
    info.raw("db_model");
    for (name, value) in info.rest()? {
        put(&mut stored.info, name, value);
    }
    Ok(())
}

fn put(map: &mut Map<String, Value>, name: String, value: Value) {
    if value.is_null() {
        map.remove(&name);
    } else {
        map.insert(name, value);
    }
}

/// What stands in the configuration file is changed there, by whoever can.
fn not_in_file(call: &Call, id: &str) -> Result<(), LiteLlmError> {
    let catalog = call.server.gateway().catalog();
    let found = catalog.deployments().iter().find(|deployment| deployment.id == id);
    match found.map(|found| &found.origin) {
        None | Some(Origin::Database) => Ok(()),
        Some(_) => {
            Err(invalid("id", format!("the model `{id}` stands in the configuration, and is changed there")).into())
        }
    }
}

pub async fn delete(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("id")?;
    fields.finish()?;
    not_in_file(&call, &id)?;
    records::delete::<StoredDeployment>(call.control(), &call.op, &id, None).await?;
    Ok(Json(json!({"message": format!("Model: {id} deleted successfully")})))
}

pub async fn block(call: Call, fields: Fields) -> Answer {
    set_blocked(&call, fields, true).await
}

pub async fn unblock(call: Call, fields: Fields) -> Answer {
    set_blocked(&call, fields, false).await
}

/// `{"id"}`, or `{"model_id"}`.
async fn set_blocked(call: &Call, mut fields: Fields, blocked: bool) -> Answer {
    let id = match fields.word("id")?.value() {
        Some(id) => id,
        None => fields.needed("model_id")?,
    };
    fields.raw("model_id");
    fields.finish()?;
    let id = parse_id("id", &id, DeploymentId::parse)?;
    not_in_file(call, id.as_str())?;
    let action = if blocked { "model.block" } else { "model.unblock" };
    let set = |stored: &mut StoredDeployment| {
        stored.blocked = blocked;
        Ok(())
    };
    let changed: StoredDeployment =
        records::update_as(call.control(), &call.op, id.as_str(), None, action, set).await?;
    Ok(Json(shape::describe_stored(&changed)))
}
