//! Reading a request's body: all of it, but not too much and not for ever.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;

use tokio::time::Instant;

use crate::openai::error::CallError;

/// The slowest client that is waited for, in bytes a second: one that trickles would hold its place for ever.
const SLOWEST: u64 = 8 * 1024;

/// Reads a body of at most `limit` bytes. It may take `pause`, and longer the more of it has come.
pub async fn read_body(headers: &HeaderMap, mut body: Body, limit: usize, pause: Duration) -> Result<Bytes, CallError> {
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING)
        && encoding != "identity"
    {
        return Err(CallError::encoded_body(&String::from_utf8_lossy(encoding.as_bytes())));
    }
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    if declared.is_some_and(|length: usize| length > limit) {
        return Err(CallError::body_too_large(limit));
    }
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    let mut total = 0;
    let begun = Instant::now();
    loop {
        let until = begun + pause + Duration::from_millis(total as u64 * 1000 / SLOWEST);
        let frame = tokio::time::timeout_at(until, body.frame()).await.map_err(|_| CallError::body_too_slow())?;
        let Some(frame) = frame else { break };
        let Ok(data) = frame.map_err(|_| CallError::body_broken())?.into_data() else { continue };
        total += data.len();
        if total > limit {
            return Err(CallError::body_too_large(limit));
        }
        match &first {
            // Most bodies come in one piece: they are not copied.
            None => first = Some(data),
            Some(begin) => {
                if rest.is_empty() {
                    rest.reserve(declared.unwrap_or(total * 2).max(total));
                    rest.extend_from_slice(begin);
                }
                rest.extend_from_slice(&data);
            }
        }
        if declared == Some(total) {
            break;
        }
    }
    Ok(if rest.is_empty() { first.unwrap_or_default() } else { rest.freeze() })
}
