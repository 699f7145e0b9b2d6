//! Lists of keys: `/key/list`, `/key/aliases`.

use axum::Json;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tollgate_control::keys::{self, KeyFilter};
use tollgate_domain::Nanos;
use tollgate_domain::ids::{TeamId, UserId};
use tollgate_domain::key::KeyStatus;
use tollgate_domain::record::Record as _;
use tollgate_domain::summary::KeyRow;
use tollgate_domain::user::User;

use super::super::body::invalid;
use super::super::params::{Numbered, Params};
use super::super::{Answer, Call, LiteLlmError, users};
use super::shape;

/// Filters of LiteLLM's for which there is nothing here to filter by.
const NO_FILTERS: [&str; 3] = ["project_id", "access_group_id", "agent_id"];

pub async fn list(call: Call, params: Params) -> Answer {
    params.refuse(&NO_FILTERS)?;
    newest_first(&params)?;
    let page = Numbered::read(&params, "size", 10, 100)?;
    let filter = filter(&call, &params)?;
    let full = params.boolean("return_full_object")?;
    let total = keys::count(call.control(), &call.op, &filter).await?;
    let fetch =
        |cursor, limit| Box::pin(keys::list(call.control(), &call.op, &filter, cursor, limit)) as BoxFuture<'_, _>;
    let rows: Vec<KeyRow> = page.rows(total, fetch).await?;
    let keys: Vec<Value> = if full || params.text("expand").is_some() {
        described(&call, &rows, params.all("expand").contains(&"user")).await?
    } else {
        rows.iter().map(|row| row.key.digest.to_hex().into()).collect()
    };
    Ok(Json(json!({
        "keys": keys, "total_count": total, "current_page": page.page, "total_pages": page.pages(total),
    })))
}

/// Keys newest first are the one order that there is.
fn newest_first(params: &Params) -> Result<(), LiteLlmError> {
    let by = params.text("sort_by").is_none_or(|by| by == "created_at");
    let order = params.text("sort_order").is_none_or(|order| order.eq_ignore_ascii_case("desc"));
    if by && order { Ok(()) } else { Err(invalid("sort_by", "only `created_at`, `desc`: newest first").into()) }
}

fn filter(call: &Call, params: &Params) -> Result<KeyFilter, LiteLlmError> {
    let mut filter = KeyFilter {
        search: params.owned("search").or_else(|| params.owned("key_hash")),
        user_id: params.owned("user_id"),
        team_id: params.owned("team_id"),
        organisation_id: params.owned("organization_id"),
        status: params.text("status").map(status).transpose()?,
        ..KeyFilter::default()
    };
    if params.boolean("substring_matching")? && filter.search.is_none() {
        filter.search = params.owned("key_alias");
    } else {
        filter.alias = params.owned("key_alias");
    }
    // One's own keys, unless more is asked for.
    if !call.is_admin()
        && filter.user_id.is_none()
        && filter.team_id.is_none()
        && !params.boolean("include_team_keys")?
    {
        filter.user_id = call.user().map(ToString::to_string);
    }
    Ok(filter)
}

fn status(text: &str) -> Result<KeyStatus, LiteLlmError> {
    match text {
        "active" => Ok(KeyStatus::Active),
        "expired" => Ok(KeyStatus::Expired),
        "revoked" | "blocked" => Ok(KeyStatus::Blocked),
        "deleted" => Ok(KeyStatus::Deleted),
        _ => Err(invalid("status", "must be active, expired, revoked or deleted").into()),
    }
}

async fn described(call: &Call, rows: &[KeyRow], with_users: bool) -> Result<Vec<Value>, LiteLlmError> {
    let tables = call.budget_tables(rows.iter().filter_map(|row| row.key.budget_id.as_ref())).await?;
    let users: Vec<User> = if with_users {
        let ids = rows.iter().filter_map(|row| row.key.user_id.as_ref()).map(ToString::to_string);
        call.by_ids(ids.collect()).await?
    } else {
        Vec::new()
    };
    let spent = call.counted(rows).await?;
    let describe = |(row, spent): (&KeyRow, &Nanos)| {
        let mut out = shape::describe_row(row, &tables, Some(spent));
        out.insert("token".to_owned(), row.key.digest.to_hex().into());
        if with_users {
            let user = users.iter().find(|user| Some(user.id()) == row.key.user_id.as_ref().map(UserId::as_str));
            out.insert("user".to_owned(), user.map_or(Value::Null, |user| Value::Object(users::brief(user))));
        }
        Value::Object(out)
    };
    Ok(rows.iter().zip(&spent).map(describe).collect())
}

/// Keys in LiteLLM's form, for answers about what they belong to.
pub async fn describe_all(call: &Call, rows: &[KeyRow]) -> Result<Vec<Value>, LiteLlmError> {
    described(call, rows, false).await
}

pub async fn aliases(call: Call, params: Params) -> Answer {
    let page = Numbered::read(&params, "size", 50, 100)?;
    let filter = KeyFilter { search: params.owned("search"), ..filter(&call, &params)? };
    let total = keys::count(call.control(), &call.op, &filter).await?;
    let fetch =
        |cursor, limit| Box::pin(keys::list(call.control(), &call.op, &filter, cursor, limit)) as BoxFuture<'_, _>;
    let rows: Vec<KeyRow> = page.rows(total, fetch).await?;
    let aliases: Vec<&str> = rows.iter().filter_map(|row| row.key.alias.as_deref()).collect();
    Ok(Json(json!({
        "aliases": aliases, "total_count": total, "current_page": page.page, "total_pages": page.pages(total),
        "size": page.size,
    })))
}

impl Call {
    /// The keys of a team that whoever asks may see, newest first, at most `limit`.
    pub(in super::super) async fn keys_of_team(
        &self,
        team: &TeamId,
        limit: usize,
    ) -> Result<Vec<KeyRow>, LiteLlmError> {
        let filter = KeyFilter { team_id: Some(team.to_string()), ..KeyFilter::default() };
        self.keys_that(&filter, limit).await
    }

    pub(in super::super) async fn keys_that(
        &self,
        filter: &KeyFilter,
        limit: usize,
    ) -> Result<Vec<KeyRow>, LiteLlmError> {
        let limit = u32::try_from(limit).unwrap_or(1000).min(1000);
        Ok(keys::list(self.control(), &self.op, filter, None, limit).await?.items)
    }
}
