//! Changing and deleting teams: `/team/update`, PATCH `/team/{id}`, `/team/block`, `/team/unblock`, `/team/delete`.

use axum::Json;
use axum::extract::Path;
use serde_json::{Value, json};
use tollgate_control::{groups, records};
use tollgate_domain::team::Team;

use super::super::body::{Fields, invalid};
use super::super::{Answer, Call};
use super::shape;

/// The most teams of one call.
const MOST: usize = 100;

pub async fn update(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("team_id")?;
    change(&call, &id, fields).await
}

pub async fn patch(call: Call, Path(id): Path<String>, mut fields: Fields) -> Answer {
    fields.raw("team_id");
    change(&call, &id, fields).await
}

async fn change(call: &Call, id: &str, mut fields: Fields) -> Answer {
    let change = |team: &mut Team| {
        shape::apply(&mut fields, team)?;
        fields.finish()
    };
    let team: Team = records::update(call.control(), &call.op, id, None, change).await?;
    Ok(Json(json!({"team_id": team.id, "data": call.describe_team(&team).await?})))
}

pub async fn block(call: Call, fields: Fields) -> Answer {
    set_blocked(&call, fields, true).await
}

pub async fn unblock(call: Call, fields: Fields) -> Answer {
    set_blocked(&call, fields, false).await
}

async fn set_blocked(call: &Call, mut fields: Fields, blocked: bool) -> Answer {
    let id = fields.needed("team_id")?;
    fields.finish()?;
    let action = if blocked { "team.block" } else { "team.unblock" };
    let set = |team: &mut Team| {
        team.blocked = blocked;
        Ok(())
    };
    let team = records::update_as(call.control(), &call.op, &id, None, action, set).await?;
    Ok(Json(Value::Object(call.describe_team(&team).await?)))
}

/// `{"team_ids": [...]}`. All are looked at before the first goes.
pub async fn delete(call: Call, mut fields: Fields) -> Answer {
    let ids = fields.texts("team_ids")?.value().unwrap_or_default();
    fields.finish()?;
    if ids.is_empty() || ids.len() > MOST {
        return Err(invalid("team_ids", format!("from 1 to {MOST} teams")).into());
    }
    for id in &ids {
        call.team(id).await?;
    }
    for id in &ids {
        Box::pin(groups::delete_team(call.control(), &call.op, id, None)).await?;
    }
    Ok(Json(json!({ "deleted_teams": ids })))
}
