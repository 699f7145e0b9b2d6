//! What a handler takes out of a request, with problems for whatever is wrong with it.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use tollgate_control::OpContext;

use super::super::caller::ManagementCaller;
use super::super::problem::{Kind, Problem};
use super::super::server::Server;

/// Who asks: the holder of a key that may use this route.
#[derive(Clone, Debug)]
pub struct Caller(pub ManagementCaller);

impl Caller {
    pub fn op(&self) -> &OpContext {
        &self.0.op
    }
}

impl FromRequestParts<Server> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        // Somebody before the handler may have had to know.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        Ok(Self(ManagementCaller::from_request_parts(parts, server).await?))
    }
}

/// Parts of the path.
#[derive(Clone, Debug)]
pub struct InPath<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Server> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, server).await;
        path.map(|Path(inner)| Self(inner)).map_err(|error| Problem::new(Kind::Invalid, sentence(&error.body_text())))
    }
}

/// The query string.
#[derive(Clone, Debug)]
pub struct InQuery<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Server> for InQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Server) -> Result<Self, Problem> {
        read_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn read_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = || url::form_urlencoded::parse(query.as_bytes());
    for (name, value) in pairs() {
        // What is no UTF-8 is read as the replacement character.
        if value.chars().any(|c| c == '\u{fffd}' || (c.is_control() && c != '\n')) {
            return Err(Problem::invalid(name, "The value is not printable UTF-8."));
        }
    }
    let reader = serde_urlencoded::Deserializer::new(pairs());
    serde_path_to_error::deserialize(reader).map_err(|error| wrong(&error, "query"))
}

/// A body in JSON; refused if it is not called so, or holds what is not known here.
#[derive(Clone, Debug)]
pub struct InBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Server> for InBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let body = read_body(request, server).await?;
        if !is_json {
            return Err(not_json());
        }
        parse(&body).map(Self)
    }
}

/// The same, where there may be none.
#[derive(Clone, Debug)]
pub struct InBodyIfAny<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<Server> for InBodyIfAny<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let body = read_body(request, server).await?;
        match (body.is_empty(), is_json) {
            (true, _) => Ok(Self(T::default())),
            (false, true) => parse(&body).map(Self),
            (false, false) => Err(not_json()),
        }
    }
}

fn not_json() -> Problem {
    Problem::new(Kind::UnsupportedMediaType, "Send the body as JSON, with `Content-Type: application/json`.")
}

async fn read_body(request: Request, server: &Server) -> Result<Bytes, Problem> {
    Bytes::from_request(request, server).await.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(Kind::TooLarge, format!("A body may have {} bytes.", super::super::MAX_MANAGEMENT_BODY))
        }
        _ => Problem::new(Kind::Invalid, "The body could not be read to its end."),
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| wrong(&error, "body"))?;
    reader.end().map_err(|error| Problem::new(Kind::Invalid, sentence(&error.to_string())))?;
    Ok(value)
}

fn wrong<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>, whole: &str) -> Problem {
    let path = error.path().to_string();
    let field = if path == "." { whole.to_owned() } else { path };
    Problem::invalid(field, sentence(&error.inner().to_string()))
}

/// Words of a library, as a sentence of bounded length.
fn sentence(text: &str) -> String {
    let mut out: String = text.chars().take(500).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if let Some(first) = out.get(..1).map(str::to_uppercase) {
        out.replace_range(..1, &first);
    }
    if !out.ends_with('.') {
        out.push('.');
    }
    out
}

/// `If-Match`: at which version the client saw what it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Option<i64>);

/// No thing is ever at this version.
const NEVER: i64 = -1;

impl FromRequestParts<Server> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Server) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return if parts.headers.contains_key(header::IF_MATCH) {
                Err(Problem::invalid("If-Match", "One `ETag` at most."))
            } else {
                Ok(Self(None))
            };
        };
        Ok(Self(wanted(value.to_str().unwrap_or_default())))
    }
}

/// A weak tag, or none that this API ever gave, matches nothing.
fn wanted(tag: &str) -> Option<i64> {
    let tag = tag.trim();
    if tag == "*" {
        return None;
    }
    let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(|tag| tag.parse().ok());
    Some(version.unwrap_or(NEVER))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn tags_are_read_strictly() {
        assert_eq!(wanted("*"), None);
        assert_eq!(wanted("\"7\""), Some(7));
        for other in ["7", "W/\"7\"", "\"x\"", "", "\"1\", \"2\""] {
            assert_eq!(wanted(other), Some(NEVER), "{other}");
        }
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Query {
        limit: Option<u32>,
        search: Option<String>,
    }

    #[test]
    fn queries_are_read_strictly() {
        let read = |text: &str| read_query::<Query>(text);
        let good = read("limit=5&search=a%20b").unwrap();
        assert_eq!((good.limit, good.search.as_deref()), (Some(5), Some("a b")));
        for bad in
            ["limit=x", "limit=-1", "limit=99999999999", "other=1", "search=%00", "search=%ff", "limit=1&limit=2"]
        {
            assert_eq!(read(bad).unwrap_err().status(), StatusCode::BAD_REQUEST, "{bad}");
        }
    }

    #[test]
    fn json_is_read_to_its_end() {
        assert!(parse::<Query>(br#"{"limit": 1}"#).is_ok());
        for bad in [&b"{"[..], b"{} {}", b"\xff", b"", br#"{"limit": 1e400}"#, br#"{"limit": 1, "limit": 1}"#, b"[]"] {
            assert!(parse::<Query>(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
