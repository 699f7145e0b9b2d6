//! Who calls under which tags: `/tag/summary`, `/tag/distinct`, and people by day, week and month: `/tag/dau`,
//! `/tag/wau`, `/tag/mau`.

use std::collections::BTreeMap;

use axum::Json;
use serde_json::{Value, json};
use tollgate_domain::report::{Dimension, Measures, UsageFilter};

use super::super::params::Params;
use super::super::{Answer, Call, money};
use super::daily::plus;
use super::range::Range;

/// How many days, weeks and months back the routes go that take no dates.
const STRETCHES: i64 = 7;

fn filter(range: Range, params: &Params) -> UsageFilter {
    let mut tags = params.all("tag_filters");
    if tags.is_empty() {
        tags = params.all("tag_filter");
    }
    UsageFilter { tags: tags.into_iter().map(str::to_owned).collect(), ..range.filter() }
}

/// One tag: what was called under it, and by how many people.
#[derive(Default)]
struct Tagged {
    users: i64,
    used: Measures,
}

pub async fn tag_summary(call: Call, params: Params) -> Answer {
    let filter = filter(Range::needed(&params)?, &params);
    let mut tags: BTreeMap<String, Tagged> = BTreeMap::new();
    for row in call.sums(&filter, &[Dimension::Tag, Dimension::User]).await? {
        let [tag, user] = row.group.as_slice() else { continue };
        let tagged = tags.entry(tag.clone()).or_default();
        tagged.users += i64::from(!user.is_empty());
        tagged.used = plus(tagged.used, row.measures);
    }
    let mut tags: Vec<(String, Tagged)> = tags.into_iter().collect();
    tags.sort_by_key(|(_, tagged)| std::cmp::Reverse(tagged.used.calls));
    let line = |(tag, Tagged { users, used }): &(String, Tagged)| {
        json!({
            "tag": tag, "unique_users": users, "total_requests": used.calls + used.refused,
            "successful_requests": used.calls - used.errors, "failed_requests": used.errors + used.refused,
            "total_tokens": used.input_tokens + used.output_tokens, "total_spend": money::show(used.cost),
        })
    };
    let lines: Vec<Value> = tags.iter().map(line).collect();
    Ok(Json(json!({ "results": lines })))
}

/// The tags that calls ever had.
pub async fn tag_names(call: Call) -> Answer {
    let rows = call.sums(&Range::always().filter(), &[Dimension::Tag]).await?;
    let mut tags: Vec<String> = rows.iter().map(|row| row.group.concat()).collect();
    tags.sort();
    let lines: Vec<Value> = tags.iter().map(|tag| json!({ "tag": tag })).collect();
    Ok(Json(json!({ "results": lines })))
}

/// On each of the last seven days.
pub async fn tag_daily_users(call: Call, params: Params) -> Answer {
    users(&call, &params, 1, |range, _| range.date()).await
}

/// In each of the last seven weeks, the running one ending today; the first is week 1.
pub async fn tag_weekly_users(call: Call, params: Params) -> Answer {
    users(&call, &params, 7, |range, place| format!("Week {place} ({})", range.since.to_datetime().format("%b %d")))
        .await
}

/// In each of the last seven stretches of 30 days, the running one ending today; the first is month 1.
pub async fn tag_monthly_users(call: Call, params: Params) -> Answer {
    users(&call, &params, 30, |range, place| format!("Month {place} ({})", range.since.to_datetime().format("%b")))
        .await
}

/// `{results: [{tag, active_users, date, period_start, period_end}]}`, the first stretch first. Calls with keys that are
/// nobody's count for no one.
async fn users(call: &Call, params: &Params, days: i64, label: fn(Range, i64) -> String) -> Answer {
    let mut lines: Vec<Value> = Vec::new();
    for place in 1..=STRETCHES {
        let range = Range::of_days(days, STRETCHES - place);
        let mut people: BTreeMap<String, i64> = BTreeMap::new();
        for row in call.sums(&filter(range, params), &[Dimension::Tag, Dimension::User]).await? {
            if let [tag, user] = row.group.as_slice()
                && !user.is_empty()
            {
                *people.entry(tag.clone()).or_default() += 1;
            }
        }
        let mut people: Vec<(String, i64)> = people.into_iter().collect();
        people.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let (start, end) = (range.date(), range.last_date());
        for (tag, count) in people {
            lines.push(json!({
                "tag": tag, "active_users": count, "date": label(range, place),
                "period_start": if days > 1 { json!(start) } else { Value::Null },
                "period_end": if days > 1 { json!(end) } else { Value::Null },
            }));
        }
    }
    Ok(Json(json!({ "results": lines })))
}
