//! May this call be made, and by whom? Everything that can be refused before a provider is asked.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request};
use tollgate_domain::charge::Operation;
use tollgate_domain::ledger::{Estimate, prompt_tokens_at_most};

use super::{Findings, read_body};
use crate::auth::{Caller, collect_tags};
use crate::gateway::{CallPlace, Gateway};
use crate::ledger::{AdmitError, Answer, Reserved, Size};
use crate::openai::error::CallError;
use crate::openai::request::{MAX_END_USER, Peek, cut, peek, remote_parts};
use crate::payers::Asked;
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
    /// What is asked for, the caller's own names for models resolved.
    pub model: Arc<str>,
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

/// A part of a prompt that is an address may stand for so many tokens.
const REMOTE_PART_TOKENS: u64 = 50_000;

/// Text has more bytes for each token than this, as a rule.
const LIKELY_BYTES_A_TOKEN: u64 = 2;

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
    let mut peek = peek(&body).map_err(|error| CallError::bad_body(&error))?;
    let model: Arc<str> = caller.resolve_alias(&peek.model).into();
    findings.model = Some(Arc::clone(&model));
    let targets = gateway.targets();
    caller.check_model(&model)?;
    let unknown = || CallError::unknown_model(parts.uri.path(), &model);
    let target = targets.pick(&model, gateway.entropy()).ok_or_else(unknown)?;
    let upstream_model = target.upstream_model(targets.catalog().resolve(&model));
    gateway.ledger().admit().map_err(|error| {
        tracing::error!(%error, "a call was refused");
        CallError::ledger_unavailable()
    })?;
    let end_user = end_user(&parts.headers, peek.end_user.take());
    let tags = tags(&caller, &parts.headers, std::mem::take(&mut peek.tags));
    let asked = Asked { model: &model, provider: &target.provider, customer: end_user.as_deref(), tags: &tags };
    let chain = gateway.paying().chain(&caller, asked).await?;
    let size = size(operation, &body, &peek, &target, &upstream_model);
    let reserved = gateway.ledger().reserve(&chain, &size, gateway.entropy()).await;
    let reserved = reserved.map_err(|error| match error {
        AdmitError::Refused(refusal) => {
            CallError::over_limit(&refusal, gateway.paying().budget_status(), &settings.dashboard)
        }
        AdmitError::Unpriced(account) => CallError::unpriced(&model, &account),
        AdmitError::Unavailable(reason) => {
            tracing::error!(reason, "a call was refused: its budgets can't be checked");
            CallError::limits_unavailable()
        }
    })?;
    Ok(Admitted {
        caller,
        headers: parts.headers,
        body,
        peek,
        model,
        end_user,
        tags,
        target,
        upstream_model,
        place: Some(place),
        reserved: Some(reserved),
    })
}

/// How much the call may need.
fn size(operation: Operation, body: &[u8], peek: &Peek, target: &Target, upstream_model: &Arc<str>) -> Size {
    let terms = target.terms(upstream_model);
    let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    // The whole body, for there is no token of less than a byte; and no prompt is longer than the model takes.
    let remote = remote_parts(body).saturating_mul(REMOTE_PART_TOKENS);
    let at_most = prompt_tokens_at_most(bytes.saturating_add(remote), 0);
    let prompt_tokens =
        if remote > 0 { terms.max_input.map_or(at_most, |most| at_most.min(most.max(bytes))) } else { at_most };
    let answer = match (operation, peek.answer_limit) {
        (Operation::Embedding, _) => Answer::Nothing,
        (_, Some(tokens)) => Answer::Named(tokens),
        (_, None) => Answer::Open { most: terms.max_output },
    };
    let estimate = terms.price.and_then(|price| Estimate::dearest(&price.sheet, &[peek.tier], prompt_tokens));
    Size { prompt_tokens, likely_prompt_tokens: bytes / LIKELY_BYTES_A_TOKEN, answer, answers: peek.answers, estimate }
}

/// For whom the application calls: a header says so, or the request's `user`.
fn end_user(headers: &HeaderMap, of_body: Option<String>) -> Option<String> {
    let of_headers = CUSTOMER_HEADERS.iter().find_map(|name| {
        let text = headers.get(name)?.to_str().ok()?.trim();
        (!text.is_empty()).then(|| cut(text, MAX_END_USER).to_owned())
    });
    of_headers.or(of_body)
}

fn tags(caller: &Caller, headers: &HeaderMap, of_body: Vec<String>) -> Vec<String> {
    let of_headers = headers.get_all(TAGS).iter().filter_map(|value| value.to_str().ok());
    collect_tags(
        caller
            .tags()
            .chain(of_headers.flat_map(|list| list.split(',')))
            .map(Cow::Borrowed)
            .chain(of_body.into_iter().map(Cow::Owned)),
    )
}

fn check_headers(headers: &HeaderMap, limit: usize) -> Result<(), CallError> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if size > limit { Err(CallError::headers_too_large(limit)) } else { Ok(()) }
}
