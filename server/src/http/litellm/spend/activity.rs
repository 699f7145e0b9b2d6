//! `/global/activity`, `/global/activity/model`: calls and tokens, day by day.

use std::collections::BTreeMap;

use axum::Json;
use serde_json::{Value, json};
use tollgate_domain::report::{Dimension, Measures, UsageRow};

use super::super::params::Params;
use super::super::{Answer, Call};
use super::range::Range;

fn requests(measures: &Measures) -> i64 {
    measures.calls + measures.refused
}

fn tokens(measures: &Measures) -> i64 {
    measures.input_tokens + measures.output_tokens
}

/// `{daily_data, sum_api_requests, sum_total_tokens}` of lines that begin with a day.
fn describe(rows: &mut [&UsageRow]) -> Value {
    rows.sort_by(|a, b| a.group.cmp(&b.group));
    let day = |row: &&mut &UsageRow| {
        let (requests, tokens) = (requests(&row.measures), tokens(&row.measures));
        json!({"date": row.group.first(), "api_requests": requests, "total_tokens": tokens})
    };
    let days: Vec<Value> = rows.iter_mut().map(|row| day(&row)).collect();
    json!({
        "daily_data": days,
        "sum_api_requests": rows.iter().map(|row| requests(&row.measures)).sum::<i64>(),
        "sum_total_tokens": rows.iter().map(|row| tokens(&row.measures)).sum::<i64>(),
    })
}

pub async fn global_activity(call: Call, params: Params) -> Answer {
    let rows = call.sums(&Range::read(&params)?.filter(), &[Dimension::Day]).await?;
    Ok(Json(describe(&mut rows.iter().collect::<Vec<_>>())))
}

pub async fn global_activity_model(call: Call, params: Params) -> Answer {
    let rows = call.sums(&Range::read(&params)?.filter(), &[Dimension::Day, Dimension::Model]).await?;
    let mut models: BTreeMap<&str, Vec<&UsageRow>> = BTreeMap::new();
    for row in &rows {
        if let Some(model) = row.group.last().filter(|model| !model.is_empty()) {
            models.entry(model).or_default().push(row);
        }
    }
    let mut lines: Vec<Value> = Vec::with_capacity(models.len());
    for (model, mut rows) in models {
        let mut line = describe(&mut rows);
        line["model"] = model.into();
        lines.push(line);
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line["sum_api_requests"].as_i64()));
    Ok(Json(lines.into()))
}
