//! Calls that are no chats: images, sound, moderation, reranking. OpenAI's interface in front, and whoever speaks it
//! behind; what they need is known by the request, and what they used by the answer.

mod demand;
mod exchange;
mod sound;
mod upload;

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use tollgate_domain::charge::Operation;

pub use demand::Demand;

use self::upload::{Bounds, Upload, receive};
use super::admit::{Admitted, check_headers, end_user, tags};
use super::choose::{Chosen, Wanted, choose};
use super::{CallStart, Findings, read_body, refuse};
use crate::auth::Caller;
use crate::gateway::{CallPlace, Gateway};
use crate::openai::error::CallError;
use crate::openai::request::{InUrl, MAX_END_USER, Peek, cut, peek, peek_beside};

/// What an operation's path ends with, at servers that speak OpenAI's dialect; `None`: it is none of these.
pub fn path(operation: Operation) -> Option<&'static str> {
    match operation {
        Operation::ImageGeneration => Some("/images/generations"),
        Operation::ImageEdit => Some("/images/edits"),
        Operation::ImageVariation => Some("/images/variations"),
        Operation::Moderation => Some("/moderations"),
        Operation::Rerank => Some("/rerank"),
        Operation::Speech => Some("/audio/speech"),
        Operation::Transcription => Some("/audio/transcriptions"),
        Operation::AudioTranslation => Some("/audio/translations"),
        _ => None,
    }
}

/// The model of a request for moderation that names none: OpenAI's own default.
const MODERATOR: &str = "omni-moderation-latest";

/// What is sent.
enum Sent {
    Json(Bytes, Box<Peek>),
    Form(Box<Upload>, Bounds),
}

/// Answers a call whose body is JSON.
pub async fn json(gateway: Gateway, operation: Operation, request: Request<Body>) -> Response<Body> {
    let start = CallStart::new(operation, request.headers());
    let mut findings = Findings::default();
    match admit_json(&gateway, operation, request, &mut findings).await {
        Ok((admitted, sent, demand)) => exchange::forward(gateway, start, admitted, sent, demand).await,
        Err(error) => refuse(&gateway, &start, findings, error),
    }
}

/// Answers a call whose body is a form with files.
pub async fn form(gateway: Gateway, operation: Operation, request: Request<Body>) -> Response<Body> {
    let start = CallStart::new(operation, request.headers());
    let mut findings = Findings::default();
    match admit_form(&gateway, operation, request, &mut findings).await {
        Ok((admitted, sent, demand)) => exchange::forward(gateway, start, admitted, sent, demand).await,
        Err(error) => refuse(&gateway, &start, findings, error),
    }
}

/// Who calls, and that they may call at all.
async fn enter(
    gateway: &Gateway,
    parts: &http::request::Parts,
    findings: &mut Findings,
) -> Result<(Caller, CallPlace), CallError> {
    check_headers(&parts.headers, gateway.settings().max_header_bytes)?;
    // The key comes first: nobody unknown makes the gateway hold a body.
    let caller = gateway.identify(&parts.headers).await?;
    findings.caller = Some(caller.clone());
    caller.check(gateway.clock().now())?;
    caller.check_route(parts.uri.path())?;
    Ok((caller, gateway.enter()?))
}

async fn admit_json(
    gateway: &Gateway,
    operation: Operation,
    request: Request<Body>,
    findings: &mut Findings,
) -> Result<(Admitted, Sent, Demand), CallError> {
    let (parts, body) = request.into_parts();
    let (caller, place) = enter(gateway, &parts, findings).await?;
    let settings = gateway.settings();
    let mut body = read_body(&parts.headers, body, settings.max_request_bytes, settings.body_pause).await?;
    if operation == Operation::Moderation
        && let Ok(mut request) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&body)
        && request.get("model").is_none_or(serde_json::Value::is_null)
    {
        request.insert("model".to_owned(), MODERATOR.into());
        body = Bytes::from(serde_json::Value::Object(request).to_string());
    }
    let peek = peek(&body).map_err(|error| CallError::bad_body(&error))?;
    let demand = Demand::of_json(operation, &body);
    let sent = Sent::Json(body, Box::new(peek.clone()));
    let admitted = Admission { gateway, operation, path: parts.uri.path(), headers: &parts.headers, caller, place };
    Ok((admitted.finish(peek, &demand, findings).await?, sent, demand))
}

async fn admit_form(
    gateway: &Gateway,
    operation: Operation,
    request: Request<Body>,
    findings: &mut Findings,
) -> Result<(Admitted, Sent, Demand), CallError> {
    let (parts, body) = request.into_parts();
    let (caller, place) = enter(gateway, &parts, findings).await?;
    let settings = gateway.settings();
    let bounds = Bounds { most: settings.max_upload_bytes, pause: settings.body_pause };
    let upload = receive(&parts.headers, body, bounds).await?;
    let found = &upload.found;
    let model = found.get("model").unwrap_or_default().to_owned();
    let stream = found.get("stream").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let url = InUrl { model, stream, events: stream };
    let mut peek = peek_beside(b"{}", &url).map_err(|error| CallError::bad_body(&error))?;
    let user = found.get("user").map(str::trim).filter(|user| !user.is_empty());
    peek.end_user = user.map(|user| cut(user, MAX_END_USER).to_owned());
    // What doesn't say how long it is may be as long as anything.
    let demand = Demand::of_form(operation, found, upload.whole, upload.length.unwrap_or(bounds.most));
    let admitted = Admission { gateway, operation, path: parts.uri.path(), headers: &parts.headers, caller, place };
    let admitted = admitted.finish(peek, &demand, findings).await?;
    Ok((admitted, Sent::Form(Box::new(upload), bounds), demand))
}

/// A call whose body is understood.
struct Admission<'a> {
    gateway: &'a Gateway,
    operation: Operation,
    path: &'a str,
    headers: &'a HeaderMap,
    caller: Caller,
    place: CallPlace,
}

impl Admission<'_> {
    /// The model, the limits, and what is set aside.
    async fn finish(self, mut peek: Peek, demand: &Demand, findings: &mut Findings) -> Result<Admitted, CallError> {
        let Self { gateway, operation, path, headers, caller, place } = self;
        let model: Arc<str> = caller.resolve_alias(&peek.model).into();
        findings.model = Some(Arc::clone(&model));
        caller.check_model(&model)?;
        gateway.ledger().admit().map_err(|error| {
            tracing::error!(%error, "a call was refused");
            CallError::ledger_unavailable()
        })?;
        let end_user = end_user(headers, peek.end_user.take());
        let tags = tags(&caller, headers, std::mem::take(&mut peek.tags));
        let wanted = Wanted {
            operation,
            path,
            body: b"",
            peek: &peek,
            caller: &caller,
            customer: end_user.as_deref(),
            tags: &tags,
            demand: Some(demand),
        };
        let Chosen { model, instead_of, target, upstream_model, reserved } = choose(gateway, &wanted, &model).await?;
        if !target.speaks(operation) {
            return Err(CallError::not_spoken(&model, &target.provider));
        }
        let cancels = caller.cancels().unwrap_or(gateway.settings().cancel);
        Ok(Admitted {
            caller,
            headers: headers.clone(),
            body: Bytes::new(),
            peek,
            url: None,
            model,
            instead_of,
            cancels,
            end_user,
            tags,
            target,
            upstream_model,
            place: Some(place),
            reserved: Some(reserved),
        })
    }
}
