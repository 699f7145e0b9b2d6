//! `/spend/capture_rate`: how much of OpenAI's bill went through here.

use std::collections::BTreeMap;

use axum::Json;
use http::StatusCode;
use serde_json::{Value, json};
use tollgate_control::overview;
use tollgate_domain::report::{Dimension, UsageFilter};
use tollgate_domain::{Nanos, Timestamp};

use super::super::body::invalid;
use super::super::params::Params;
use super::super::{Answer, Call, LiteLlmError, money};
use super::range::Range;

/// The providers that OpenAI's bill is about.
const OPENAI: [&str; 2] = ["openai", "text-completion-openai"];

/// Where the rate is low, in thousandths.
const THRESHOLD: &str = "0.9";

pub async fn capture_rate(call: Call, params: Params) -> Answer {
    overview::authorise(call.control(), &call.op).await?;
    let range = Range::needed(&params)?;
    let provider = params.text("provider").unwrap_or("openai");
    if provider != "openai" {
        return Err(invalid("provider", "must be openai: no other provider's bill can be asked for").into());
    }
    let threshold = params.text("threshold").unwrap_or(THRESHOLD);
    let limit = money::read("threshold", threshold)?;
    if limit.0 <= 0 || limit.0 > ONE {
        return Err(invalid("threshold", "must be over 0 and at most 1").into());
    }
    let Some(bill) = call.server.bill() else {
        let message = "The gateway was started without OPENAI_ADMIN_KEY: OpenAI's bill can't be asked for.";
        return Err(LiteLlmError::new(StatusCode::SERVICE_UNAVAILABLE, message, None));
    };
    let billed = bill.days(range.since, range.until, &params.all("project_ids")).await.map_err(|error| {
        let message = format!("OpenAI's costs could not be read: {error}");
        LiteLlmError::new(StatusCode::BAD_GATEWAY, &message, None)
    })?;
    let captured = captured(&call, range).await?;
    let of = |sums: &BTreeMap<Timestamp, Nanos>, day: Range| sums.get(&day.since).copied().unwrap_or_default();
    let mut whole = (Nanos::ZERO, Nanos::ZERO);
    let mut days: Vec<Value> = Vec::new();
    for day in range.days() {
        let (ours, theirs) = (of(&captured, day), of(&billed, day));
        whole = (whole.0.checked_add(ours).unwrap_or(whole.0), whole.1.checked_add(theirs).unwrap_or(whole.1));
        days.push(json!({
            "date": day.date(), "captured_spend": money::show(ours), "provider_spend": money::show(theirs),
            "capture_rate": rate(ours, theirs).map_or(Value::Null, show),
        }));
    }
    let rate = rate(whole.0, whole.1);
    Ok(Json(json!({
        "provider": provider, "start_date": range.date(), "end_date": range.last_date(),
        "captured_spend": money::show(whole.0), "provider_spend": money::show(whole.1),
        "capture_rate": rate.map_or(Value::Null, show), "threshold": money::show(limit),
        "below_threshold": rate.is_some_and(|rate| rate < limit.0), "days": days,
    })))
}

/// What was charged here, by day.
async fn captured(call: &Call, range: Range) -> Result<BTreeMap<Timestamp, Nanos>, LiteLlmError> {
    let filter = UsageFilter { providers: OPENAI.map(str::to_owned).to_vec(), ..range.filter() };
    let rows = call.sums(&filter, &[Dimension::Day]).await?;
    let day = |text: &str| Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z"));
    Ok(rows.into_iter().filter_map(|row| Some((day(row.group.first()?)?, row.measures.cost))).collect())
}

/// A rate of one, in thousand-millionths.
const ONE: i64 = 1_000_000_000;

/// Of what was billed, the part that went through here, in thousand-millionths; `None`: nothing was billed.
fn rate(captured: Nanos, billed: Nanos) -> Option<i64> {
    let parts = i128::from(captured.0).saturating_mul(i128::from(ONE)).checked_div(i128::from(billed.0))?;
    Some(i64::try_from(parts).unwrap_or(i64::MAX))
}

fn show(rate: i64) -> Value {
    money::show(Nanos(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_billed_has_no_rate() {
        assert_eq!(rate(Nanos(5), Nanos(0)), None);
        assert_eq!(rate(Nanos(9), Nanos(10)).map(show), Some(json!(0.9)));
        assert_eq!(rate(Nanos(20), Nanos(10)).map(show), Some(json!(2.0)));
    }
}
