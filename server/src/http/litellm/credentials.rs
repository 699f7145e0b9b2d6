//! `/credentials*`: secrets that models share. They can be set and used, never read again.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::Path;
use serde_json::{Map, Value, json};
use tollgate_control::{Control, ControlError, records};
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::ids::CredentialId;
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;
use tollgate_store::RecordFilter;

use super::body::{Fields, invalid};
use super::{Answer, Call, names};

/// The most credentials of a list.
const MOST: usize = 10_000;

/// What stands for a value that is set.
const HIDDEN: &str = "********";

/// Reads `credential_values` and `credential_info`; a value that is `null` is taken away.
fn apply(control: &Control, fields: &mut Fields, credential: &mut Credential) -> Result<(), ControlError> {
    if let Some(mut values) = fields.fields("credential_values")?.value() {
        for (name, value) in values.rest()? {
            match value {
                Value::Null => {
                    credential.values.remove(&name);
                }
                // What an answer of ours had in place of the value: it stays.
                Value::String(text) if text == HIDDEN => {}
                Value::String(text) => control.put_secret(credential, &name, &Secret::new(text))?,
                other => control.put_secret(credential, &name, &Secret::new(other.to_string()))?,
            }
        }
    }
    fields.object("credential_info")?.set(&mut credential.info);
    let provider = credential.info.get("custom_llm_provider").and_then(Value::as_str);
    credential.provider = provider.map(str::to_lowercase);
    fields.finish()
}

fn describe(credential: &Credential) -> Value {
    let values: Map<String, Value> = credential.values.keys().map(|name| (name.clone(), HIDDEN.into())).collect();
    let mut out = names::object(json!({
        "credential_name": credential.id, "credential_values": values, "credential_info": credential.info,
    }));
    names::show_meta(&credential.meta, &mut out);
    Value::Object(out)
}

pub async fn new(call: Call, mut fields: Fields) -> Answer {
    let id = fields.id("credential_name", CredentialId::parse)?.value();
    let id = id.ok_or_else(|| invalid("credential_name", "is needed"))?;
    let mut new = Credential { id, provider: None, values: BTreeMap::new(), info: Map::new(), meta: no_meta() };
    if fields.has("model_id") {
        return Err(invalid("model_id", "a model's own secrets can't be read: give `credential_values`").into());
    }
    apply(call.control(), &mut fields, &mut new)?;
    records::create(call.control(), &call.op, new).await?;
    Ok(Json(json!({"success": true, "message": "Credential created successfully"})))
}

pub async fn update(call: Call, Path(name): Path<String>, mut fields: Fields) -> Answer {
    if fields.text("credential_name")?.value().is_some_and(|given| given != name) {
        return Err(invalid("credential_name", "a credential's name can't be changed").into());
    }
    let change = |credential: &mut Credential| apply(call.control(), &mut fields, credential);
    records::update(call.control(), &call.op, &name, None, change).await?;
    Ok(Json(json!({"success": true, "message": "Credential updated successfully"})))
}

pub async fn list(call: Call) -> Answer {
    let found: Vec<Credential> = records::list_all(call.control(), &call.op, &RecordFilter::default(), MOST).await?;
    let credentials: Vec<Value> = found.iter().map(describe).collect();
    Ok(Json(json!({"success": true, "credentials": credentials})))
}

pub async fn by_name(call: Call, Path(name): Path<String>) -> Answer {
    let found: Credential = records::get(call.control(), &call.op, &name).await?;
    Ok(Json(describe(&found)))
}

/// The credential that a model of the database uses.
pub async fn by_model(call: Call, Path(id): Path<String>) -> Answer {
    let model: StoredDeployment = records::get(call.control(), &call.op, &id).await?;
    let name =
        model.credential.ok_or_else(|| ControlError::NotFound { what: "a credential of this model".to_owned() })?;
    let found: Credential = records::get(call.control(), &call.op, name.as_str()).await?;
    Ok(Json(describe(&found)))
}

pub async fn delete(call: Call, Path(name): Path<String>) -> Answer {
    records::delete::<Credential>(call.control(), &call.op, &name, None).await?;
    Ok(Json(json!({"success": true, "message": "Credential deleted successfully"})))
}
