//! Making, changing, blocking and deleting keys.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use leptos::prelude::provide_context;
use tollgate_control::keys::{self, CreatedKey, KeyRef, NewKey};
use tollgate_control::{Control, ControlError, OpContext};
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::VirtualKey;

use super::key_fields::KeyFields;
use super::{read_form, show_again};
use crate::kit::{Form, redirect_with, refusal};
use crate::pages::{CreatedKeyView, HowMade, KEYS, ShownOnce, key_href, keys_address};
use crate::server::{ServerState, Viewer, render};

/// Rows that one form may name.
const MOST: usize = 1_000;

/// The form's fields that the control plane calls otherwise.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("models", "models"),
    ("access_groups", "access_groups"),
    ("expires_at", "date"),
    ("duration", "expiry"),
    ("model_aliases", "model_names"),
    ("rotation_interval", "rotate_every"),
    ("throttle_on_budget_exceeded", "throttle"),
    ("cancel_on_disconnect", "leaving"),
    ("conflict", "alias"),
];

const NAMES_OF_CUSTOM: &[(&str, &str)] = &[("key", "custom_key"), ("expires_at", "date"), ("duration", "expiry")];

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/keys/create", post(create))
        .route("/ui/keys/bulk", post(bulk))
        .route("/ui/keys/delete", post(delete_many))
        .route("/ui/keys/{id}/update", post(update))
        .route("/ui/keys/{id}/block", post(block))
        .route("/ui/keys/{id}/unblock", post(unblock))
        .route("/ui/keys/{id}/delete", post(delete))
}

/// Makes a key and shows it, once; or shows the form again.
async fn create(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let op = viewer.op();
    let Some(created) = try_create(&control, &op, &mut form).await else { return show_again(request, form).await };
    let view = CreatedKeyView {
        id: created.key.id.to_string(),
        label: created.key.label().to_owned(),
        key: ShownOnce::new(created.plain.expose()),
        how: HowMade::Created,
        base_url: viewer.base_url,
        model: first_model(&control, &op, &created.key).await,
    };
    render(request, StatusCode::OK, move || provide_context(view.clone())).await
}

/// `None`, and what is wrong told in the form.
async fn try_create(control: &Control, op: &OpContext, form: &mut Form) -> Option<CreatedKey> {
    let fields = KeyFields::read(control, op, form).await.map_err(|error| form.refuse(&error, NAMES)).ok()?;
    if form.is_refused() {
        return None;
    }
    let custom_key = form.secret("custom_key");
    // What is in the way may be either text.
    let names = if custom_key.is_some() { NAMES_OF_CUSTOM } else { NAMES };
    let mut new = NewKey { custom_key, ..NewKey::default() };
    fields.apply(&mut new.key, control.clock().now()).map_err(|error| form.refuse(&error, names)).ok()?;
    keys::create(control, op, new).await.map_err(|error| form.refuse(&error, names)).ok()
}

/// A model to try the key with: one that it may call, for chats where there is one.
pub(super) async fn first_model(control: &Control, op: &OpContext, key: &VirtualKey) -> Option<String> {
    let rows = tollgate_control::models::list(control, op).await.ok()?;
    let mut usable = rows.into_iter().filter(|row| !row.model.contains('*') && key.allows_model(&row.model));
    let first = usable.next()?;
    let is_chat = |mode: Option<&str>| mode.is_none_or(|mode| mode == "chat");
    if is_chat(first.mode.as_deref()) {
        return Some(first.model);
    }
    Some(usable.find(|row| is_chat(row.mode.as_deref())).unwrap_or(first).model)
}

/// Changes a key and goes back to its page; or shows the form again.
async fn update(
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
    match try_update(&control, &viewer.op(), key, &mut form).await {
        Ok(Some(_)) => to_key(&id, "updated"),
        Ok(None) => show_again(request, form).await,
        Err(error) => to_key(&id, refusal(&error)),
    }
}

/// `None`, and what is wrong told in the form. An error is something that no other form could put right.
async fn try_update(
    control: &Control,
    op: &OpContext,
    id: KeyId,
    form: &mut Form,
) -> Result<Option<VirtualKey>, ControlError> {
    let fields = KeyFields::read(control, op, form).await?;
    if form.is_refused() {
        return Ok(None);
    }
    let change = |key: &mut VirtualKey, now| fields.apply(key, now);
    match keys::update(control, op, &KeyRef::Id(id), form.version(), change).await {
        Ok(key) => Ok(Some(key)),
        Err(error @ (ControlError::Denied { .. } | ControlError::NotFound { .. })) => Err(error),
        Err(error) => {
            let is_conflict = matches!(error, ControlError::Conflict { .. });
            if is_conflict && form.version() != Some(keys::get(control, op, &KeyRef::Id(id)).await?.key.meta.version) {
                form.refuse_as_changed();
            } else {
                form.refuse(&error, NAMES);
            }
            Ok(None)
        }
    }
}

