//! Changing many keys, each for itself: `/key/bulk_update`, `/team/key/bulk_update`.

use axum::Json;
use serde_json::{Value, json};
use tollgate_control::keys::KeyRef;
use tollgate_domain::ids::TeamId;

use super::super::body::{Fields, invalid};
use super::super::{Answer, Call, LiteLlmError};
use super::change::update_one;

/// The most keys of one call.
const MOST: usize = 500;

pub async fn bulk_update(call: Call, mut fields: Fields) -> Answer {
    let keys = fields.list("keys")?.value().unwrap_or_default();
    fields.finish()?;
    if keys.is_empty() || keys.len() > MOST {
        return Err(invalid("keys", format!("from 1 to {MOST} keys")).into());
    }
    let mut outcome = Outcome::default();
    for mut key in keys {
        let named = key.clone().text("key")?.value();
        outcome.note(named.as_deref(), update_one(&call, &mut key).await);
    }
    Ok(outcome.answer())
}

/// `{team_id, key_ids|all_keys_in_team, update_fields}`: the same change for keys of one team.
pub async fn team_bulk_update(call: Call, mut fields: Fields) -> Answer {
    let team = fields.id("team_id", TeamId::parse)?.value().ok_or_else(|| invalid("team_id", "is needed"))?;
    let named = fields.texts("key_ids")?.value().unwrap_or_default();
    let all = fields.boolean("all_keys_in_team")?.value().unwrap_or(false);
    let change = fields.fields("update_fields")?.value().ok_or_else(|| invalid("update_fields", "is needed"))?;
    fields.finish()?;
    let of_team = call.keys_of_team(&team, MOST).await?;
    let wanted: Vec<(String, Option<KeyRef>)> = if all {
        of_team.iter().map(|row| (row.key.digest.to_hex(), Some(KeyRef::Id(row.key.id)))).collect()
    } else {
        let in_team = |reference: &KeyRef| {
            let found = of_team.iter().find(|row| match reference {
                KeyRef::Id(id) => row.key.id == *id,
                KeyRef::Digest(digest) => row.key.digest == *digest,
                KeyRef::Alias(alias) => row.key.alias.as_ref() == Some(alias),
            });
            found.map(|row| KeyRef::Id(row.key.id))
        };
        named.into_iter().map(|given| (given.clone(), in_team(&super::key_ref(&given)))).collect()
    };
    if wanted.is_empty() || wanted.len() > MOST {
        return Err(invalid("key_ids", format!("from 1 to {MOST} keys, or `all_keys_in_team`")).into());
    }
    let mut outcome = Outcome::default();
    for (given, reference) in wanted {
        let updated = match reference {
            Some(KeyRef::Id(id)) => {
                let mut change = change.clone();
                change.insert("key", &Value::from(id.to_string()))?;
                update_one(&call, &mut change).await
            }
            _ => Err(LiteLlmError::new(http::StatusCode::NOT_FOUND, "the key is not the team's", None)),
        };
        outcome.note(Some(&given), updated);
    }
    Ok(outcome.answer())
}

/// What became of each.
#[derive(Default)]
struct Outcome {
    good: Vec<Value>,
    bad: Vec<Value>,
}

impl Outcome {
    fn note(&mut self, key: Option<&str>, updated: Result<Value, LiteLlmError>) {
        match updated {
            Ok(info) => self.good.push(json!({"key": key, "key_info": info})),
            Err(error) => {
                self.bad.push(json!({"key": key, "key_info": null, "failed_reason": error.message()}));
            }
        }
    }

    fn answer(self) -> Json<Value> {
        let total = self.good.len() + self.bad.len();
        Json(json!({"total_requested": total, "successful_updates": self.good, "failed_updates": self.bad}))
    }
}
