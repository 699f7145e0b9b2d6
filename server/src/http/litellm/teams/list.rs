//! Lists of teams: `/team/list`, `/v2/team/list`, `/team/available`.

use axum::Json;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tollgate_control::{ControlError, records};
use tollgate_domain::ids::UserId;
use tollgate_domain::page::{Cursor, Page};
use tollgate_domain::team::Team;
use tollgate_store::{RecordFilter, RecordOrder};

use super::super::body::invalid;
use super::super::params::{Numbered, Params};
use super::super::{Answer, Call, LiteLlmError};
use super::shape;

/// The most teams of the list without pages.
const MOST: usize = 1000;

/// Every team that whoever asks may see; the keys of each are at `/key/list?team_id=`.
pub async fn list(call: Call, params: Params) -> Answer {
    let filter = filter(&call, &params).await?;
    let teams: Vec<Team> = records::list_all(call.control(), &call.op, &filter, MOST).await?;
    Ok(Json(Value::Array(shape::describe_all(&call, &teams).await?)))
}

pub async fn list_v2(call: Call, params: Params) -> Answer {
    let page = Numbered::read(&params, "page_size", 10, 100)?;
    let filter = filter(&call, &params).await?;
    let total = records::count::<Team>(call.control(), &call.op, &filter).await?;
    let fetch = |cursor: Option<Cursor>, limit: u32| -> BoxFuture<'_, Result<Page<Team>, ControlError>> {
        let (call, filter) = (&call, &filter);
        Box::pin(async move { records::list(call.control(), &call.op, filter, cursor.as_ref(), limit).await })
    };
    let teams = page.rows(total, fetch).await?;
    Ok(Json(json!({
        "teams": shape::describe_all(&call, &teams).await?, "total": total, "page": page.page,
        "page_size": page.size, "total_pages": page.pages(total),
    })))
}

/// Teams that one can join without being asked in: there are none.
pub async fn available(_: Call) -> Answer {
    Ok(Json(json!([])))
}

async fn filter(call: &Call, params: &Params) -> Result<RecordFilter, LiteLlmError> {
    let descending = params.text("sort_order").is_none_or(|order| order.eq_ignore_ascii_case("desc"));
    let order = match (params.text("sort_by"), descending) {
        (None, _) | (Some("created_at"), true) => RecordOrder::NewestFirst,
        (Some("created_at"), false) => RecordOrder::OldestFirst,
        (Some("team_alias"), false) => RecordOrder::Name,
        _ => return Err(invalid("sort_by", "`created_at`, or `team_alias` with `sort_order=asc`").into()),
    };
    let mut filter = RecordFilter {
        search: params.owned("team_alias").or_else(|| params.owned("search")),
        organisation_id: params.owned("organization_id"),
        deleted: params.text("status") == Some("deleted"),
        order,
        ..RecordFilter::default()
    };
    if let Some(user) = params.id("user_id", UserId::parse)? {
        filter.ids = Some(call.teams_of(&user).await?);
    }
    if let Some(team) = params.text("team_id") {
        let ids = filter.ids.take();
        let wanted = ids.is_none_or(|ids| ids.iter().any(|id| id == team));
        filter.ids = Some(if wanted { vec![team.to_owned()] } else { Vec::new() });
    }
    Ok(filter)
}
