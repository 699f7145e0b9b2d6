//! Pages for when no page can be rendered: whole by themselves, in the dashboard's looks.

use axum::response::{Html, IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};

/// They have styles and no script.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// A whole document around HTML of ours.
pub fn document(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · Tollgate</title>\
         <link rel=\"icon\" href=\"/ui/favicon.svg\" type=\"image/svg+xml\">\
         <link rel=\"stylesheet\" href=\"/ui/tollgate.css\"></head>\
         <body><main class=\"doorway\" id=\"main\"><div class=\"card\">\
         <p class=\"brand\"><img src=\"/ui/favicon.svg\" alt=\"\" width=\"24\" height=\"24\">Tollgate</p>\
         {body}</div></main></body></html>"
    )
}

/// With the policy of pages that have no script.
pub fn with_policy(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// A page that says what happened, why, and what to do. The texts are HTML, and nothing that somebody wrote.
pub fn page(status: StatusCode, title: &'static str, text: &'static str) -> Response {
    let body = format!(
        "<h1>{title}</h1><p class=\"purpose\">{text}</p>\
         <a class=\"button primary\" href=\"/ui\">Go to the overview</a>"
    );
    with_policy((status, Html(document(title, &body))).into_response())
}

/// The database does not answer.
pub fn unavailable() -> Response {
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        "The database does not answer",
        "Nothing was changed. Try again in a few seconds; calls through the gateway may go on meanwhile.",
    )
}
