//! What a team may call, and what its members may do with its keys: `/team/model/*`, `/team/permissions_*`.

use axum::Json;
use serde_json::{Value, json};
use tollgate_control::records;
use tollgate_domain::team::Team;

use super::super::body::{Fields, invalid};
use super::super::params::Params;
use super::super::{Answer, Call, names};

/// The routes that a team can let its plain members use for its keys.
const DELEGABLE: [&str; 8] = [
    "/key/info",
    "/key/list",
    "/key/health",
    "/key/generate",
    "/key/update",
    "/key/delete",
    "/key/regenerate",
    "/key/{key_id}/regenerate",
];

async fn change(call: &Call, id: &str, apply: impl FnOnce(&mut Team)) -> Answer {
    let set = |team: &mut Team| {
        apply(team);
        Ok(())
    };
    let team: Team = records::update(call.control(), &call.op, id, None, set).await?;
    Ok(Json(Value::Object(call.describe_team(&team).await?)))
}

pub async fn model_add(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("team_id")?;
    let models = names::models(&mut fields, "models")?.value().unwrap_or_default();
    fields.finish()?;
    change(&call, &id, |team| {
        for model in models {
            if !team.models.contains(&model) {
                team.models.push(model);
            }
        }
    })
    .await
}

pub async fn model_delete(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("team_id")?;
    let models = names::models(&mut fields, "models")?.value().unwrap_or_default();
    fields.finish()?;
    let team = call.team(&id).await?;
    if !team.models.is_empty() && team.models.iter().all(|model| models.contains(model)) {
        // No models means every model: taking the last away would open all of them.
        let message = "a team without models may call every model: leave one, or name `no-default-models` instead";
        return Err(invalid("models", message).into());
    }
    change(&call, &id, |team| team.models.retain(|model| !models.contains(model))).await
}

pub async fn permissions_list(call: Call, params: Params) -> Answer {
    let team = call.team(params.needed("team_id")?).await?;
    Ok(Json(json!({
        "team_id": team.id, "team_member_permissions": team.member_permissions,
        "all_available_permissions": DELEGABLE,
    })))
}

pub async fn permissions_update(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("team_id")?;
    let permissions = fields.texts("team_member_permissions")?.value().unwrap_or_default();
    fields.finish()?;
    if let Some(unknown) = permissions.iter().find(|permission| !DELEGABLE.contains(&permission.as_str())) {
        let message = format!("`{unknown}` is none of {}", DELEGABLE.join(", "));
        return Err(invalid("team_member_permissions", message).into());
    }
    change(&call, &id, |team| team.member_permissions = permissions).await
}
