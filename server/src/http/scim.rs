//! SCIM 2.0, `/scim/v2`: people and teams as an identity provider keeps them. Who comes shows a SCIM token, and nothing
//! else is of use here.

mod discovery;
mod groups;
#[cfg(test)]
mod tests;
mod users;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, patch, post, put};
use axum::{Extension, Router};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tollgate_control::scim::{Found, ProvisionError, Provisioner, Query, authenticate};
use tollgate_domain::actor::{Actor, Memberships};
use tollgate_domain::key::KeyDigest;
use tollgate_domain::scim::{ErrorKind, LIST, Operation, Projection, ScimError, operations};
use tollgate_domain::sso::Admission;

use super::caller::Origin;
use super::server::Server;

/// What the configuration says.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What somebody new gets.
    pub admission: Arc<Admission>,
    /// `PROXY_BASE_URL`
    pub base_url: Option<String>,
    /// The process itself serves over TLS.
    pub tls: bool,
}

pub fn router(setting: Setting) -> Router<Server> {
    Router::new()
        .route("/scim/v2/ServiceProviderConfig", get(discovery::config))
        .route("/scim/v2/ResourceTypes", get(discovery::resource_types))
        .route("/scim/v2/ResourceTypes/{id}", get(discovery::resource_type))
        .route("/scim/v2/Schemas", get(discovery::schemas))
        .route("/scim/v2/Schemas/{id}", get(discovery::schema))
        .route("/scim/v2/Users", get(users::list))
        .route("/scim/v2/Users", post(users::create))
        .route("/scim/v2/Users/{id}", get(users::one))
        .route("/scim/v2/Users/{id}", put(users::replace))
        .route("/scim/v2/Users/{id}", patch(users::change))
        .route("/scim/v2/Users/{id}", delete(users::remove))
        .route("/scim/v2/Groups", get(groups::list))
        .route("/scim/v2/Groups", post(groups::create))
        .route("/scim/v2/Groups/{id}", get(groups::one))
        .route("/scim/v2/Groups/{id}", put(groups::replace))
        .route("/scim/v2/Groups/{id}", patch(groups::change))
        .route("/scim/v2/Groups/{id}", delete(groups::remove))
        .method_not_allowed_fallback(wrong_method)
        .route("/scim", any(no_route))
        .route("/scim/{*path}", any(no_route))
        .layer(Extension(setting))
}

/// An error, as a client reads it.
#[derive(Debug)]
pub struct Fault(ScimError);

impl From<ScimError> for Fault {
    fn from(error: ScimError) -> Self {
        Self(error)
    }
}

impl From<ProvisionError> for Fault {
    fn from(error: ProvisionError) -> Self {
        Self(error.told())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = answer(status, &self.0.body());
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

type Answer = Result<Response, Fault>;

fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/scim+json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body.to_string()).into_response()
}

/// A new thing, and where it is.
fn created(resource: Map<String, Value>, projection: &Projection) -> Response {
    let location = resource.get("meta").and_then(|meta| meta.get("location")).and_then(Value::as_str);
    let location = location.and_then(|location| HeaderValue::try_from(location).ok());
    let mut response = answer(StatusCode::CREATED, &Value::Object(projection.apply(resource)));
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn one(resource: Map<String, Value>, projection: &Projection) -> Response {
    answer(StatusCode::OK, &Value::Object(projection.apply(resource)))
}

fn page(found: Found<Map<String, Value>>, start: usize, projection: &Projection) -> Response {
    let resources: Vec<Value> = found.items.into_iter().map(|item| Value::Object(projection.apply(item))).collect();
    let body = json!({
        "schemas": [LIST],
        "totalResults": found.total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    answer(StatusCode::OK, &body)
}

async fn wrong_method(request: Request) -> Fault {
    ScimError::plain(405, format!("{} does not take {}", request.uri().path(), request.method())).into()
}

async fn no_route(request: Request) -> Fault {
    ScimError::plain(404, format!("there is no {} here", request.uri().path())).into()
}

/// A client that showed a token.
struct Client(Provisioner);

impl FromRequestParts<Server> for Client {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Fault> {
        let refused = || ScimError::plain(401, "a SCIM token is needed: `Authorization: Bearer scim-…`");
        let setting = parts.extensions.get::<Setting>().cloned().ok_or_else(refused)?;
        let text = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (scheme, token) = text.split_once(' ').ok_or_else(refused)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(refused().into());
        }
        let digest = KeyDigest::of(token.trim());
        let base = base_of(parts, &setting);
        let op = Origin::of(parts).context(Actor::Anonymous, Memberships::default());
        let found = authenticate(server.control(), op, digest, &setting.admission, base).await;
        let found = found.map_err(ProvisionError::from)?;
        found.map(Self).ok_or_else(|| refused().into())
    }
}

/// Where the client finds SCIM here.
fn base_of(parts: &Parts, setting: &Setting) -> String {
    let base = setting.base_url.clone().unwrap_or_else(|| {
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let scheme = if setting.tls { "https" } else { "http" };
        format!("{scheme}://{}", host.chars().take(255).collect::<String>())
    });
    format!("{base}/scim/v2")
}

/// What a client asks for in the address.
struct Asked {
    query: Query,
    projection: Projection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    filter: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
}

impl FromRequestParts<Server> for Asked {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &Server) -> Result<Self, Fault> {
        let read = serde_urlencoded::from_str::<Parameters>(parts.uri.query().unwrap_or_default());
        let asked = read.map_err(|error| ScimError::of(ErrorKind::InvalidValue, error.to_string()))?;
        Ok(Self {
            query: Query::new(asked.filter.as_deref(), asked.start_index, asked.count)?,
            projection: Projection::read(asked.attributes.as_deref(), asked.excluded_attributes.as_deref()),
        })
    }
}

/// A body: a JSON object, however its type is called.
struct Body(Map<String, Value>);

impl FromRequest<Server> for Body {
    type Rejection = Fault;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Fault> {
        let bytes = Bytes::from_request(request, server).await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => ScimError::plain(413, "the body is too large"),
            _ => ScimError::of(ErrorKind::InvalidSyntax, "the body could not be read to its end"),
        })?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            _ => Err(ScimError::of(ErrorKind::InvalidSyntax, "the body is no JSON object").into()),
        }
    }
}

/// A patch.
struct Patch(Vec<Operation>);

impl FromRequest<Server> for Patch {
    type Rejection = Fault;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Fault> {
        Ok(Self(operations(&Body::from_request(request, server).await?.0)?))
    }
}
