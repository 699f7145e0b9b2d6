//! Asking the deployment, and giving its answer to the client.

use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use tollgate_domain::charge::{Operation, Outcome};

use super::demand::Demand;
use super::sound::Sound;
use super::{Admitted, CallStart, Gateway, Sent};
use crate::call::attempt::{Attempt, End, micros_between};
use crate::call::detach::{ClientLeft, Detachable};
use crate::call::forward::{Asked, CLIENT_REQUEST_ID, FORWARDED, fail, failed, not_answered, read};
use crate::call::headers;
use crate::call::relay::{Heard, Relay};
use crate::call::silence::Uncounted;
use crate::call::source::Source;
use crate::openai::error::CallError;
use crate::openai::request::rewrite;
use crate::simulator;
use crate::upstream::{Answer, BeforeWrite, RequestBody, SendError};

pub async fn forward(
    gateway: Gateway,
    start: CallStart,
    admitted: Admitted,
    sent: Sent,
    demand: Demand,
) -> Response<Body> {
    let left = ClientLeft::default();
    let tasks = gateway.tasks().clone();
    let limit = (!admitted.cancels).then_some(gateway.settings().drain);
    let exchange = exchange(gateway, start, admitted, (sent, demand), left.clone());
    Detachable::new(exchange, tasks, left, limit).await
}

async fn exchange(
    gateway: Gateway,
    start: CallStart,
    mut admitted: Admitted,
    (sent, demand): (Sent, Demand),
    left: ClientLeft,
) -> Response<Body> {
    let operation = start.operation;
    let (Some(place), Some(reserved)) = (admitted.place.take(), admitted.reserved.take()) else {
        return CallError::overloaded().into_response_for(operation);
    };
    let own_price = demand.own_price(&admitted.target, &admitted.upstream_model);
    let longest = demand.longest(admitted.target.terms(&admitted.upstream_model).max_output);
    let uncounted = Uncounted::new(Bytes::new(), admitted.peek.stream, Some(longest));
    let attempt = Attempt::new(gateway, start, &mut admitted, place, reserved, (left, uncounted));
    let (mut attempt, before_write) = match attempt {
        Ok(attempt) => attempt,
        Err(error) => {
            tracing::error!(%error, "a call was refused");
            return CallError::ledger_unavailable().into_response_for(operation);
        }
    };
    attempt.own_price = own_price;
    let timeouts = attempt.target.deployment.timeouts;
    let asked = tokio::time::timeout(timeouts.total, ask(&attempt, &admitted, sent, before_write)).await;
    match asked {
        Ok(Ok(asked)) if asked.status.is_success() => {
            let left = timeouts.total.saturating_sub(attempt.start.clock.elapsed());
            answer(attempt, asked, demand, left).await
        }
        Ok(Ok(asked)) => failed(attempt, asked, None).await,
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
    sent: Sent,
    before_write: BeforeWrite,
) -> Result<Asked, SendError> {
    let at = Instant::now();
    let no_path = || SendError::Broken("there is no path for the operation".to_owned());
    let Some(http) = &attempt.target.http else {
        before_write().map_err(|_| SendError::NotRecorded)?;
        let body = match sent {
            Sent::Json(body, _) => body,
            Sent::Form(upload, bounds) => {
                upload.read_to_end(bounds).await.map(|()| Bytes::new()).map_err(SendError::Broken)?
            }
        };
        let created = attempt.named.at.0 / tollgate_domain::Timestamp::MICROS_PER_SECOND;
        let (kind, script) = simulator::answer_media(attempt.start.operation, &body, created);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        return Ok(Asked { status: StatusCode::OK, headers, source: Source::Simulated(script), at });
    };
    let body = match sent {
        Sent::Json(body, peek) => RequestBody::new(rewrite(&body, &peek, &attempt.upstream_model, false, None)),
        Sent::Form(upload, bounds) => {
            let (pieces, rest, length) = upload.into_body(&attempt.upstream_model, bounds);
            RequestBody::followed(pieces, rest, length)
        }
    };
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    let operation = attempt.start.operation;
    let path = attempt.target.path(operation, &attempt.upstream_model);
    let uri = path.map_or_else(|| http.uri(operation), |path| http.below(&path));
    *request.uri_mut() = uri.ok_or_else(no_path)?;
    let headers = request.headers_mut();
    headers.reserve(FORWARDED.len() + http.headers.len() + 1);
    for name in FORWARDED {
        if let Some(value) = admitted.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    headers.insert(CLIENT_REQUEST_ID, attempt.named.id_header.clone());
    for (name, value) in &http.headers {
        headers.insert(name, value.clone());
    }
    let connect = attempt.target.deployment.timeouts.connect;
    let Answer { head, body } = http.pool.send(request, connect, before_write).await?;
    Ok(Asked { status: head.status, headers: head.headers, source: Source::Http(Box::new(body)), at })
}

fn is_kind(headers: &HeaderMap, kind: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    given.is_some_and(|given| given.get(..kind.len()).is_some_and(|given| given.eq_ignore_ascii_case(kind)))
}

/// An answer with success: a stream of events, sound, or one that comes as one.
async fn answer(mut attempt: Attempt, asked: Asked, demand: Demand, left: Duration) -> Response<Body> {
    let status = asked.status;
    let events = is_kind(&asked.headers, "text/event-stream");
    if !events && attempt.start.operation != Operation::Speech {
        return whole(attempt, asked, &demand, left).await;
    }
    attempt.note_first_byte();
    let mut head = HeaderMap::with_capacity(asked.headers.len() * 2 + 12);
    headers::copy_from_provider(&mut head, &asked.headers);
    headers::describe(&mut head, &attempt);
    headers::time(&mut head, attempt.total_us(), micros_between(asked.at, Instant::now()));
    let body = if events {
        // Proxies in between must not hold events back.
        head.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let heard = Heard { shape: demand.shape(), hide_usage: false, stream: None };
        Body::new(Relay::new(attempt, asked.source, status, heard))
    } else {
        Body::new(Sound::new(attempt, asked.source, status, demand))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = head;
    response
}

/// An answer that comes as one: read, priced, settled, given.
async fn whole(mut attempt: Attempt, mut asked: Asked, demand: &Demand, limit: Duration) -> Response<Body> {
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
    // Transcripts may come as plain text; everything else is JSON.
    let plain = is_kind(&asked.headers, "text/") && demand.is_heard();
    let Some((report, estimated)) = demand.report(&body, !plain) else {
        let error = CallError::upstream_broken(attempt.provider(), "it is not a JSON object");
        return fail(&mut attempt, Outcome::UpstreamBroken, error);
    };
    let (status, report) = (asked.status, Some(&report));
    let cost = attempt.settle(&End { outcome: Outcome::Success, status, error: None, report, estimated });
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let out = response.headers_mut();
    out.reserve(asked.headers.len() * 2 + 16);
    headers::copy_from_provider(out, &asked.headers);
    headers::describe(out, &attempt);
    headers::time(out, attempt.total_us(), micros_between(asked.at, answered));
    if let Some(cost) = &cost {
        headers::price(out, cost);
    }
    response
}
