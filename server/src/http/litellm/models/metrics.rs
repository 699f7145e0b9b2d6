//! How providers answered, from the log of calls: `/model/metrics`, `/model/metrics/slow_responses`,
//! `/model/metrics/exceptions`, `/model/streaming_metrics`.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use serde_json::{Map, Value, json};
use tollgate_control::requests::ExportedCharge;
use tollgate_domain::charge::Outcome;
use tollgate_domain::summary::{RequestFilter, StatusFilter};

use super::super::params::Params;
use super::super::spend::{Range, day};
use super::super::{Answer, Call, LiteLlmError, duration, money};

/// Answers that took so many microseconds were slow: LiteLLM's `alerting_threshold`.
const SLOW: i64 = 300_000_000;

/// What a question is about. `_selected_model_group`: one model, or all of them.
async fn filter(call: &Call, params: &Params) -> Result<RequestFilter, LiteLlmError> {
    let range = Range::last_days(30);
    let since = params.text("startTime").map(|text| duration::moment("startTime", text)).transpose()?;
    let until = params.text("endTime").map(|text| duration::end("endTime", text)).transpose()?;
    let mut filter = RequestFilter {
        model: params.owned("_selected_model_group"),
        end_user: params.owned("customer"),
        since: Some(since.unwrap_or(range.since)),
        until: Some(until.unwrap_or(range.until)),
        ..RequestFilter::default()
    };
    if let Some(key) = params.text("api_key") {
        filter.key = Some(call.ledger_key(key).await?);
    }
    Ok(filter)
}

/// How LiteLLM tells deployments apart that have no address of their own: `openai/gpt-4o`.
fn name(charge: &ExportedCharge<'_>) -> String {
    format!("{}/{}", charge.provider, charge.upstream_model)
}

/// Sums by day and deployment.
#[derive(Default)]
struct Days(BTreeMap<String, BTreeMap<String, (i128, i128)>>);

impl Days {
    fn add(&mut self, charge: &ExportedCharge<'_>, micros: i64, parts: i64) {
        let day = self.0.entry(day(charge.started_at)).or_default();
        let (sum, count) = day.entry(name(charge)).or_default();
        *sum += i128::from(micros);
        *count += i128::from(parts);
    }

    /// `{data: [{date, <deployment>: seconds}], all_api_bases}`
    fn show(&self) -> Value {
        let line = |(date, parts): (&String, &BTreeMap<String, (i128, i128)>)| {
            let mut line = Map::from_iter([("date".to_owned(), json!(date))]);
            line.extend(parts.iter().map(|(name, (sum, count))| (name.clone(), seconds(*sum, *count))));
            Value::Object(line)
        };
        let names: BTreeSet<&String> = self.0.values().flat_map(BTreeMap::keys).collect();
        json!({"data": self.0.iter().map(line).collect::<Vec<_>>(), "all_api_bases": names})
    }
}

/// A mean of microseconds, in seconds to the nanosecond.
fn seconds(sum: i128, count: i128) -> Value {
    const NANOS: i128 = 1_000_000_000;
    let nanos = (sum.saturating_mul(1000)).checked_div(count).unwrap_or_default();
    money::number(format!("{}.{:09}", nanos.div_euclid(NANOS), nanos.rem_euclid(NANOS)))
}

/// Seconds that a token of an answer took, by day.
pub async fn metrics(call: Call, params: Params) -> Answer {
    let filter = RequestFilter { status: Some(StatusFilter::Success), ..filter(&call, &params).await? };
    let mut days = Days::default();
    call.each_call(&filter, "startTime", |charge| {
        if charge.output_tokens > 0 {
            days.add(charge, charge.duration_us, charge.output_tokens);
        }
    })
    .await?;
    Ok(Json(days.show()))
}

/// Seconds to the first part of streamed answers, by day.
pub async fn streaming_metrics(call: Call, params: Params) -> Answer {
    let filter = RequestFilter { status: Some(StatusFilter::Success), ..filter(&call, &params).await? };
    let mut days = Days::default();
    call.each_call(&filter, "startTime", |charge| {
        if let Some(micros) = charge.first_byte_us.filter(|_| charge.streamed) {
            days.add(charge, micros, 1);
        }
    })
    .await?;
    Ok(Json(days.show()))
}

/// `[{api_base, total_count, slow_count}]`, the one with most slow answers first.
pub async fn slow_responses(call: Call, params: Params) -> Answer {
    let filter = filter(&call, &params).await?;
    let mut counts: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    call.each_call(&filter, "startTime", |charge| {
        let (all, slow) = counts.entry(name(charge)).or_default();
        *all += 1;
        *slow += i64::from(charge.duration_us >= SLOW);
    })
    .await?;
    let mut counts: Vec<(String, (i64, i64))> = counts.into_iter().collect();
    counts.sort_by_key(|(_, (_, slow))| std::cmp::Reverse(*slow));
    let line =
        |(name, (all, slow)): &(String, (i64, i64))| json!({"api_base": name, "total_count": all, "slow_count": slow});
    Ok(Json(counts.iter().map(line).collect()))
}

/// What LiteLLM calls the error of a call that failed at its provider.
fn exception(outcome: &str, status: i16) -> &'static str {
    match (Outcome::parse(outcome), status) {
        (Some(Outcome::Timeout), _) | (_, 408) => "Timeout",
        (Some(Outcome::UpstreamBroken | Outcome::Interrupted), _) => "APIConnectionError",
        (_, 400) => "BadRequestError",
        (_, 401) => "AuthenticationError",
        (_, 403) => "PermissionDeniedError",
        (_, 404) => "NotFoundError",
        (_, 422) => "UnprocessableEntityError",
        (_, 429) => "RateLimitError",
        (_, 500) => "InternalServerError",
        (_, 503) => "ServiceUnavailableError",
        _ => "APIError",
    }
}

/// `{data: [{model, <error>: count}], exception_types}`
pub async fn exceptions(call: Call, params: Params) -> Answer {
    let filter = RequestFilter { status: Some(StatusFilter::Failed), ..filter(&call, &params).await? };
    let mut models: BTreeMap<String, BTreeMap<&'static str, i64>> = BTreeMap::new();
    call.each_call(&filter, "startTime", |charge| {
        let errors = models.entry(name(charge)).or_default();
        *errors.entry(exception(charge.outcome, charge.status)).or_default() += 1;
    })
    .await?;
    let kinds: BTreeSet<&str> = models.values().flat_map(BTreeMap::keys).copied().collect();
    let line = |(name, errors): (&String, &BTreeMap<&str, i64>)| {
        let mut line = Map::from_iter([("model".to_owned(), json!(name))]);
        line.extend(errors.iter().map(|(kind, count)| ((*kind).to_owned(), json!(count))));
        Value::Object(line)
    };
    Ok(Json(json!({"data": models.iter().map(line).collect::<Vec<_>>(), "exception_types": kinds})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_shown_in_seconds() {
        assert_eq!(seconds(3_000_000, 2).to_string(), "1.5");
        assert_eq!(seconds(1, 3).to_string(), "3.33e-7");
        assert_eq!(seconds(0, 0).to_string(), "0.0");
    }

    #[test]
    fn errors_have_the_names_that_clients_know() {
        assert_eq!(exception("timeout", 504), "Timeout");
        assert_eq!(exception("upstream_broken", 502), "APIConnectionError");
        assert_eq!(exception("upstream_error", 429), "RateLimitError");
        assert_eq!(exception("upstream_error", 418), "APIError");
    }
}
