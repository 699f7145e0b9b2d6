//! May this call be made, and by whom? Everything that can be refused before a provider is asked.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request};
use tollgate_domain::charge::Operation;

use super::choose::{Chosen, Wanted, choose};
use super::{Findings, read_body};
use crate::auth::{Caller, collect_tags};
use crate::gateway::{CallPlace, Gateway};
use crate::ledger::Reserved;
use crate::openai::error::CallError;
use crate::openai::request::{InUrl, MAX_END_USER, Peek, cut, peek, peek_beside};
use crate::targets::Target;

/// Headers that name the end customer, in order.
const CUSTOMER_HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("x-litellm-customer-id"), HeaderName::from_static("x-litellm-end-user-id")];

/// Tags with commas between them.
const TAGS: HeaderName = HeaderName::from_static("x-litellm-tags");

/// A call that may be made.
pub struct Admitted {
    pub caller: Caller,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub peek: Peek,
    /// What the URL says of it, where that is not in the body.
    pub url: Option<InUrl>,
    /// What is called: what is asked for, the caller's own names for models resolved, or what it has instead.
    pub model: Arc<str>,
    /// What was asked for, if something else is called because its budget is used up.
    pub instead_of: Option<Arc<str>>,
    /// A client that leaves takes the call with it.
    pub cancels: bool,
    pub end_user: Option<String>,
    pub tags: Vec<String>,
    pub target: Arc<Target>,
    /// What the deployment's provider is asked for.
    pub upstream_model: Arc<str>,
    /// Taken by the attempt.
    pub place: Option<CallPlace>,
    /// What is set aside for it. Taken by the attempt.
    pub reserved: Option<Reserved>,
}

pub async fn admit(
    gateway: &Gateway,
    operation: Operation,
    request: Request<Body>,
    findings: &mut Findings,
) -> Result<Admitted, CallError> {
    let (parts, body) = request.into_parts();
    check_headers(&parts.headers, gateway.settings().max_header_bytes)?;
    // The key comes first: nobody unknown makes the gateway hold a body.
    let caller = gateway.identify(&parts.headers).await?;
    findings.caller = Some(caller.clone());
    caller.check(gateway.clock().now())?;
    caller.check_route(parts.uri.path())?;
    let place = gateway.enter()?;
    let settings = gateway.settings();
    let body = read_body(&parts.headers, body, settings.max_request_bytes, settings.body_pause).await?;
    let url = parts.extensions.get::<InUrl>().cloned();
    let peeked = url.as_ref().map_or_else(|| peek(&body), |url| peek_beside(&body, url));
    let mut peek = peeked.map_err(|error| CallError::bad_body(&error))?;
    let model: Arc<str> = caller.resolve_alias(&peek.model).into();
    findings.model = Some(Arc::clone(&model));
    caller.check_model(&model)?;
    gateway.ledger().admit().map_err(|error| {
        tracing::error!(%error, "a call was refused");
        CallError::ledger_unavailable()
    })?;
    let end_user = end_user(&parts.headers, peek.end_user.take());
    let tags = tags(&caller, &parts.headers, std::mem::take(&mut peek.tags));
    let wanted = Wanted {
        operation,
        path: parts.uri.path(),
        body: &body,
        peek: &peek,
        caller: &caller,
        customer: end_user.as_deref(),
        tags: &tags,
        demand: None,
    };
    let Chosen { model, instead_of, target, upstream_model, reserved } = choose(gateway, &wanted, &model).await?;
    let cancels = caller.cancels().unwrap_or(settings.cancel);
    Ok(Admitted {
        caller,
        headers: parts.headers,
        body,
        peek,
        url,
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

/// For whom the application calls: a header says so, or the request's `user`.
pub fn end_user(headers: &HeaderMap, of_body: Option<String>) -> Option<String> {
    let of_headers = CUSTOMER_HEADERS.iter().find_map(|name| {
        let text = headers.get(name)?.to_str().ok()?.trim();
        (!text.is_empty()).then(|| cut(text, MAX_END_USER).to_owned())
    });
    of_headers.or(of_body)
}

pub fn tags(caller: &Caller, headers: &HeaderMap, of_body: Vec<String>) -> Vec<String> {
    let of_headers = headers.get_all(TAGS).iter().filter_map(|value| value.to_str().ok());
    collect_tags(
        caller
            .tags()
            .chain(of_headers.flat_map(|list| list.split(',')))
            .map(Cow::Borrowed)
            .chain(of_body.into_iter().map(Cow::Owned)),
    )
}

pub fn check_headers(headers: &HeaderMap, limit: usize) -> Result<(), CallError> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if size > limit { Err(CallError::headers_too_large(limit)) } else { Ok(()) }
}
