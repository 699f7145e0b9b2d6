//! The headers of an answer: what a client may know of how it came about.

use std::cell::RefCell;
use std::collections::HashMap;
use std::{fmt, io};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tollgate_domain::ledger::{RateKind, RateStatus};
use tollgate_domain::price::{Cost, CostLine, Meter};
use tollgate_domain::{Nanos, Timestamp};

use super::Named;
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
/// What was asked for, if something else was called because its budget is used up.
const INSTEAD_OF: HeaderName = name("x-tollgate-fallback-from");
const TOLLGATE_COST: HeaderName = name("x-tollgate-response-cost");
const COST: HeaderName = name("x-litellm-response-cost");
const COST_INPUT: HeaderName = name("x-litellm-response-cost-input");
const COST_OUTPUT: HeaderName = name("x-litellm-response-cost-output");
const COST_CACHE_READ: HeaderName = name("x-litellm-response-cost-cache-read");
const COST_CACHE_CREATION: HeaderName = name("x-litellm-response-cost-cache-creation");
const COST_REASONING: HeaderName = name("x-litellm-response-cost-reasoning");

/// Limit, what is left of it, and when all of it is there again.
const REQUEST_LIMITS: [HeaderName; 3] =
    [name("x-ratelimit-limit-requests"), name("x-ratelimit-remaining-requests"), name("x-ratelimit-reset-requests")];
const TOKEN_LIMITS: [HeaderName; 3] =
    [name("x-ratelimit-limit-tokens"), name("x-ratelimit-remaining-tokens"), name("x-ratelimit-reset-tokens")];
