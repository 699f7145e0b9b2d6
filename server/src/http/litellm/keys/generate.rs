//! Making keys: `/key/generate`, `/key/service-account/generate`.

use axum::Json;
use serde_json::{Map, Value};
use tollgate_control::keys::{self, NewKey};
use tollgate_domain::secret::Secret;

use super::super::body::{Fields, invalid};
use super::super::people::Named;
use super::super::{Answer, Call, LiteLlmError, now};
use super::shape::{self, SERVICE_ACCOUNT};

pub async fn generate(call: Call, mut fields: Fields) -> Answer {
    let mut new = read(&mut fields)?;
    if new.key.user_id.is_none() {
        // A person's key is that person's, unless it is said whose.
        new.key.user_id = call.user().cloned();
    } else if call.may_make_users() {
        call.find_or_make_user(&Named { id: new.key.user_id.clone(), email: None }).await?;
    }
    Ok(Json(Value::Object(create(&call, new).await?)))
}

/// A team's key that is nobody's in person.
pub async fn service_account(call: Call, mut fields: Fields) -> Answer {
    let mut new = read(&mut fields)?;
    if new.key.team_id.is_none() {
        return Err(invalid("team_id", "is needed: a service account belongs to a team").into());
    }
    if new.key.user_id.is_some() {
        return Err(invalid("user_id", "a service account is nobody's in person: leave it out").into());
    }
    let name = new.key.alias.clone().unwrap_or_else(|| "service-account".to_owned());
    new.key.metadata.entry(SERVICE_ACCOUNT).or_insert_with(|| name.into());
    Ok(Json(Value::Object(create(&call, new).await?)))
}

fn read(fields: &mut Fields) -> Result<NewKey, LiteLlmError> {
    let mut new = NewKey { custom_key: fields.text("key")?.value().map(Secret::new), ..NewKey::default() };
    shape::apply(fields, &mut new.key, now())?;
    fields.finish()?;
    Ok(new)
}

/// The new key in LiteLLM's form, with the key itself.
pub async fn create(call: &Call, new: NewKey) -> Result<Map<String, Value>, LiteLlmError> {
    let created = keys::create(call.control(), &call.op, new).await?;
    let tables = call.budget_tables(created.key.budget_id.iter()).await?;
    Ok(shape::describe_new(&created.key, created.plain.expose(), &tables))
}
