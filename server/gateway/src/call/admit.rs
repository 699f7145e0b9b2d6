//! May this call be made, and by whom? Everything that can be refused before a provider is asked.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request};

use super::{Findings, read_body};
use crate::auth::Caller;
use crate::gateway::{CallPlace, Gateway};
use crate::openai::error::CallError;
use crate::openai::request::{Peek, peek};
use crate::targets::Target;

/// A call that may be made.
pub struct Admitted {
    pub caller: Caller,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub peek: Peek,
    pub target: Arc<Target>,
    /// What the deployment's provider is asked for.
    pub upstream_model: String,
    /// Taken by the attempt.
    pub place: Option<CallPlace>,
}

pub async fn admit(gateway: &Gateway, request: Request<Body>, findings: &mut Findings) -> Result<Admitted, CallError> {
    let (parts, body) = request.into_parts();
    check_headers(&parts.headers, gateway.settings().max_header_bytes)?;
    // The key comes first: nobody unknown makes the gateway hold a body.
    let caller = gateway.authenticate(&parts.headers).await?;
    findings.key_id = caller.key_id();
    let place = gateway.enter()?;
    let settings = gateway.settings();
    let body = read_body(&parts.headers, body, settings.max_request_bytes, settings.body_pause).await?;
    let peek = peek(&body).map_err(|error| CallError::bad_body(&error))?;
    findings.model = Some(peek.model.clone());
    let targets = gateway.targets();
    if !caller.allows_model(&peek.model) {
        return Err(CallError::model_denied(&peek.model));
    }
    let unknown = || CallError::unknown_model(parts.uri.path(), &peek.model);
    let target = targets.pick(&peek.model, gateway.entropy()).ok_or_else(unknown)?;
    let resolved = targets.catalog().resolve(&peek.model);
    let upstream_model = target.deployment.upstream_model_for(resolved);
    gateway.ledger().admit().map_err(|error| {
        tracing::error!(%error, "a call was refused");
        CallError::ledger_unavailable()
    })?;
    Ok(Admitted { caller, headers: parts.headers, body, peek, target, upstream_model, place: Some(place) })
}

fn check_headers(headers: &HeaderMap, limit: usize) -> Result<(), CallError> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if size > limit { Err(CallError::headers_too_large(limit)) } else { Ok(()) }
}