const INPUT_LIMITS: [HeaderName; 3] = [
    name("x-ratelimit-limit-input-tokens"),
    name("x-ratelimit-remaining-input-tokens"),
    name("x-ratelimit-reset-input-tokens"),
];
const OUTPUT_LIMITS: [HeaderName; 3] = [
    name("x-ratelimit-limit-output-tokens"),
    name("x-ratelimit-remaining-output-tokens"),
    name("x-ratelimit-reset-output-tokens"),
];

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
pub fn identify(headers: &mut HeaderMap, named: &Named) {
    let id = &named.call_header;
    headers.insert(super::CALL_ID, id.clone());
    headers.insert(REQUEST_ID, id.clone());
    headers.insert(VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
}

/// Headers of an answer that a deployment gave.
pub fn describe(headers: &mut HeaderMap, attempt: &Attempt) {
    let target = &attempt.target;
    identify(headers, &attempt.named);
    limits(headers, &attempt.rates, attempt.named.at);
    headers.insert(MODEL_ID, target.id_header.clone());
    if let Some(model) = target.model_header(&attempt.model) {
        headers.insert(MODEL_GROUP, model);
    }
    if let Some(model) = target.upstream_model_header(&attempt.upstream_model) {
        headers.insert(MODEL_NAME, model);
    }
    if let Some(http) = &target.http {
        headers.insert(API_BASE, http.base_header.clone());
    }
    headers.insert(RETRIES, HeaderValue::from_static("0"));
    headers.insert(FALLBACKS, HeaderValue::from_static(if attempt.instead_of.is_some() { "1" } else { "0" }));
    if let Some(asked) = attempt.instead_of.as_deref().and_then(|model| HeaderValue::from_str(model).ok()) {
        headers.insert(INSTEAD_OF, asked);
    }
}

/// What is left of the caller's own rate limits: in place of the provider's, which are the gateway's business.
fn limits(headers: &mut HeaderMap, rates: &[RateStatus], now: Timestamp) {
    for rate in rates {
        let [limit, remaining, reset] = match rate.kind {
            RateKind::Requests => &REQUEST_LIMITS,
            RateKind::Tokens => &TOKEN_LIMITS,
            RateKind::InputTokens => &INPUT_LIMITS,
            RateKind::OutputTokens => &OUTPUT_LIMITS,
        };
        let wait = rate.resets_at.0.saturating_sub(now.0).max(0);
        headers.insert(limit.clone(), short(format_args!("{}", rate.limit)));
        headers.insert(remaining.clone(), short(format_args!("{}", rate.remaining)));
        // As OpenAI writes it: `1.500s`.
        let (seconds, millis) = (wait / Timestamp::MICROS_PER_SECOND, wait % Timestamp::MICROS_PER_SECOND / 1000);
        headers.insert(reset.clone(), short(format_args!("{seconds}.{millis:03}s")));
    }
}

/// How long it took, and how much of it was the gateway's.
pub fn time(headers: &mut HeaderMap, total_us: i64, upstream_us: i64) {
    headers.insert(DURATION, millis(total_us));
    headers.insert(OVERHEAD, millis(total_us.saturating_sub(upstream_us)));
}

/// What it cost.
pub fn price(headers: &mut HeaderMap, cost: &Cost) {
    headers.insert(TOLLGATE_COST, money(cost.total));
    headers.insert(COST, money(cost.total));
    let parts: [(&HeaderName, &[Meter]); 5] = [
        (&COST_INPUT, &[Meter::Input, Meter::AudioInput, Meter::ImageInput]),
        (&COST_OUTPUT, &[Meter::Output, Meter::AudioOutput, Meter::ImageOutput]),
        (&COST_CACHE_READ, &[Meter::CacheRead, Meter::CacheReadAudio, Meter::CacheReadImage]),
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
        if let Some(prefixed) = prefixed(name) {
            headers.append(prefixed, value.clone());
        }
    }
}

/// Names that a thread remembers: providers send the same ones again and again.
const MAX_NAMES: usize = 256;

thread_local! {
    static PREFIXED: RefCell<HashMap<HeaderName, HeaderName>> = RefCell::default();
}

/// `llm_provider-` and the name; `None` if that is too long.
fn prefixed(name: &HeaderName) -> Option<HeaderName> {
    PREFIXED.with_borrow_mut(|names| {
        if let Some(known) = names.get(name) {
            return Some(known.clone());
        }
        let made = HeaderName::try_from(format!("llm_provider-{name}")).ok()?;
        if names.len() >= MAX_NAMES {
            names.clear();
        }
        names.insert(name.clone(), made.clone());
        Some(made)
    })
}

fn money(amount: Nanos) -> HeaderValue {
    short(format_args!("{}", amount.decimal()))
}

/// Microseconds as milliseconds with three decimals.
fn millis(us: i64) -> HeaderValue {
    let us = us.max(0);
    short(format_args!("{}.{:03}", us / 1000, us % 1000))
}

/// A value of at most 64 bytes, put together without allocating more than it takes.
fn short(text: fmt::Arguments<'_>) -> HeaderValue {
    let mut room = [0; 64];
    let mut rest = &mut room[..];
    let left = match io::Write::write_fmt(&mut rest, text) {
        Ok(()) => rest.len(),
        Err(_) => room.len(),
    };
    let length = room.len() - left;
    HeaderValue::from_bytes(&room[..length]).unwrap_or(HeaderValue::from_static("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_out() {
        assert_eq!(money(Nanos(42_000)), "0.000042");
        assert_eq!(money(Nanos(i64::MAX)), "9223372036.854775807");
        assert_eq!(money(Nanos(-1_500_000_000)), "-1.5");
        assert_eq!(millis(1_234_567), "1234.567");
        assert_eq!(millis(5), "0.005");
        assert_eq!(millis(i64::MAX), "9223372036854775.807");
        assert_eq!(short(format_args!("{}", "x".repeat(65))), "");
    }

    #[test]
    fn the_providers_headers_are_told_apart() {
        let mut theirs = HeaderMap::new();
        for (name, value) in
            [("date", "today"), ("x-ratelimit-limit", "5"), ("content-type", "a/b"), ("set-cookie", "c")]
        {
            theirs.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        theirs.append("x-twice", HeaderValue::from_static("1"));
        theirs.append("x-twice", HeaderValue::from_static("2"));
        for _ in 0..2 {
            let mut headers = HeaderMap::new();
            copy_from_provider(&mut headers, &theirs);
            assert_eq!(headers["llm_provider-date"], "today");
            assert_eq!(
                (&headers["x-ratelimit-limit"], &headers["llm_provider-x-ratelimit-limit"]),
                (&"5".parse().unwrap(), &"5".parse().unwrap())
            );
            assert_eq!(headers["content-type"], "a/b");
            assert_eq!(headers.get_all("llm_provider-x-twice").iter().count(), 2);
            assert!(!headers.contains_key("llm_provider-set-cookie") && !headers.contains_key("date"));
        }
    }
}
