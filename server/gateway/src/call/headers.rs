//! The headers of an answer: what a client may know of how it came about.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tollgate_domain::Nanos;
use tollgate_domain::price::{Cost, CostLine, Meter};

use super::CallStart;
use super::attempt::Attempt;

const fn name(text: &'static str) -> HeaderName {
    HeaderName::from_static(text)
}

const REQUEST_ID: HeaderName = name("x-request-id");
const MODEL_ID: HeaderName = name("x-litellm-model-id");
const MODEL_NAME: HeaderName = name("x-litellm-model-name");
const MODEL_GROUP: HeaderName = name("x-litellm-model-group");
const API_BASE: HeaderName = name("x-litellm-model-api-base");
const VERSION: HeaderName = name("x-litellm-version");
const DURATION: HeaderName = name("x-litellm-response-duration-ms");
const OVERHEAD: HeaderName = name("x-litellm-overhead-duration-ms");
const RETRIES: HeaderName = name("x-litellm-attempted-retries");
const FALLBACKS: HeaderName = name("x-litellm-attempted-fallbacks");
const TOLLGATE_COST: HeaderName = name("x-tollgate-response-cost");
const COST: HeaderName = name("x-litellm-response-cost");
const COST_INPUT: HeaderName = name("x-litellm-response-cost-input");
const COST_OUTPUT: HeaderName = name("x-litellm-response-cost-output");
const COST_CACHE_READ: HeaderName = name("x-litellm-response-cost-cache-read");
const COST_CACHE_CREATION: HeaderName = name("x-litellm-response-cost-cache-creation");
const COST_REASONING: HeaderName = name("x-litellm-response-cost-reasoning");

/// The provider's headers that are not copied under `llm_provider-`: the connection's own, and what could set state in
/// the client.
const NOT_COPIED: [HeaderName; 9] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::SET_COOKIE,
    header::TRAILER,
    header::UPGRADE,
    name("keep-alive"),
    header::ALT_SVC,
];

/// Headers of every answer, errors too.
pub fn identify(headers: &mut HeaderMap, start: &CallStart) {
    let id = start.id_header();
    headers.insert(super::CALL_ID, id.clone());
    headers.insert(REQUEST_ID, id);
    headers.insert(VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
}

/// Headers of an answer that a deployment gave.
pub fn describe(headers: &mut HeaderMap, attempt: &Attempt) {
    identify(headers, &attempt.start);
    headers.insert(MODEL_ID, attempt.target.id_header.clone());
    if let Ok(model) = HeaderValue::from_str(&attempt.model) {
        headers.insert(MODEL_GROUP, model);
    }
    if let Ok(model) = HeaderValue::from_str(&attempt.upstream_model) {
        headers.insert(MODEL_NAME, model);
    }
    if let Some(http) = &attempt.target.http {
        headers.insert(API_BASE, http.base_header.clone());
    }
    headers.insert(RETRIES, HeaderValue::from_static("0"));
    headers.insert(FALLBACKS, HeaderValue::from_static("0"));
}

/// How long it took, and how much of it was the gateway's.
pub fn time(headers: &mut HeaderMap, total_us: i64, upstream_us: i64) {
    headers.insert(DURATION, millis(total_us));
    headers.insert(OVERHEAD, millis(total_us.saturating_sub(upstream_us)));
}

/// What it cost.
pub fn price(headers: &mut HeaderMap, cost: &Cost) {
    let total = money(cost.total);
    headers.insert(TOLLGATE_COST, total.clone());
    headers.insert(COST, total);
    let parts: [(&HeaderName, &[Meter]); 5] = [
        (&COST_INPUT, &[Meter::Input, Meter::AudioInput, Meter::ImageInput]),
        (&COST_OUTPUT, &[Meter::Output, Meter::AudioOutput, Meter::ImageOutput]),
        (&COST_CACHE_READ, &[Meter::CacheRead]),
        (&COST_CACHE_CREATION, &[Meter::CacheWrite, Meter::CacheWrite1h]),
        (&COST_REASONING, &[Meter::Reasoning]),
    ];
    for (name, meters) in parts {
        let picos: i128 = cost.lines.iter().filter(|l| meters.contains(&l.meter)).map(CostLine::picos).sum();
        if picos != 0
            && let Some(part) = Nanos::from_picos_rounded_up(picos)
        {
            headers.insert(name.clone(), money(part));
        }
    }
}

/// The provider's own headers: `x-ratelimit-*` and `retry-after` as they are, all others as `llm_provider-*`.
pub fn copy_from_provider(headers: &mut HeaderMap, theirs: &HeaderMap) {
    for (name, value) in theirs {
        if NOT_COPIED.contains(name) {
            continue;
        }
        if name == header::CONTENT_TYPE {
            headers.insert(header::CONTENT_TYPE, value.clone());
            continue;
        }
        if name.as_str().starts_with("x-ratelimit-") || name == header::RETRY_AFTER {
            headers.insert(name.clone(), value.clone());
        }
        if let Ok(prefixed) = HeaderName::try_from(format!("llm_provider-{name}")) {
            headers.append(prefixed, value.clone());
        }
    }
}

fn money(amount: Nanos) -> HeaderValue {
    HeaderValue::try_from(amount.to_decimal()).unwrap_or(HeaderValue::from_static("0"))
}

/// Microseconds as milliseconds with three decimals.
fn millis(us: i64) -> HeaderValue {
    let us = us.max(0);
    HeaderValue::try_from(format!("{}.{:03}", us / 1000, us % 1000)).unwrap_or(HeaderValue::from_static("0"))
}
