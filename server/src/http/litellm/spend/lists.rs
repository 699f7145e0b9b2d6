//! `/spend/keys`, `/spend/users`, `/spend/tags`: what each spent.

use axum::Json;
use serde_json::{Value, json};
use tollgate_control::keys::{self as key_use_cases, KeyFilter};
use tollgate_control::records;
use tollgate_domain::page::Cursor;
use tollgate_domain::report::{Dimension, TotalsOf};
use tollgate_domain::summary::KeyRow;
use tollgate_domain::user::User;
use tollgate_store::RecordFilter;

use super::super::params::Params;
use super::super::{Answer, Call, keys, money, users};
use super::range::Range;

/// The most lines of an answer, and the most things that are looked through for the dearest.
const MOST_LINES: usize = 1000;
const MOST: usize = 10_000;

/// The keys that spent most, the dearest first.
pub async fn spend_keys(call: Call) -> Answer {
    let mut rows: Vec<KeyRow> = Vec::new();
    let mut cursor = None;
    loop {
        let page = key_use_cases::list(call.control(), &call.op, &KeyFilter::default(), cursor.take(), 1000).await?;
        rows.extend(page.items);
        cursor = page.next.as_deref().and_then(Cursor::decode);
        if cursor.is_none() || rows.len() >= MOST {
            break;
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.spent));
    rows.truncate(MOST_LINES);
    Ok(Json(keys::describe_all(&call, &rows).await?.into()))
}

/// The users who spent most, the dearest first; or one.
pub async fn spend_users(call: Call, params: Params) -> Answer {
    let filter = RecordFilter { ids: params.owned("user_id").map(|id| vec![id]), ..RecordFilter::default() };
    let mut found: Vec<User> = records::list_all(call.control(), &call.op, &filter, MOST).await?;
    let spent = call.spent(TotalsOf::User, found.iter().map(|user| user.id.to_string())).await?;
    found.sort_by_key(|user| std::cmp::Reverse(spent.of(user.id.as_str())));
    found.truncate(MOST_LINES);
    let rows = found.iter().map(|user| {
        let mut row = users::describe(user, &[]);
        row.remove("teams");
        spent.put(user.id.as_str(), &mut row);
        Value::Object(row)
    });
    Ok(Json(rows.collect()))
}

pub async fn spend_tags(call: Call, params: Params) -> Answer {
    let range = if params.text("start_date").is_some() { Range::read(&params)? } else { Range::always() };
    let rows = call.sums(&range.filter(), &[Dimension::Tag]).await?;
    let tags = rows.into_iter().map(|row| {
        json!({
            "individual_request_tag": row.group.concat(), "log_count": row.measures.calls,
            "total_spend": money::show(row.measures.cost),
        })
    });
    Ok(Json(tags.collect()))
}