async fn block(viewer: Extension<Viewer>, control: Extension<Control>, id: Path<String>, request: Request) -> Response {
    set_blocked(viewer, control, id, request, true).await
}

async fn unblock(
    viewer: Extension<Viewer>,
    control: Extension<Control>,
    id: Path<String>,
    request: Request,
) -> Response {
    set_blocked(viewer, control, id, request, false).await
}

async fn set_blocked(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    request: Request,
    blocked: bool,
) -> Response {
    let form = match read_form(request).await {
        Ok((form, _)) => form,
        Err(response) => return response,
    };
    let outcome = match KeyId::parse(&id) {
        Some(id) => keys::set_blocked(&control, &viewer.op(), &KeyRef::Id(id), blocked).await.map(drop),
        None => Err(ControlError::NotFound { what: "the key".to_owned() }),
    };
    let notice = match &outcome {
        Ok(()) if blocked => "blocked",
        Ok(()) => "unblocked",
        Err(error) => refusal(error),
    };
    match keys_address(&form.typed("back")) {
        Some(list) => redirect_with(&list, notice),
        None => to_key(&id, notice),
    }
}

/// Blocks or unblocks what was ticked in the list.
async fn bulk(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let form = match read_form(request).await {
        Ok((form, _)) => form,
        Err(response) => return response,
    };
    let blocked = form.typed("do") == "block";
    let op = viewer.op();
    let chosen = chosen(&form);
    let mut notice = match (chosen.is_empty(), blocked) {
        (true, _) => "nothing",
        (_, true) => "keys_blocked",
        (_, false) => "keys_unblocked",
    };
    for (done, id) in chosen.into_iter().enumerate() {
        if let Err(error) = keys::set_blocked(&control, &op, &id, blocked).await {
            notice = if done == 0 { refusal(&error) } else { "keys_partly" };
            break;
        }
    }
    redirect_with(&list_of(&form), notice)
}

/// Deletes what was ticked in the list, all of it or nothing.
async fn delete_many(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let form = match read_form(request).await {
        Ok((form, _)) => form,
        Err(response) => return response,
    };
    let chosen = chosen(&form);
    if chosen.is_empty() {
        return redirect_with(&list_of(&form), "nothing");
    }
    let notice = match keys::delete(&control, &viewer.op(), &chosen).await {
        Ok(_) => "keys_deleted",
        Err(error) => refusal(&error),
    };
    redirect_with(&list_of(&form), notice)
}

fn chosen(form: &Form) -> Vec<KeyRef> {
    form.all("ids").iter().filter_map(|id| KeyId::parse(id)).take(MOST).map(KeyRef::Id).collect()
}

fn list_of(form: &Form) -> String {
    keys_address(&form.typed("back")).unwrap_or_else(|| KEYS.to_owned())
}

/// Deletes a key whose name was typed; it can't be undone.
async fn delete(
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
    match try_delete(&control, &viewer.op(), KeyRef::Id(key), form.get("confirm")).await {
        Ok(true) => to_key(&id, "deleted"),
        Ok(false) => {
            form.refuse_at("confirm", "Nothing was deleted: that is not the key's name");
            show_again(request, form).await
        }
        Err(error) => to_key(&id, refusal(&error)),
    }
}

/// `false`, and nothing done: the name is not the key's.
async fn try_delete(
    control: &Control,
    op: &OpContext,
    key: KeyRef,
    name: Option<String>,
) -> Result<bool, ControlError> {
    if name.as_deref() != Some(keys::get(control, op, &key).await?.key.label()) {
        return Ok(false);
    }
    keys::delete(control, op, &[key]).await.map(|_| true)
}

/// To the key's page, or to the list where the id is none.
pub(super) fn to_key(id: &str, notice: &str) -> Response {
    let path = KeyId::parse(id).map_or_else(|| KEYS.to_owned(), |id| key_href(&id.to_string()));
    redirect_with(&path, notice)
}
