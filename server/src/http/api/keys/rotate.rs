//! `/api/v1/keys/{id}/rotate` and `/api/v1/keys/{id}/collect`

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde::Deserialize;
use tollgate_control::keys::{self, RotateKey};
use tollgate_domain::secret::Secret;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::super::server::Server;
use super::super::errors::CreateErrors;
use super::super::extract::{Caller, InBodyIfAny, InPath};
use super::super::records::{Answer, one};
use super::{CollectedKey, CreatedKey, Key, reference};

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(rotate)).routes(routes!(collect))
}

/// How to exchange a key.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The new text, instead of a random one: `sk-` and at least 13 characters more.
    #[schema(value_type = Option<String>, format = Password)]
    key: Option<Secret>,
    /// For so many seconds the old text goes on working; at most 90 days.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 7_776_000)]
    grace_seconds: i64,
}

/// Exchange a key's text for a new one
///
/// The key stays, with all that it did and may. The answer holds the new text: it is shown once, and never again.
#[utoipa::path(post, path = "/api/v1/keys/{id}/rotate", operation_id = "rotate_key", tag = "Keys",
    params(("id" = String, Path)), request_body = Option<Exchange>,
    responses((status = 200, description = "Exchanged", body = CreatedKey), CreateErrors))]
async fn rotate(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    InBodyIfAny(body): InBodyIfAny<Option<Exchange>>,
) -> Answer {
    let body = body.unwrap_or_default();
    let how = RotateKey { custom_key: body.key, grace_seconds: body.grace_seconds };
    let rotated = Box::pin(keys::rotate(server.control(), caller.op(), &reference(&id)?, how, |_, _| Ok(()))).await?;
    let version = rotated.key.meta.version;
    let about = Key::of(rotated.key, server.control().clock().now());
    let body = CreatedKey::of(about, &rotated.plain).with_grace(rotated.old_until);
    Ok(one(StatusCode::OK, version, &body))
}

/// Collect a key's new text
///
/// A key that was exchanged by itself has a new text, which is handed out once: to whoever shows the old one while it
/// still works, or may change the key.
#[utoipa::path(post, path = "/api/v1/keys/{id}/collect", operation_id = "collect_key", tag = "Keys",
    params(("id" = String, Path)),
    responses((status = 200, description = "The new text", body = CollectedKey), CreateErrors))]
async fn collect(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    let holder = caller.0.key.as_deref();
    let text = keys::collect(server.control(), caller.op(), &reference(&id)?, holder).await?;
    Ok(Json(CollectedKey { key: text.expose().to_owned() }).into_response())
}
