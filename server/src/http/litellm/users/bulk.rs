//! `/user/bulk_update`: many users, each for itself.

use axum::Json;
use serde_json::{Value, json};
use tollgate_control::records;
use tollgate_domain::user::User;
use tollgate_store::RecordFilter;

use super::super::body::{Fields, invalid};
use super::super::people::Named;
use super::super::{Answer, Call};
use super::change::update_one;

/// The most users of one call.
const MOST: usize = 500;

/// `{"users": [{user_id|user_email, …}]}`, or `{"all_users": true, "user_updates": {…}}`.
pub async fn bulk_update(call: Call, mut fields: Fields) -> Answer {
    let mut wanted = fields.list("users")?.value().unwrap_or_default();
    let all = fields.boolean("all_users")?.value().unwrap_or(false);
    let same = fields.fields("user_updates")?.value();
    fields.finish()?;
    if all {
        let same = same.ok_or_else(|| invalid("user_updates", "is needed with `all_users`"))?;
        let users: Vec<User> = records::list_all(call.control(), &call.op, &RecordFilter::default(), MOST + 1).await?;
        wanted = users
            .iter()
            .map(|user| {
                let mut fields = same.clone();
                fields.insert("user_id", &user.id.as_str().into()).map(|()| fields)
            })
            .collect::<Result<_, _>>()?;
    }
    if wanted.is_empty() || wanted.len() > MOST {
        return Err(invalid("users", format!("from 1 to {MOST} users")).into());
    }
    let mut results = Vec::with_capacity(wanted.len());
    for mut fields in wanted {
        let named = Named::read(&mut fields.clone()).unwrap_or_default();
        results.push(match update_one(&call, &mut fields).await {
            Ok((user, row)) => json!({
                "user_id": user.id, "user_email": user.email, "success": true, "error": null, "updated_user": row,
            }),
            Err(error) => json!({
                "user_id": named.id, "user_email": named.email, "success": false, "error": error.message(),
                "updated_user": null,
            }),
        });
    }
    let good = results.iter().filter(|result| result["success"] == Value::Bool(true)).count();
    Ok(Json(json!({
        "total_requested": results.len(), "successful_updates": good, "failed_updates": results.len() - good,
        "results": results,
    })))
}
