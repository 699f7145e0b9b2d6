//! Changing and deleting users: `/user/update`, `/user/delete`.

use axum::Json;
use serde_json::{Value, json};
use tollgate_control::{records, users};
use tollgate_domain::ids::UserId;
use tollgate_domain::user::User;

use super::super::body::{Fields, invalid, parse_id};
use super::super::people::Named;
use super::super::{Answer, Call, LiteLlmError};
use super::info::with_spend;
use super::shape;

/// The most users of one call.
const MOST: usize = 500;

pub async fn update(call: Call, mut fields: Fields) -> Answer {
    let (user, row) = update_one(&call, &mut fields).await?;
    Ok(Json(json!({"user_id": user.id, "data": row})))
}

/// One user by what `fields` say, with the answer's row.
pub async fn update_one(call: &Call, fields: &mut Fields) -> Result<(User, Value), LiteLlmError> {
    let id = match fields.id("user_id", UserId::parse)?.value() {
        Some(id) => id,
        None => by_address(call, fields).await?,
    };
    let change = |user: &mut User| {
        shape::apply(fields, user)?;
        fields.finish()
    };
    let user: User = records::update(call.control(), &call.op, id.as_str(), None, change).await?;
    let teams = call.teams_of(&user.id).await?;
    let row = with_spend(call, &user, &teams).await?;
    Ok((user, row))
}

/// Who is not named by id is named by address, which then is no change.
async fn by_address(call: &Call, fields: &mut Fields) -> Result<UserId, LiteLlmError> {
    let named = Named::read(fields)?;
    if named.is_nobody() {
        return Err(invalid("user_id", "is needed, or `user_email`: which user").into());
    }
    let found = if call.may_make_users() { call.find_user(&named).await? } else { None };
    let unknown = || LiteLlmError::new(http::StatusCode::NOT_FOUND, "the user was not found", None);
    Ok(found.ok_or_else(unknown)?.id)
}

/// `{"user_ids": [...]}`: how many were deleted. All are looked at before the first goes.
pub async fn delete(call: Call, mut fields: Fields) -> Answer {
    let ids = fields.texts("user_ids")?.value().unwrap_or_default();
    fields.finish()?;
    if ids.is_empty() || ids.len() > MOST {
        return Err(invalid("user_ids", format!("from 1 to {MOST} users")).into());
    }
    let ids: Vec<UserId> = ids.iter().map(|id| parse_id("user_ids", id, UserId::parse)).collect::<Result<_, _>>()?;
    for id in &ids {
        records::get::<User>(call.control(), &call.op, id.as_str()).await?;
    }
    for id in &ids {
        users::delete(call.control(), &call.op, id, None).await?;
    }
    Ok(Json(ids.len().into()))
}
