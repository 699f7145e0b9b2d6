//! The dashboard's static files, out of the program itself.

#![expect(clippy::case_sensitive_file_extension_comparisons, reason = "the build writes the names")]

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::{Path, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};

/// Name under `/ui/`, and content; `.br` beside a file is the same, compressed.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/site_files.rs"));

struct StaticFile {
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    etag: HeaderValue,
}

static BY_NAME: LazyLock<HashMap<&'static str, StaticFile>> = LazyLock::new(|| {
    let find = |wanted: &str| FILES.iter().find(|(name, _)| *name == wanted).map(|(_, content)| *content);
    FILES
        .iter()
        .filter(|(name, _)| !name.ends_with(".br"))
        .map(|(name, plain)| {
            let tag = format!("\"{}\"", &hex::encode(Sha256::digest(plain))[..32]);
            let etag = HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""));
            (*name, StaticFile { plain, brotli: find(&format!("{name}.br")), etag })
        })
        .collect()
});

/// Whether the program was built with the wasm.
pub fn has_wasm() -> bool {
    FILES.iter().any(|(name, _)| *name == "pkg/tollgate_bg.wasm")
}

/// Routes for every file. They need no sign-in: the sign-in page uses them.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let mut router = Router::new().route("/ui/pkg/{*file}", get(package));
    for (name, _) in FILES {
        if !name.ends_with(".br") && !name.starts_with("pkg/") {
            let serve = |headers: HeaderMap, request: Request| async move {
                let name = request.uri().path().strip_prefix("/ui/").unwrap_or_default().to_owned();
                serve(&name, &headers)
            };
            router = router.route(&format!("/ui/{name}"), get(serve));
        }
    }
    router
}

async fn package(Path(file): Path<String>, headers: HeaderMap) -> Response {
    serve(&format!("pkg/{file}"), &headers)
}

fn serve(name: &str, request: &HeaderMap) -> Response {
    let Some(file) = BY_NAME.get(name) else { return StatusCode::NOT_FOUND.into_response() };
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, file.etag.clone());
    // Asked about each time, and rarely sent: a new program's files are seen at once.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if request.get(header::IF_NONE_MATCH) == Some(&file.etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    let accepts = request.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes_brotli = accepts.split(',').any(|part| part.split(';').next().is_some_and(|name| name.trim() == "br"));
    match file.brotli {
        Some(brotli) if takes_brotli => {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
            (headers, brotli).into_response()
        }
        _ => (headers, file.plain).into_response(),
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("wasm") => "application/wasm",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
