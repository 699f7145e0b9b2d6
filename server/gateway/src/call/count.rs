//! How many tokens a prompt has, before it is sent: by the provider where it counts, and else by the gateway's
//! tokeniser, which the answer then says. Nothing is charged for it.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use tollgate_dialects::{Url, codec, gemini, messages, neutral, tokens};
use tollgate_domain::charge::Operation;
use tollgate_domain::model::Wire;

use super::translate::{front, wanted};
use super::{CallStart, Findings, read_body, refuse};
use crate::gateway::Gateway;
use crate::openai::error::CallError;
use crate::openai::request::{InUrl, peek, peek_beside};
use crate::targets::{HttpTarget, Target};
use crate::upstream::{RequestBody, SendError};

/// Who counted: `provider`, or `estimate`.
const COUNTED_BY: HeaderName = HeaderName::from_static("x-tollgate-counted-by");

/// A provider's count is read so far, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Answers how many tokens a request of `operation` would have.
pub async fn count(gateway: Gateway, operation: Operation, request: Request<Body>) -> Response<Body> {
    let start = CallStart::new(operation, request.headers());
    let mut findings = Findings::default();
    match counted(&gateway, operation, request, &mut findings).await {
        Ok((tokens, by_provider)) => {
            let body = match operation {
                Operation::GenerateContent => gemini::count::write_answer(tokens),
                _ => messages::count::write_answer(tokens),
            };
            let mut response = Response::new(Body::from(body));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let by = if by_provider { "provider" } else { "estimate" };
            headers.insert(COUNTED_BY, HeaderValue::from_static(by));
            response
        }
        Err(error) => refuse(&gateway, &start, findings, error),
    }
}

/// The tokens, and whether the provider counted them.
async fn counted(
    gateway: &Gateway,
    operation: Operation,
    request: Request<Body>,
    findings: &mut Findings,
) -> Result<(u64, bool), CallError> {
    let (parts, body) = request.into_parts();
    let caller = gateway.identify(&parts.headers).await?;
    findings.caller = Some(caller.clone());
    caller.check(gateway.clock().now())?;
    caller.check_route(parts.uri.path())?;
    let _place = gateway.enter()?;
    let settings = gateway.settings();
    let body = read_body(&parts.headers, body, settings.max_request_bytes, settings.body_pause).await?;
    let url = parts.extensions.get::<InUrl>();
    let peeked = url.map_or_else(|| peek(&body), |url| peek_beside(&body, url));
    let peeked = peeked.map_err(|error| CallError::bad_body(&error))?;
    let model = caller.resolve_alias(&peeked.model).to_owned();
    findings.model = Some(model.as_str().into());
    caller.check_model(&model)?;
    let chosen = {
        let targets = gateway.targets();
        let target = targets.choices(&model).next(gateway.entropy());
        target.map(|target| (target.upstream_model(targets.catalog().resolve(&model)), target))
    };
    let Some((upstream_model, target)) = chosen else {
        return Err(CallError::unknown_model(parts.uri.path(), &model));
    };
    let bad = |error: neutral::Error| CallError::untranslatable(error.message, error.param);
    let request = match (operation, front(operation).and_then(codec)) {
        (Operation::GenerateContent, _) => gemini::count::read(&body, &model).map_err(bad)?,
        (_, Some(front)) => front.read_request(&body, Url::default()).map_err(bad)?,
        (_, None) => return Err(CallError::not_spoken(&model, &target.provider)),
    };
    let asked = match target.wire() {
        Wire::Anthropic => messages::count::write_request(&request, wanted(&target, &upstream_model))
            .ok()
            .map(|written| (written.path, written.body, messages::count::read_answer as Read)),
        Wire::Gemini => {
            let door = gemini::Door::GeminiApi;
            let (body, _) = gemini::count::write(&request, &upstream_model, door);
            let path = gemini::path::write(door, &upstream_model, gemini::path::Verb::CountTokens);
            Some((path, body.to_vec(), gemini::count::read_answer as Read))
        }
        Wire::OpenAi | Wire::Azure | Wire::Bedrock => None,
    };
    if let (Some((path, body, read)), Some(http)) = (asked, &target.http) {
        return Ok((ask(gateway, &target, http, &path, body, read).await?, true));
    }
    drop(request);
    let count = tokio::task::spawn_blocking(move || tokens::exact_prompt(&body)).await;
    Ok((count.map_err(|_| CallError::overloaded())?, false))
}

/// Reads a provider's count.
type Read = fn(&[u8]) -> Result<u64, neutral::Error>;

async fn ask(
    gateway: &Gateway,
    target: &Target,
    http: &HttpTarget,
    path: &str,
    body: Vec<u8>,
    read: Read,
) -> Result<u64, CallError> {
    let provider = &*target.provider;
    let timeouts = target.deployment.timeouts;
    let mut request = Request::new(RequestBody::new(vec![Bytes::from(body)]));
    *request.method_mut() = Method::POST;
    let uri = http.below(path);
    *request.uri_mut() = uri.ok_or_else(|| CallError::upstream_unreachable(provider, "there is no path for it"))?;
    request.headers_mut().clone_from(&http.headers);
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let answer = async {
        let mut answer = http.pool.send(request, timeouts.connect, Box::new(|| Ok(()))).await?;
        let mut body = Vec::new();
        while let Some(piece) = std::future::poll_fn(|cx| answer.body.poll_piece(cx)).await {
            body.extend_from_slice(&piece.map_err(|error| SendError::Broken(error.to_string()))?);
            if body.len() > MAX_ANSWER {
                return Err(SendError::Broken("its count is too long".to_owned()));
            }
        }
        Ok((answer.head.status, Bytes::from(body)))
    };
    let answered = tokio::time::timeout(timeouts.total.min(gateway.settings().drain), answer).await;
    let (status, body) = answered
        .map_err(|_| CallError::upstream_timeout(provider, timeouts.total.as_secs()))?
        .map_err(|error: SendError| CallError::upstream_unreachable(provider, &error.to_string()))?;
    if !status.is_success() {
        return Err(CallError::from_upstream(status, provider, &target.hide_secrets(body), None));
    }
    read(&body).map_err(|error| CallError::upstream_broken(provider, &error.message))
}
