//! What a client can find out about this server.

use axum::Extension;
use axum::extract::{Path, Request};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use tollgate_domain::scim::{LIST, ScimError, resource_types as types, schema_documents, service_provider_config};

use super::{Answer, Client, Setting, answer, base_of};

fn base(setting: &Setting, request: Request) -> String {
    base_of(&request.into_parts().0, setting)
}

fn list(all: &[Value]) -> Response {
    let body = json!({
        "schemas": [LIST], "totalResults": all.len(), "startIndex": 1, "itemsPerPage": all.len(), "Resources": all,
    });
    answer(StatusCode::OK, &body)
}

fn called(all: Vec<Value>, id: &str) -> Answer {
    let found = all.into_iter().find(|one| one.get("id").and_then(Value::as_str) == Some(id));
    let found = found.ok_or_else(|| ScimError::plain(404, "there is no such schema or resource type"))?;
    Ok(answer(StatusCode::OK, &found))
}

pub async fn config(_: Client, Extension(setting): Extension<Setting>, request: Request) -> Response {
    answer(StatusCode::OK, &service_provider_config(&base(&setting, request)))
}

pub async fn resource_types(_: Client, Extension(setting): Extension<Setting>, request: Request) -> Response {
    list(&types(&base(&setting, request)))
}

pub async fn resource_type(
    _: Client,
    Path(id): Path<String>,
    Extension(setting): Extension<Setting>,
    request: Request,
) -> Answer {
    called(types(&base(&setting, request)), &id)
}

pub async fn schemas(_: Client, Extension(setting): Extension<Setting>, request: Request) -> Response {
    list(&schema_documents(&base(&setting, request)))
}

pub async fn schema(
    _: Client,
    Path(id): Path<String>,
    Extension(setting): Extension<Setting>,
    request: Request,
) -> Answer {
    called(schema_documents(&base(&setting, request)), &id)
}
