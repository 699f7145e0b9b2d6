//! `Idempotency-Key`: a request that is sent again is not done again, and gets the same answer.
//!
//! An id is taken in the database before anything is done, so that of two that come together, to whichever process, one
//! does it. The answer is kept for a day, encrypted, for it may hold a new key. What did nothing is not kept: it may be
//! tried again. If the process ends in the midst, nobody knows what was done, and the id stays taken.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::sealed::Sealed;
use tollgate_domain::secret::Secret;
use tollgate_store::EarlierAnswer;

use super::super::MAX_MANAGEMENT_BODY;
use super::super::problem::{Kind, Problem};
use super::super::server::Server;
use super::extract::Caller;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The longest key, in characters.
const LONGEST: usize = 255;

/// How long an answer is kept, in seconds.
const KEPT: i64 = 86_400;

/// The vault takes secrets up to a size; answers are cut into parts below it.
const PART: usize = 32 * 1024;

/// Headers of an answer that are given again.
const HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// An answer as it is kept, before it is encrypted.
#[derive(Serialize, Deserialize)]
struct Kept {
    headers: Vec<(String, String)>,
    body: String,
}

pub async fn idempotent(State(server): State<Server>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    match once(&server, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn once(server: &Server, request: Request, next: Next) -> Result<Response, Problem> {
    let key = key(request.headers())?;
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, server).await?;
    let body = to_bytes(body, MAX_MANAGEMENT_BODY)
        .await
        .map_err(|_| Problem::new(Kind::TooLarge, format!("A body may have {MAX_MANAGEMENT_BODY} bytes.")))?;
    if server.control().vault().current_key().is_none() {
        let detail = "Answers can't be kept here: set TOLLGATE_SALT_KEY, or leave `Idempotency-Key` out.";
        return Err(Problem::invalid("Idempotency-Key", detail));
    }
    let actor = &caller.op().actor;
    let route = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let id = digest(&[actor.kind(), &actor.label(), &route, &key]);
    let hash = body_hash(server, &id, &body)?;
    parts.extensions.insert(caller);

    let now = server.control().clock().now();
    match server.store().begin_answer(&id, &hash, now, now.plus_seconds(-KEPT)).await? {
        Some(earlier) => again(server, &id, &hash, &earlier),
        None => first(server, &id, next.run(Request::from_parts(parts, Body::from(body))).await).await,
    }
}

fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut given = headers.get_all(KEY).iter();
    let text = given.next().and_then(|value| value.to_str().ok()).map(str::trim).unwrap_or_default();
    if given.next().is_some() || text.is_empty() || text.len() > LONGEST {
        let detail = format!("One text of 1 to {LONGEST} printable ASCII characters.");
        return Err(Problem::invalid("Idempotency-Key", detail));
    }
    Ok(text.to_owned())
}

/// Tells bodies apart. Keyed, for a body may hold a password, which a plain digest would let somebody guess.
fn body_hash(server: &Server, id: &str, body: &[u8]) -> Result<String, Problem> {
    let digest = Secret::new(hex::encode(Sha256::digest(body)));
    let sealed = server.control().vault().seal(&SystemEntropy, &place(id, 0), &digest);
    Ok(sealed.map_err(tollgate_control::ControlError::from)?.fingerprint)
}

/// Each part goes in with its length, so that no two different lists have the same digest.
fn digest(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hex::encode(hasher.finalize())
}

/// The request has come to its end: its answer is kept, if it did something.
///
/// Requests to the API run on when their client leaves, so that this is reached whatever the network does.
async fn first(server: &Server, id: &str, response: Response) -> Result<Response, Problem> {
    if !response.status().is_success() {
        // Nothing was done. Where that is not certain (a commit whose answer was lost), the id stays taken.
        if response.status().is_client_error() {
            server.store().drop_answer(id).await?;
        }
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let kept = Kept {
        headers: HEADERS
            .iter()
            .filter_map(|name| Some((name.to_string(), head.headers.get(name)?.to_str().ok()?.to_owned())))
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let stored = async {
        let sealed = seal(server, id, &kept)?;
        server.store().keep_answer(id, i64::from(head.status.as_u16()), &sealed).await?;
        Ok::<_, Problem>(())
    };
    // It was done, and the client shall know, though it can't be told again.
    if stored.await.is_err() {
        tracing::error!("an answer could not be kept under its idempotency key");
    }
    Ok(Response::from_parts(head, Body::from(body)))
}

/// The request came before.
fn again(server: &Server, id: &str, hash: &str, earlier: &EarlierAnswer) -> Result<Response, Problem> {
    if earlier.request_hash != hash {
        let detail = "This idempotency key came before with another body: take a new one.";
        return Err(Problem::new(Kind::IdempotencyKeyReused, detail));
    }
    if earlier.status == 0 {
        let detail = format!(
            "A request with this idempotency key began at {} and has not ended, or was cut off: look whether it was \
             done before you send it under another key.",
            earlier.created_at.to_rfc3339()
        );
        return Err(Problem::new(Kind::Conflict, detail));
    }
    let broken = || {
        let detail = "The answer that was given before can't be read any more; the request was done, and is not \
                      done again.";
        Problem::new(Kind::Conflict, detail)
    };
    let kept = open(server, id, &earlier.answer).ok_or_else(broken)?;
    let status = u16::try_from(earlier.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = Response::new(Body::from(kept.body));
    *response.status_mut() = status.ok_or_else(broken)?;
    let headers = response.headers_mut();
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn place(id: &str, part: usize) -> String {
    format!("idempotent_answer/{id}/{part}")
}

fn seal(server: &Server, id: &str, kept: &Kept) -> Result<String, Problem> {
    let text = serde_json::to_string(kept).unwrap_or_default();
    let mut rest = text.as_str();
    let mut parts: Vec<Sealed> = Vec::new();
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.floor_char_boundary(PART));
        let secret = Secret::new(part.to_owned());
        let sealed = server.control().vault().seal(&SystemEntropy, &place(id, parts.len()), &secret);
        parts.push(sealed.map_err(tollgate_control::ControlError::from)?);
        rest = after;
    }
    Ok(serde_json::to_string(&parts).unwrap_or_default())
}

fn open(server: &Server, id: &str, answer: &str) -> Option<Kept> {
    let parts: Vec<Sealed> = serde_json::from_str(answer).ok()?;
    let mut text = String::new();
    for (i, part) in parts.iter().enumerate() {
        text.push_str(server.control().vault().open(&place(id, i), part).ok()?.expose());
    }
    serde_json::from_str(&text).ok()
}
