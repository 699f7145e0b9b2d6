//! Changing keys: update, block, unblock, regenerate, delete.

use axum::Json;
use axum::extract::Path;
use serde_json::{Value, json};
use tollgate_control::keys::{self, KeyRef, RotateKey};
use tollgate_domain::secret::Secret;

use super::super::body::{Fields, invalid};
use super::super::people::Named;
use super::super::{Answer, Call, LiteLlmError, duration};
use super::{key_ref, pointed_out, shape};

pub async fn update(call: Call, mut fields: Fields) -> Answer {
    update_one(&call, &mut fields).await.map(Json)
}

/// One key by what `fields` say, in LiteLLM's form.
pub async fn update_one(call: &Call, fields: &mut Fields) -> Result<Value, LiteLlmError> {
    let (given, reference) = pointed_out(fields)?;
    make_user(call, fields).await?;
    let key = keys::update(call.control(), &call.op, &reference, None, |key, now| {
        shape::apply(fields, key, now)?;
        fields.finish()
    })
    .await?;
    let row = keys::get(call.control(), &call.op, &KeyRef::Id(key.id)).await?;
    let tables = call.budget_tables(key.budget_id.iter()).await?;
    let spent = call.counted(std::slice::from_ref(&row)).await?;
    let mut out = shape::describe_row(&row, &tables, spent.first());
    out.insert("key".to_owned(), given.into());
    out.insert("token".to_owned(), key.digest.to_hex().into());
    Ok(Value::Object(out))
}

/// An administrator who gives a key to somebody unknown makes them known.
async fn make_user(call: &Call, fields: &Fields) -> Result<(), LiteLlmError> {
    let id = fields.clone().id("user_id", tollgate_domain::ids::UserId::parse)?.value();
    let id = id.filter(|id| id.as_str() != super::super::names::MASTER_USER);
    if id.is_some() && call.may_make_users() {
        call.find_or_make_user(&Named { id, email: None }).await?;
    }
    Ok(())
}

pub async fn block(call: Call, fields: Fields) -> Answer {
    set_blocked(&call, fields, true).await
}

pub async fn unblock(call: Call, fields: Fields) -> Answer {
    set_blocked(&call, fields, false).await
}

async fn set_blocked(call: &Call, mut fields: Fields, blocked: bool) -> Answer {
    let given = fields.needed("key")?;
    fields.finish()?;
    let key = keys::set_blocked(call.control(), &call.op, &key_ref(&given), blocked).await?;
    let tables = call.budget_tables(key.budget_id.iter()).await?;
    let mut out = shape::describe(&key, &tables);
    out.insert("token".to_owned(), key.digest.to_hex().into());
    out.insert("blocked".to_owned(), blocked.into());
    Ok(Json(Value::Object(out)))
}

pub async fn regenerate(call: Call, mut fields: Fields) -> Answer {
    let given = fields.needed("key")?;
    rotate(&call, &given, fields).await
}

/// `/key/{key}/regenerate`
pub async fn regenerate_named(call: Call, Path(given): Path<String>, mut fields: Fields) -> Answer {
    // The same key may be named in the body too.
    fields.raw("key");
    rotate(&call, &given, fields).await
}

async fn rotate(call: &Call, given: &str, mut fields: Fields) -> Answer {
    let reference = key_ref(given);
    if call.server.master_key().is_some_and(|master| reference == KeyRef::Digest(master)) {
        return Err(invalid("key", "the master key is set where the gateway is started, and changed there").into());
    }
    let grace = fields.text("grace_period")?.value().filter(|text| !text.is_empty());
    let how = RotateKey {
        custom_key: fields.text("new_key")?.value().map(Secret::new),
        grace_seconds: grace.map_or(Ok(0), |text| duration::seconds("grace_period", &text))?,
    };
    let rotated = keys::rotate(call.control(), &call.op, &reference, how, |key, now| {
        shape::apply(&mut fields, key, now)?;
        fields.finish()
    })
    .await?;
    let tables = call.budget_tables(rotated.key.budget_id.iter()).await?;
    Ok(Json(Value::Object(shape::describe_new(&rotated.key, rotated.plain.expose(), &tables))))
}

pub async fn delete(call: Call, mut fields: Fields) -> Answer {
    let given = fields.texts("keys")?.value().unwrap_or_default();
    let aliases = fields.texts("key_aliases")?.value().unwrap_or_default();
    fields.finish()?;
    if given.is_empty() && aliases.is_empty() {
        return Err(invalid("keys", "is needed, or `key_aliases`: which keys to delete").into());
    }
    let mut references: Vec<KeyRef> = given.iter().map(|key| key_ref(key)).collect();
    references.extend(aliases.iter().cloned().map(KeyRef::Alias));
    keys::delete(call.control(), &call.op, &references).await?;
    let deleted: Vec<String> = given.into_iter().chain(aliases).collect();
    Ok(Json(json!({ "deleted_keys": deleted })))
}
