//! Asking the deployment, and giving its answer to the client: whole ones here, streams through [`super::relay`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use tollgate_dialects::usage;
use tollgate_domain::charge::{Operation, Outcome};
use tollgate_domain::model::Wire;

use super::admit::Admitted;
use super::attempt::{Attempt, End, micros_between};
use super::detach::{ClientLeft, Detachable};
use super::relay::{Heard, Relay};
use super::silence::{self, Uncounted};
use super::source::Source;
use super::translate::{Prepared, Way};
use super::{CallStart, Findings, headers, refuse};
use crate::gateway::Gateway;
use crate::openai::error::CallError;
use crate::simulator;
use crate::upstream::{Answer, BeforeWrite, RequestBody, SendError};

/// An error answer is read so far, in bytes.
const MAX_ERROR_BODY: usize = 256 * 1024;

/// The client's headers that the provider gets. Everything else is the gateway's business or nobody's.
pub const FORWARDED: [HeaderName; 7] = [
    header::ACCEPT,
    header::CONTENT_TYPE,
    HeaderName::from_static("openai-beta"),
    HeaderName::from_static("anthropic-beta"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

/// What answers that come event by event are called: texts, and Amazon's frames.
const STREAMS: [&[u8]; 2] = [b"text/event-stream", b"application/vnd.amazon.eventstream"];

/// The charge's id, for the provider's logs and for matching its books with ours.
pub const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-client-request-id");

pub async fn forward(gateway: Gateway, start: CallStart, admitted: Admitted) -> Response<Body> {
    let left = ClientLeft::default();
    let tasks = gateway.tasks().clone();
    let limit = (!admitted.cancels).then_some(gateway.settings().drain);
    let exchange = exchange(gateway, start, admitted, left.clone());
    Detachable::new(exchange, tasks, left, limit).await
}

/// The answer's head, where its body comes from, and when the provider was asked.
pub struct Asked {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub source: Source,
    pub at: Instant,
}

async fn exchange(gateway: Gateway, start: CallStart, mut admitted: Admitted, left: ClientLeft) -> Response<Body> {
    let (Some(place), Some(reserved)) = (admitted.place.take(), admitted.reserved.take()) else {
        return CallError::overloaded().into_response_for(start.operation);
    };
    let drop_params = gateway.settings().drop_params;
    let mut prepared = match Prepared::of(start.operation, &admitted, reserved.told, drop_params) {
        Ok(prepared) => prepared,
        Err(error) => {
            let findings = Findings { caller: Some(admitted.caller.clone()), model: Some(Arc::clone(&admitted.model)) };
            return refuse(&gateway, &start, findings, error);
        }
    };
    let longest = reserved.told.or(admitted.peek.answer_limit);
    let longest = longest.or_else(|| admitted.target.terms(&admitted.upstream_model).max_output);
    let longest = longest.map(|tokens| tokens.saturating_mul(admitted.peek.answers));
    let uncounted = Uncounted::new(std::mem::take(&mut admitted.body), admitted.peek.stream, longest);
    let operation = start.operation;
    let attempt = Attempt::new(gateway.clone(), start, &mut admitted, place, reserved, (left, uncounted));
    let (mut attempt, before_write) = match attempt {
        Ok(attempt) => attempt,
        Err(error) => {
            tracing::error!(%error, "a call was refused");
            return CallError::ledger_unavailable().into_response_for(operation);
        }
    };
    let timeouts = attempt.target.deployment.timeouts;
    let asked = tokio::time::timeout(timeouts.total, ask(&attempt, &admitted, &mut prepared, before_write)).await;
    match asked {
        Ok(Ok(asked)) if asked.status.is_success() => {
            let kind = asked.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
            let is_stream = |kind: &[u8]| STREAMS.iter().any(|stream| kind.starts_with(stream));
            if kind.is_some_and(is_stream) {
                stream(attempt, asked, &prepared)
            } else {
                let left = timeouts.total.saturating_sub(attempt.start.clock.elapsed());
                whole(attempt, asked, &prepared, left).await
            }
        }
        Ok(Ok(asked)) => failed(attempt, asked, prepared.way.as_ref()).await,
        Ok(Err(error)) => not_answered(&mut attempt, &admitted, &error),
        Err(_) => {
            let error = CallError::upstream_timeout(attempt.provider(), timeouts.total.as_secs());
            fail(&mut attempt, Outcome::Timeout, error)
        }
    }
}

async fn ask(
    attempt: &Attempt,
    admitted: &Admitted,
    prepared: &mut Prepared,
    before_write: BeforeWrite,
) -> Result<Asked, SendError> {
    let at = Instant::now();
    let operation = prepared.operation;
    let pieces = std::mem::take(&mut prepared.pieces);
    let Some(http) = &attempt.target.http else {
        before_write().map_err(|_| SendError::NotRecorded)?;
        let body: Vec<u8> = pieces.concat();
        let created = attempt.named.at.0 / tollgate_domain::Timestamp::MICROS_PER_SECOND;
        let (streamed, script) = simulator::answer(operation, &body, &attempt.named.id.to_string(), created);
        let kind = if streamed { "text/event-stream; charset=utf-8" } else { "application/json" };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        return Ok(Asked { status: StatusCode::OK, headers, source: Source::Simulated(script), at });
    };
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    let uri = prepared.path.as_ref().map_or_else(|| http.uri(operation), |path| http.below(path));
    *request.uri_mut() = uri.ok_or_else(|| SendError::Broken("there is no path for the operation".to_owned()))?;
    let headers = request.headers_mut();
    headers.reserve(FORWARDED.len() + http.headers.len() + 1);
    for name in FORWARDED {
        // What the caller accepts is for the translation to give.
        let applies = prepared.way.is_none() || name != header::ACCEPT;
        if let Some(value) = admitted.headers.get(&name).filter(|_| applies) {
            headers.insert(name, value.clone());
        }
    }
    headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    headers.insert(CLIENT_REQUEST_ID, attempt.named.id_header.clone());
    for (name, value) in &http.headers {
        headers.insert(name, value.clone());
    }
    if (http.wire, operation) == (Wire::Gemini, Operation::Embedding)
        && let Some(key) = headers.get("x-goog-api-key").and_then(|key| key.to_str().ok())
        && let Ok(mut bearer) = HeaderValue::from_str(&format!("Bearer {key}"))
    {
        // The interface for OpenAI's clients knows keys as they send them.
        bearer.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, bearer);
    }
    let (mut head, ()) = request.into_parts();
    http.sign(&head.uri, &mut head.headers, &pieces, attempt.gateway.clock().now());
    let request = Request::from_parts(head, RequestBody::new(pieces));
    let connect = attempt.target.deployment.timeouts.connect;
    let Answer { head, body } = http.pool.send(request, connect, before_write).await?;
    Ok(Asked { status: head.status, headers: head.headers, source: Source::Http(Box::new(body)), at })
}

/// An answer that comes as one: read, priced, settled, given.
async fn whole(mut attempt: Attempt, mut asked: Asked, prepared: &Prepared, limit: Duration) -> Response<Body> {
    let max = attempt.gateway.settings().max_response_bytes;
    let body = match tokio::time::timeout(limit, read(&mut asked.source, max)).await {
        Ok(Ok(body)) => body,
        Ok(Err(reason)) => {
            let error = CallError::upstream_broken(attempt.provider(), &reason);
            return fail(&mut attempt, Outcome::UpstreamBroken, error);
        }
        Err(_) => {
            let error = CallError::upstream_timeout(attempt.provider(), limit.as_secs());
            return fail(&mut attempt, Outcome::Timeout, error);
        }
    };
    let answered = Instant::now();
    let Some(mut report) = usage::read(prepared.shape, &body) else {
        let error = CallError::upstream_broken(attempt.provider(), "it is not a JSON object");
        return fail(&mut attempt, Outcome::UpstreamBroken, error);
    };
    let estimated = report.usage.is_none();
    if estimated {
        report.usage = silence::of_answer(&attempt, &body).await;
    }
    let written = prepared.way.as_ref().map(|way| way.answer(&body, &attempt.named)).transpose();
    let body = match written {
        Ok(written) => written.map_or(body, Bytes::from),
        Err(reason) => {
            // It was made all the same, and is paid for.
            let error = CallError::upstream_broken(attempt.provider(), &reason);
            let (outcome, report) = (Outcome::UpstreamBroken, Some(&report));
            attempt.settle(&End { outcome, status: error.status, error: Some(&error.message), report, estimated });
            let mut response = error.into_response_for(attempt.start.operation);
            headers::describe(response.headers_mut(), &attempt);
            return response;
        }
    };
    let end = End { outcome: Outcome::Success, status: asked.status, error: None, report: Some(&report), estimated };
    let cost = attempt.settle(&end);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = asked.status;
    let out = response.headers_mut();
    out.reserve(asked.headers.len() * 2 + 16);
    headers::copy_from_provider(out, &asked.headers);
    headers::describe(out, &attempt);
    headers::time(out, attempt.total_us(), micros_between(asked.at, answered));
    if prepared.way.is_some() {
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(cost) = &cost {
        headers::price(out, cost);
    }
    response
}

/// An answer that comes event by event.
fn stream(mut attempt: Attempt, asked: Asked, prepared: &Prepared) -> Response<Body> {
    attempt.note_first_byte();
    let mut head = HeaderMap::with_capacity(asked.headers.len() * 2 + 12);
    headers::copy_from_provider(&mut head, &asked.headers);
    headers::describe(&mut head, &attempt);
    headers::time(&mut head, attempt.total_us(), micros_between(asked.at, Instant::now()));
    // Proxies in between must not hold events back.
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    head.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    if let Some(way) = &prepared.way {
        head.insert(header::CONTENT_TYPE, HeaderValue::from_static(way.stream_type()));
    }
    let status = asked.status;
    let stream = prepared.way.as_ref().map(|way| way.stream(&attempt.named));
    let heard = Heard { shape: prepared.shape, hide_usage: prepared.hide_usage, stream };
    let mut response = Response::new(Body::new(Relay::new(attempt, asked.source, status, heard)));
    *response.status_mut() = status;
    *response.headers_mut() = head;
    response
}

/// An answer that is an error.
pub async fn failed(mut attempt: Attempt, mut asked: Asked, way: Option<&Way>) -> Response<Body> {
    let limit = attempt.target.deployment.timeouts.idle;
    let body = tokio::time::timeout(limit, read(&mut asked.source, MAX_ERROR_BODY)).await;
    let body = body.ok().and_then(Result::ok).unwrap_or_default();
    let retry_after = asked.headers.get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let provider = attempt.provider().to_owned();
    if asked.status.is_client_error() || asked.status.is_server_error() {
        let body = attempt.target.hide_secrets(body);
        let (status, body) =
            way.map_or((asked.status, body.clone()), |way| way.error(asked.status, &asked.headers, &body));
        let error = CallError::from_upstream(status, &provider, &body, retry_after);
        let kept = error.kept(&provider);
        let mut response = fail_as(&mut attempt, Outcome::UpstreamError, error, &kept);
        let kind = response.headers().get(header::CONTENT_TYPE).cloned();
        headers::copy_from_provider(response.headers_mut(), &asked.headers);
        if let Some(kind) = kind {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        // The caller's own limits, not the gateway's at the provider.
        headers::describe(response.headers_mut(), &attempt);
        return response;
    }
    // A redirect is not followed: where calls go is the administrator's decision.
    let error = CallError::upstream_broken(&provider, &format!("status {}", asked.status));
    fail(&mut attempt, Outcome::UpstreamBroken, error)
}

pub fn not_answered(attempt: &mut Attempt, admitted: &Admitted, error: &SendError) -> Response<Body> {
    let provider = attempt.provider().to_owned();
    match error {
        SendError::NotRecorded => CallError::ledger_unavailable().into_response_for(attempt.start.operation),
        SendError::Connect(reason) => {
            // Nothing was sent: there is no charge, but the request log has it.
            let error = CallError::upstream_unreachable(&provider, &reason.to_string());
            tracing::warn!(deployment.id = %attempt.target.deployment.id, error = %reason, "no connection to the provider");
            let findings = Findings { caller: Some(admitted.caller.clone()), model: Some(Arc::clone(&admitted.model)) };
            refuse(&attempt.gateway, &attempt.start, findings, error)
        }
        SendError::Broken(reason) => {
            let error = CallError::upstream_unreachable(&provider, reason);
            fail(attempt, Outcome::UpstreamBroken, error)
        }
    }
}

/// Settles a failed attempt and answers with its error.
pub fn fail(attempt: &mut Attempt, outcome: Outcome, error: CallError) -> Response<Body> {
    let kept = error.message.clone();
    fail_as(attempt, outcome, error, &kept)
}

/// The same, with other words in the ledger.
fn fail_as(attempt: &mut Attempt, outcome: Outcome, error: CallError, kept: &str) -> Response<Body> {
    let end = End { outcome, status: error.status, error: Some(kept), report: None, estimated: false };
    attempt.settle(&end);
    let mut response = error.into_response_for(attempt.start.operation);
    headers::describe(response.headers_mut(), attempt);
    response
}

pub async fn read(source: &mut Source, limit: usize) -> Result<Bytes, String> {
    let length = source.length().and_then(|length| usize::try_from(length).ok());
    let too_large = || format!("it is larger than {limit} bytes");
    if length.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    while let Some(piece) = source.piece().await {
        let piece = piece.map_err(|error| error.to_string())?;
        let Some(begin) = &first else {
            first = Some(piece);
            continue;
        };
        if rest.is_empty() {
            rest.reserve(length.unwrap_or(begin.len() * 4).max(begin.len() + piece.len()));
            rest.extend_from_slice(begin);
        }
        if rest.len() + piece.len() > limit {
            return Err(too_large());
        }
        rest.extend_from_slice(&piece);
    }
    Ok(if rest.is_empty() { first.unwrap_or_default() } else { rest.freeze() })
}
