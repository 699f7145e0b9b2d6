//! Looking at keys: `/key/info`, `/v2/key/info`, `/key/health`.

use axum::Json;
use serde_json::{Value, json};
use tollgate_control::ControlError;
use tollgate_control::keys::{self, KeyRef};
use tollgate_domain::summary::KeyRow;

use super::super::body::{Fields, invalid};
use super::super::params::Params;
use super::super::{Answer, Call, LiteLlmError};
use super::{key_ref, shape};

/// The most keys of one call.
const MOST: usize = 100;

/// Any key may look at itself; at others, whoever may.
async fn look(call: &Call, reference: &KeyRef) -> Result<KeyRow, ControlError> {
    match &call.key {
        Some(own) if *reference == KeyRef::Digest(own.digest) || *reference == KeyRef::Id(own.id) => {
            keys::own(call.control(), own.id).await
        }
        _ => keys::get(call.control(), &call.op, reference).await,
    }
}

pub async fn info(call: Call, params: Params) -> Answer {
    let (shown, reference) = match (params.text("key"), &call.key) {
        (Some(given), _) => (given.to_owned(), key_ref(given)),
        (None, Some(own)) => (own.digest.to_hex(), KeyRef::Id(own.id)),
        (None, None) => return Err(invalid("key", "is needed: the master key is no virtual key").into()),
    };
    let row = look(&call, &reference).await?;
    let tables = call.budget_tables(row.key.budget_id.iter()).await?;
    let spent = call.counted(std::slice::from_ref(&row)).await?;
    Ok(Json(json!({"key": shown, "info": shape::describe_row(&row, &tables, spent.first())})))
}

/// `{"keys": [...]}`: what is known of each; those that are unknown are left out.
pub async fn info_many(call: Call, mut fields: Fields) -> Answer {
    let given = fields.texts("keys")?.value().unwrap_or_default();
    fields.finish()?;
    if given.is_empty() || given.len() > MOST {
        return Err(invalid("keys", format!("from 1 to {MOST} keys")).into());
    }
    let mut rows = Vec::with_capacity(given.len());
    for key in &given {
        match look(&call, &key_ref(key)).await {
            Ok(row) => rows.push(row),
            Err(ControlError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let tables = call.budget_tables(rows.iter().filter_map(|row| row.key.budget_id.as_ref())).await?;
    let spent = call.counted(&rows).await?;
    let info: Vec<Value> = rows
        .iter()
        .zip(&spent)
        .map(|(row, spent)| {
            let mut out = shape::describe_row(row, &tables, Some(spent));
            out.insert("token".to_owned(), row.key.digest.to_hex().into());
            Value::Object(out)
        })
        .collect();
    Ok(Json(json!({"key": given, "info": info})))
}

/// Whether the key that asks can be used: it got here, so it can. There are no logging callbacks of single keys.
pub async fn health(call: Call) -> Answer {
    if call.key.is_none() {
        return Err(LiteLlmError::new(
            http::StatusCode::BAD_REQUEST,
            "This asks about the key that is shown, and the master key is no virtual key.",
            None,
        ));
    }
    Ok(Json(json!({"key": "healthy", "logging_callbacks": null})))
}
