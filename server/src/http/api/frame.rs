//! What every answer of `/api/` has around it.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, header};
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::new_uuid;
use tracing::Instrument as _;

use super::super::caller::RequestId;
use super::super::problem::{Kind, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, which the answer, a problem in it, the audit log and the program's log have.
pub async fn frame(mut request: Request, next: Next) -> Response {
    let id = new_uuid(&SystemClock, &SystemEntropy).to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("api", request_id = %id);
    let mut response = next.run(request).instrument(span).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let (mut head, _) = response.into_parts();
        head.headers.remove(header::CONTENT_LENGTH);
        response = Response::from_parts(head, problem.for_request(&id).into_response().into_body());
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Answers may hold a new key, and what somebody may see changes.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

pub async fn wrong_method(request: Request) -> Problem {
    let (method, path) = (request.method(), request.uri().path());
    Problem::new(Kind::MethodNotAllowed, format!("`{path}` does not take {method}."))
}

pub async fn no_route(request: Request) -> Problem {
    let (method, path) = (request.method(), request.uri().path());
    Problem::new(Kind::NotFound, format!("There is no `{method} {path}` here: `/api/docs` lists what there is."))
}
