//! `/user/list`, `/user/filter/ui`

use axum::Json;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tollgate_control::keys::{self, KeyFilter};
use tollgate_control::{ControlError, records};
use tollgate_domain::actor::Visible;
use tollgate_domain::membership::Membership;
use tollgate_domain::page::{Cursor, Page};
use tollgate_domain::report::TotalsOf;
use tollgate_domain::user::User;
use tollgate_store::{RecordFilter, RecordOrder};

use super::super::body::invalid;
use super::super::names;
use super::super::params::{Numbered, Params};
use super::super::{Answer, Call, LiteLlmError};
use super::shape;

/// The most users that are looked through for those of a role.
const MOST: usize = 100_000;

/// The most members of a team.
const MOST_MEMBERS: usize = 10_000;

pub async fn list(call: Call, params: Params) -> Answer {
    params.refuse(&["sso_user_ids"])?;
    let page = Numbered::read(&params, "page_size", 25, 100)?;
    let filter = filter(&call, &params).await?;
    let role = params.text("role").map(|role| names::parse_role("role", role)).transpose()?;
    let (total, users) = if let Some(role) = role {
        let mut users: Vec<User> = records::list_all(call.control(), &call.op, &filter, MOST).await?;
        users.retain(|user| user.role == role);
        let total = users.len() as u64;
        let start = (page.page as usize - 1).saturating_mul(page.size as usize);
        (total, users.into_iter().skip(start).take(page.size as usize).collect())
    } else {
        let total = records::count::<User>(call.control(), &call.op, &filter).await?;
        let fetch = |cursor: Option<Cursor>, limit: u32| -> BoxFuture<'_, Result<Page<User>, ControlError>> {
            let (call, filter) = (&call, &filter);
            Box::pin(async move { records::list(call.control(), &call.op, filter, cursor.as_ref(), limit).await })
        };
        (total, page.rows(total, fetch).await?)
    };
    let spent = call.spent(TotalsOf::User, users.iter().map(|user| user.id.to_string())).await?;
    let mut rows = Vec::with_capacity(users.len());
    for user in &users {
        let teams = call.teams_of(&user.id).await?;
        let theirs = KeyFilter { user_id: Some(user.id.to_string()), ..KeyFilter::default() };
        let mut row = shape::describe(user, &teams);
        spent.put(user.id.as_str(), &mut row);
        row.insert("key_count".to_owned(), keys::count(call.control(), &call.op, &theirs).await?.into());
        rows.push(Value::Object(row));
    }
    Ok(Json(json!({
        "users": rows, "total": total, "page": page.page, "page_size": page.size, "total_pages": page.pages(total),
    })))
}

/// `[{user_id, user_email}]` of those whose id or address has a text in it: for fields that look people up.
pub async fn filter_ui(call: Call, params: Params) -> Answer {
    let page = Numbered::read(&params, "page_size", 50, 100)?;
    let [id, email] = ["user_id", "user_email"].map(|name| params.text(name).map(str::to_lowercase));
    // A search looks in names too, so what it finds is sifted.
    let filter = RecordFilter { search: email.clone().or_else(|| id.clone()), ..RecordFilter::default() };
    let mut users: Vec<User> = records::list_all(call.control(), &call.op, &filter, MOST).await?;
    let has = |text: &str, part: &Option<String>| part.as_ref().is_none_or(|part| text.to_lowercase().contains(part));
    users.retain(|user| has(user.id.as_str(), &id) && has(user.email.as_deref().unwrap_or_default(), &email));
    let start = (page.page as usize - 1).saturating_mul(page.size as usize);
    let shown = users.iter().skip(start).take(page.size as usize);
    Ok(Json(shown.map(|user| json!({"user_id": user.id, "user_email": user.email})).collect()))
}

async fn filter(call: &Call, params: &Params) -> Result<RecordFilter, LiteLlmError> {
    let mut filter = RecordFilter {
        search: params.owned("user_email").or_else(|| params.owned("search")),
        order: order(params)?,
        ..RecordFilter::default()
    };
    let ids = params.all("user_ids");
    if !ids.is_empty() {
        filter.ids = Some(ids.into_iter().map(str::to_owned).collect());
    }
    if let Some(team) = params.text("team") {
        let of_team = RecordFilter { team_id: Some(team.to_owned()), ..RecordFilter::default() };
        let members: Vec<Membership> = call.server.store().list_all(&Visible::All, &of_team, MOST_MEMBERS).await?;
        let members: Vec<String> = members.into_iter().map(|membership| membership.user_id.to_string()).collect();
        filter.ids = Some(match filter.ids.take() {
            Some(ids) => ids.into_iter().filter(|id| members.contains(id)).collect(),
            None => members,
        });
    }
    Ok(filter)
}

/// LiteLLM sorts by any column; ours are sorted by age and name.
fn order(params: &Params) -> Result<RecordOrder, LiteLlmError> {
    let descending = params.text("sort_order").is_none_or(|order| order.eq_ignore_ascii_case("desc"));
    match (params.text("sort_by"), descending) {
        (None, _) | (Some("created_at"), true) => Ok(RecordOrder::NewestFirst),
        (Some("created_at"), false) => Ok(RecordOrder::OldestFirst),
        (Some("user_alias" | "user_email"), false) => Ok(RecordOrder::Name),
        _ => Err(invalid("sort_by", "`created_at`, or `user_alias` with `sort_order=asc`").into()),
    }
}
