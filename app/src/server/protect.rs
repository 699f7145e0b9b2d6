//! What stands between the dashboard and pages of other sites, and between it and those who are not signed in.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::{Viewer, plain};

/// Pages that are open to everybody.
const OPEN: [&str; 3] = ["/ui/sign-in", "/ui/setup", "/ui/invitation"];

/// Sends whoever is not signed in to the sign-in page, and back afterwards. Deny by default: what is not in [`OPEN`]
/// needs a person. Server functions check by themselves and answer in their own form.
pub async fn require_sign_in(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let open = OPEN.contains(&path.trim_end_matches('/')) || path.starts_with("/ui/api/") || path.starts_with("/sso/");
    let signed_in = request.extensions().get::<Viewer>().is_some_and(|viewer| viewer.user.is_some());
    if open || signed_in {
        return next.run(request).await;
    }
    let back = match *request.method() {
        Method::GET => request.uri().path_and_query().map_or("/ui", |full| full.as_str()),
        _ => "/ui",
    };
    Redirect::to(&format!("/ui/sign-in?next={}", encode(back))).into_response()
}

/// Percent-encodes a text for a query's value.
pub fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Refuses whatever changes something and was not sent by a page of this very site. Cookies alone can't tell.
pub async fn same_origin(request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    plain::page(
        StatusCode::FORBIDDEN,
        "Nothing was done",
        "This form was not sent by a page of this dashboard. If you meant to do it, open the page again and repeat it there.",
    )
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    if let Some(site) = headers.get(FETCH_SITE) {
        return site == "same-origin";
    }
    // Over plain HTTP browsers say only the origin.
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else { return false };
    origin.split_once("://").is_some_and(|(_, origin_host)| origin_host.eq_ignore_ascii_case(host))
}

pub async fn security_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    // Forms come back to their page by it, so it can't be `no-referrer`.
    set(header::REFERRER_POLICY, "same-origin");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::CACHE_CONTROL, "no-store");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(headers: &[(&'static str, &'static str)]) -> bool {
        let map = headers.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect();
        is_same_origin(&map)
    }

    #[test]
    fn only_this_sites_own_pages_may_post() {
        assert!(same(&[("sec-fetch-site", "same-origin")]));
        assert!(!same(&[("sec-fetch-site", "same-site")]));
        assert!(!same(&[("sec-fetch-site", "cross-site")]));
        assert!(!same(&[("sec-fetch-site", "none")]));
        assert!(same(&[("origin", "http://gate:4000"), ("host", "gate:4000")]));
        assert!(!same(&[("origin", "http://evil"), ("host", "gate:4000")]));
        assert!(!same(&[("origin", "null"), ("host", "gate:4000")]));
        assert!(!same(&[("host", "gate:4000")]));
    }

    #[test]
    fn a_path_survives_encoding() {
        assert_eq!(encode("/ui/requests?model=a b&x=1"), "/ui/requests%3Fmodel%3Da%20b%26x%3D1");
    }
}
