//! Exchanging a key's text, and handing out one that was exchanged on schedule.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use leptos::prelude::provide_context;
use tollgate_control::keys::{self, KeyRef, RotateKey};
use tollgate_control::{Control, ControlError};
use tollgate_domain::ids::KeyId;

use super::keys::{first_model, to_key};
use super::{read_form, show_again};
use crate::kit::refusal;
use crate::pages::{CreatedKeyView, HowMade, ShownOnce};
use crate::server::{ServerState, Viewer, render};

const NAMES: &[(&str, &str)] = &[("grace_period", "grace")];

pub fn router() -> Router<ServerState> {
    Router::new().route("/ui/keys/{id}/rotate", post(rotate)).route("/ui/keys/{id}/collect", post(collect))
}

async fn rotate(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let Some(key) = KeyId::parse(&id) else { return to_key(&id, "not_found") };
    let grace_seconds = form.span("grace").unwrap_or_default();
    if form.is_refused() {
        return show_again(request, form).await;
    }
    let op = viewer.op();
    let how = RotateKey { custom_key: None, grace_seconds };
    let rotated = match keys::rotate(&control, &op, &KeyRef::Id(key), how, |_, _| Ok(())).await {
        Ok(rotated) => rotated,
        Err(error @ ControlError::Invalid { .. }) => {
            form.refuse(&error, NAMES);
            return show_again(request, form).await;
        }
        Err(error) => return to_key(&id, refusal(&error)),
    };
    let view = CreatedKeyView {
        id,
        label: rotated.key.label().to_owned(),
        key: ShownOnce::new(rotated.plain.expose()),
        how: HowMade::Rotated(rotated.old_until),
        base_url: viewer.base_url,
        model: first_model(&control, &op, &rotated.key).await,
    };
    render(request, StatusCode::OK, move || provide_context(view.clone())).await
}

async fn collect(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let request = match read_form(request).await {
        Ok((_, request)) => request,
        Err(response) => return response,
    };
    let Some(key) = KeyId::parse(&id).map(KeyRef::Id) else { return to_key(&id, "not_found") };
    let op = viewer.op();
    let row = match keys::get(&control, &op, &key).await {
        Ok(row) => row,
        Err(error) => return to_key(&id, refusal(&error)),
    };
    let text = match keys::collect(&control, &op, &key, None).await {
        Ok(text) => text,
        Err(ControlError::NotFound { .. }) => return to_key(&id, "nothing_waits"),
        Err(error) => return to_key(&id, refusal(&error)),
    };
    let view = CreatedKeyView {
        id,
        label: row.key.label().to_owned(),
        key: ShownOnce::new(text.expose()),
        how: HowMade::Collected,
        base_url: viewer.base_url,
        model: first_model(&control, &op, &row.key).await,
    };
    render(request, StatusCode::OK, move || provide_context(view.clone())).await
}
