//! The life of a call, a step a file: admit, forward, relay, settle.

mod admit;
mod attempt;
mod body;
mod choose;
mod count;
mod detach;
mod forward;
mod growth;
mod headers;
pub mod media;
mod relay;
mod silence;
mod source;
mod translate;

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tollgate_domain::Timestamp;
use tollgate_domain::charge::{Operation, Refusal};
use tollgate_domain::ids::ChargeId;
use uuid::Uuid;

use crate::auth::Caller;
use crate::gateway::Gateway;
use crate::openai::error::CallError;

pub use body::read_body;
pub use count::count;

const CALL_ID: HeaderName = HeaderName::from_static("x-litellm-call-id");

/// A caller's own call id can't be longer, in bytes.
const MAX_CALL_ID: usize = 128;

/// What is known of a call from its first moment.
#[derive(Debug)]
pub struct CallStart {
    pub operation: Operation,
    pub given_id: Option<String>,
    given_header: Option<HeaderValue>,
    /// When it arrived.
    pub clock: Instant,
}

/// What a call is called, from the moment on when it is admitted or refused.
#[derive(Clone, Debug)]
pub struct Named {
    /// Of the call's first charge, or of its refusal; and of the call, if the client gave it no other name.
    pub id: ChargeId,
    /// The moment that the id is made of.
    pub at: Timestamp,
    /// The charge's id, for the provider's logs and for matching its books with ours.
    pub id_header: HeaderValue,
    /// The call's id, as the answer's headers have it.
    pub call_header: HeaderValue,
}

impl CallStart {
    fn new(operation: Operation, headers: &HeaderMap) -> Self {
        let given = headers
            .get(CALL_ID)
            .and_then(|id| id.to_str().ok())
            .filter(|id| !id.is_empty() && id.len() <= MAX_CALL_ID && id.bytes().all(|b| b.is_ascii_graphic()));
        Self {
            operation,
            given_id: given.map(str::to_owned),
            given_header: given.and_then(|given| HeaderValue::from_str(given).ok()),
            clock: Instant::now(),
        }
    }

    /// Names the call after an id that was made at `at`.
    pub fn named(&self, id: ChargeId, at: Timestamp) -> Named {
        let mut room = Uuid::encode_buffer();
        let text = &*id.0.as_hyphenated().encode_lower(&mut room);
        let id_header = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("-"));
        let call_header = self.given_header.clone().unwrap_or_else(|| id_header.clone());
        Named { id, at, id_header, call_header }
    }

    fn elapsed_us(&self) -> i64 {
        i64::try_from(self.clock.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

/// What was found out about a call before it was refused: for the request log.
#[derive(Debug, Default)]
pub struct Findings {
    pub caller: Option<Caller>,
    pub model: Option<Arc<str>>,
}

/// Answers a call.
pub async fn call(gateway: Gateway, operation: Operation, request: Request<Body>) -> Response<Body> {
    let start = CallStart::new(operation, request.headers());
    let mut findings = Findings::default();
    match admit::admit(&gateway, operation, request, &mut findings).await {
        Ok(admitted) => forward::forward(gateway, start, admitted).await,
        Err(error) => refuse(&gateway, &start, findings, error),
    }
}

/// Answers with an error and notes it in the request log.
pub fn refuse(gateway: &Gateway, start: &CallStart, findings: Findings, error: CallError) -> Response<Body> {
    let at = gateway.clock().now();
    let named = start.named(ChargeId::of(at, gateway.entropy()), at);
    gateway.ledger().refuse(Refusal {
        id: named.id,
        call_id: start.given_id.clone(),
        at,
        key: findings.caller.as_ref().map(Caller::call_key),
        ownership_id: findings.caller.as_ref().map_or(0, Caller::ownership_id),
        operation: start.operation,
        model: findings.model.map(|model| model.chars().take(200).collect()),
        status: error.status.as_u16(),
        kind: error.kind.clone(),
        message: error.message.clone(),
    });
    let mut response = error.into_response_for(start.operation);
    headers::identify(response.headers_mut(), &named);
    response
}
