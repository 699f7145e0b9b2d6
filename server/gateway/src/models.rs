//! `GET /v1/models` and `GET /v1/models/{id}`.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use http::{HeaderMap, HeaderValue, Response, Uri, header};
use serde::Deserialize;
use serde_json::{Value, json};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::price::PriceBook;

use crate::auth::Caller;
use crate::gateway::Gateway;
use crate::openai::error::CallError;

/// LiteLLM gives every model this moment of creation; clients that sort by it see a stable order.
const CREATED: i64 = 1_677_610_602;

/// Names that one wildcard is expanded into, at most.
const MAX_EXPANDED: usize = 2000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    /// Lists wildcards as they are written, too.
    return_wildcard_routes: Option<bool>,
}

pub async fn list(
    State(gateway): State<Gateway>,
    Query(query): Query<ListQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    match gateway.authenticate(&headers, uri.path()).await {
        Ok(caller) => {
            let names = visible_names(&gateway, &caller, query.return_wildcard_routes.unwrap_or(false));
            let data: Vec<Value> = names.iter().map(|name| entry(name)).collect();
            json_response(&json!({"object": "list", "data": data}))
        }
        Err(error) => error.into_response(),
    }
}

pub async fn get(
    State(gateway): State<Gateway>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    match find(&gateway, &name, uri.path(), &headers).await {
        Ok(()) => json_response(&entry(&name)),
        Err(error) => error.into_response(),
    }
}

async fn find(gateway: &Gateway, name: &str, path: &str, headers: &HeaderMap) -> Result<(), CallError> {
    let caller = gateway.authenticate(headers, path).await?;
    let model = caller.resolve_alias(name);
    caller.check_model(model)?;
    if gateway.targets().catalog().find(model).is_empty() {
        return Err(CallError::model_not_found(name));
    }
    Ok(())
}

fn visible_names(gateway: &Gateway, caller: &Caller, with_wildcards: bool) -> Vec<String> {
    let targets = gateway.targets();
    let catalog = targets.catalog();
    let mut names = Vec::new();
    for name in catalog.names() {
        let pattern = ModelPattern::new(name);
        if !pattern.is_wildcard() {
            names.push(name.to_owned());
            continue;
        }
        if with_wildcards {
            names.push(name.to_owned());
        }
        names.extend(expand(&pattern, catalog.find(name).first().map(|d| d.provider.as_str())));
    }
    let own = caller.aliases().filter(|(_, model)| !catalog.find(model).is_empty());
    names.extend(own.map(|(name, _)| name.to_owned()));
    names.retain(|name| caller.check_model(caller.resolve_alias(name)).is_ok());
    names.sort_unstable();
    names.dedup();
    names
}

/// The known models that `pattern` stands for, by the price book. A bare `*` would be the whole book: not expanded.
fn expand(pattern: &ModelPattern, provider: Option<&str>) -> Vec<String> {
    let Some((prefix, "")) = pattern.as_str().split_once('*') else { return Vec::new() };
    let Some(provider) = provider.filter(|_| !prefix.is_empty()) else { return Vec::new() };
    let own = format!("{provider}/");
    PriceBook::embedded()
        .iter()
        .filter(|entry| entry.provider == provider)
        .map(|entry| format!("{prefix}{}", entry.name.strip_prefix(&own).unwrap_or(&entry.name)))
        .filter(|name| pattern.matches(name))
        .take(MAX_EXPANDED)
        .collect()
}

fn entry(name: &str) -> Value {
    json!({"id": name, "object": "model", "created": CREATED, "owned_by": "openai"})
}

fn json_response(value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
