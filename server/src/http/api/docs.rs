//! `/api/docs`: the document as a page that people can read, without a script.

use std::fmt::Write as _;
use std::future::{Ready, ready};
use std::sync::Arc;

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, header};
use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::super::problem::{Kind, Problem};

mod schema;

use schema::{cell, fields, words};

/// A handler that answers with the page.
pub fn serve(document: &OpenApi) -> impl Fn() -> Ready<Response> + Clone + Send + Sync + 'static {
    let document = serde_json::to_value(document).unwrap_or_default();
    let page: Arc<str> = frame("API", &body(&document)).into();
    move || ready(html(page.to_string()))
}

/// What a kind of problem means, at the address that problems have as their type.
pub async fn problem(Path(slug): Path<String>) -> Result<Response, Problem> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.slug() == slug);
    let kind = kind.ok_or_else(|| Problem::not_found("kind of problem"))?;
    let body = format!(
        "<div class=\"page-header\"><div class=\"page-title\"><h1>{}</h1><p>HTTP {}</p></div></div><p>{}</p>\
         <p><a href=\"/api/docs\">The API</a></p>",
        escape(kind.title()),
        kind.status().as_u16(),
        words(kind.explanation()),
    );
    Ok(html(frame(kind.title(), &body)))
}

fn html(page: String) -> Response {
    let mut response = page.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
        ),
    );
    response
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{} · Tollgate</title>\
         <link rel=\"icon\" href=\"/ui/favicon.svg\" type=\"image/svg+xml\">\
         <link rel=\"stylesheet\" href=\"/ui/tollgate.css\"></head>\
         <body><main class=\"page\">{body}</main></body></html>",
        escape(title)
    )
}

fn body(document: &Value) -> String {
    let info = &document["info"];
    let mut out = format!(
        "<div class=\"page-header\"><div class=\"page-title\"><h1>{} API, version {}</h1>",
        escape(text(&info["title"])),
        escape(text(&info["version"])),
    );
    for paragraph in text(&info["description"]).split("\n\n") {
        let _ = write!(out, "<p>{}</p>", words(paragraph));
    }
    out.push_str("</div><div class=\"page-actions\"><a class=\"button\" href=\"/api/openapi.json\">openapi.json</a>");
    out.push_str("</div></div>");
    contents(&mut out, document);
    for tag in array(&document["tags"]) {
        let name = text(&tag["name"]);
        let _ = write!(
            out,
            "<section class=\"stack\" id=\"{}\"><h2>{}</h2><p class=\"muted\">{}</p>",
            anchor("tag", name),
            escape(name),
            words(text(&tag["description"]))
        );
        for (path, method, operation) in operations(document).filter(|(_, _, one)| has_tag(one, name)) {
            show_operation(&mut out, path, method, operation);
        }
        out.push_str("</section>");
    }
    out.push_str("<section class=\"stack\" id=\"schemas\"><h2>Bodies</h2>");
    for (name, schema) in object(&document["components"]["schemas"]) {
        let _ = write!(out, "<section class=\"stack\" id=\"{}\"><h3>{}</h3>", anchor("schema", name), escape(name));
        if let Some(about) = schema["description"].as_str() {
            let _ = write!(out, "<p class=\"muted\">{}</p>", words(about));
        }
        fields(&mut out, document, schema);
        out.push_str("</section>");
    }
    out.push_str("</section>");
    out
}

fn contents(out: &mut String, document: &Value) {
    out.push_str("<nav aria-label=\"Contents\"><ul class=\"cluster\">");
    for tag in array(&document["tags"]) {
        let name = text(&tag["name"]);
        let _ = write!(out, "<li><a href=\"#{}\">{}</a></li>", anchor("tag", name), escape(name));
    }
    out.push_str("<li><a href=\"#schemas\">Bodies</a></li></ul></nav>");
}

fn show_operation(out: &mut String, path: &str, method: &str, operation: &Value) {
    let id = text(&operation["operationId"]);
    let _ = write!(
        out,
        "<section class=\"card stack\" id=\"{}\"><h3>{}</h3><p><code>{} {}</code></p>",
        anchor("operation", id),
        escape(text(&operation["summary"])),
        method.to_uppercase(),
        escape(path),
    );
    if let Some(about) = operation["description"].as_str() {
        let _ = write!(out, "<p>{}</p>", words(about));
    }
    let parameters = array(&operation["parameters"]);
    if !parameters.is_empty() {
        table(out, "Parameters", &["Name", "In", "Type", "About"]);
        for one in parameters {
            let _ = write!(
                out,
                "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(text(&one["name"])),
                escape(text(&one["in"])),
                cell(&one["schema"]),
                words(text(&one["description"])),
            );
        }
        out.push_str(TABLE_END);
    }
    if let Some((_, content)) = object(&operation["requestBody"]["content"]).next() {
        let _ = write!(out, "<p>Body: {}</p>", cell(&content["schema"]));
    }
    table(out, "Answers", &["Status", "Body", "About"]);
    for (status, response) in object(&operation["responses"]) {
        let body = object(&response["content"]).next().map(|(_, content)| cell(&content["schema"]));
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            escape(status),
            body.unwrap_or_default(),
            words(text(&response["description"])),
        );
    }
    out.push_str(TABLE_END);
    out.push_str("</section>");
}

const TABLE_END: &str = "</tbody></table></div>";

fn table(out: &mut String, caption: &str, columns: &[&str]) {
    let _ = write!(
        out,
        "<div class=\"table-wrap\"><table class=\"table wrapping\"><caption class=\"visually-hidden\">{caption}\
         </caption><thead><tr>"
    );
    for column in columns {
        let _ = write!(out, "<th scope=\"col\">{column}</th>");
    }
    out.push_str("</tr></thead><tbody>");
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    object(&document["paths"])
        .flat_map(|(path, item)| object(item).map(move |(method, operation)| (path, method, operation)))
        .filter(|(_, _, operation)| operation["operationId"].is_string())
}

fn has_tag(operation: &Value, name: &str) -> bool {
    array(&operation["tags"]).iter().any(|tag| tag == name)
}

fn anchor(kind: &str, name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{kind}-{name}")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn object(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
