//! Making, changing, blocking and deleting keys.

use axum::extract::{Form, FromRequest as _, Path, Request};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use leptos::prelude::provide_context;
use serde::Deserialize;
use tollgate_control::keys::{self, CreatedKey, KeyRef, NewKey, expiry_after};
use tollgate_control::{Control, ControlError, OpContext};
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::VirtualKey;
use tollgate_domain::model::ModelPattern;

use crate::pages::{
    CreatedKeyContext, CreatedKeyView, EditKeyContext, Expiry, FormErrors, FormState, KeyForm, Notice, ShownOnce,
    back_to_list, key_href,
};
use crate::server::{ServerState, Viewer, render};

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/keys/create", post(create))
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
    let (form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let op = viewer.op();
    match try_create(&control, &op, &form).await {
        Ok(created) => {
            let model = first_model(&control, &op, &created.key).await;
            let view = CreatedKeyView {
                id: created.key.id.to_string(),
                label: created.key.label().to_owned(),
                key: ShownOnce::new(created.plain.expose()),
                base_url: viewer.base_url,
                model,
            };
            let context = CreatedKeyContext::Created(view);
            render(request, StatusCode::OK, move || provide_context(context.clone())).await
        }
        Err(errors) => {
            let context = CreatedKeyContext::Invalid(FormState { form, errors });
            render(request, StatusCode::UNPROCESSABLE_ENTITY, move || provide_context(context.clone())).await
        }
    }
}

/// The form's fields, and the request without its body.
async fn read_form(request: Request) -> Result<(KeyForm, Request), Response> {
    let (parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    match Form::<Vec<(String, String)>>::from_request(whole, &()).await {
        Ok(Form(fields)) => Ok((KeyForm::read(fields), Request::from_parts(parts, axum::body::Body::empty()))),
        Err(rejection) => Err(rejection.into_response()),
    }
}

async fn try_create(control: &Control, op: &OpContext, form: &KeyForm) -> Result<CreatedKey, FormErrors> {
    let mut new = NewKey::default();
    let date = form.end_of_date().map_err(wrong_date)?;
    let now = control.clock().now();
    new.key.expires_at = match form.expiry.seconds() {
        Some(seconds) => Some(expiry_after(seconds, now).map_err(|error| told(&error))?),
        None => date,
    };
    new.key.alias = alias(form);
    new.key.models = patterns(form);
    keys::create(control, op, new).await.map_err(|error| told(&error))
}

fn alias(form: &KeyForm) -> Option<String> {
    Some(form.alias.trim().to_owned()).filter(|alias| !alias.is_empty())
}

fn patterns(form: &KeyForm) -> Vec<ModelPattern> {
    form.all_models().into_iter().map(ModelPattern::new).collect()
}

fn wrong_date(message: &'static str) -> FormErrors {
    FormErrors { date: message.to_owned(), ..FormErrors::default() }
}

/// The control plane's word, at the field that it is about.
fn told(error: &ControlError) -> FormErrors {
    let mut errors = FormErrors::default();
    match error {
        ControlError::Invalid { field, message } => {
            let text = sentence(message);
            match *field {
                "alias" => errors.alias = text,
                "models" => errors.models = text,
                "expires_at" => errors.date = text,
                "duration" => errors.expiry = text,
                _ => errors.form = sentence(&error.to_string()),
            }
        }
        // Of what the form sends, only the alias can be in somebody's way.
        ControlError::Conflict { message } => errors.alias = sentence(message),
        other => {
            log(other);
            errors.form = sentence(&other.to_string());
        }
    }
    errors
}

fn log(error: &ControlError) {
    if let ControlError::Internal(source) = error {
        leptos::logging::error!("a form of the dashboard failed: {source}");
    }
}

/// With a capital at its beginning and a stop at its end.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{stop}", first.to_uppercase(), chars.as_str())
}

/// A model to try the key with: one that it may call, for chats where there is one.
async fn first_model(control: &Control, op: &OpContext, key: &VirtualKey) -> Option<String> {
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
    let (form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let Some(id) = KeyId::parse(&id) else { return to_key(&id, Notice::NotFound) };
    let errors = match try_update(&control, &viewer.op(), id, &form).await {
        Ok(_) => return to_key(&id.to_string(), Notice::Updated),
        Err(Refused::Form(errors)) => errors,
        Err(Refused::Whole(error)) => return to_key(&id.to_string(), notice(&error)),
    };
    let context = EditKeyContext(FormState { form, errors });
    render(request, StatusCode::UNPROCESSABLE_ENTITY, move || provide_context(context.clone())).await
}

/// Why a change was not made.
enum Refused {
    /// Something that can be put right in the form.
    Form(FormErrors),
    Whole(ControlError),
}

async fn try_update(control: &Control, op: &OpContext, id: KeyId, form: &KeyForm) -> Result<VirtualKey, Refused> {
    let date = form.end_of_date().map_err(|message| Refused::Form(wrong_date(message)))?;
    let change = |key: &mut VirtualKey, now| {
        key.alias = alias(form);
        key.models = patterns(form);
        match (&form.expiry, form.expiry.seconds()) {
            (Expiry::Never, _) => key.expires_at = None,
            (_, Some(seconds)) => key.expires_at = Some(expiry_after(seconds, now)?),
            (_, None) => key.expires_at = date.or(key.expires_at),
        }
        Ok(())
    };
    match keys::update(control, op, &KeyRef::Id(id), form.version, change).await {
        Ok(key) => Ok(key),
        Err(error @ (ControlError::Denied { .. } | ControlError::NotFound { .. })) => Err(Refused::Whole(error)),
        Err(error @ ControlError::Conflict { .. }) => {
            let now = keys::get(control, op, &KeyRef::Id(id)).await.map_err(Refused::Whole)?;
            if form.version.is_some_and(|version| version != now.key.meta.version) {
                return Err(Refused::Form(FormErrors { changed_meanwhile: true, ..FormErrors::default() }));
            }
            Err(Refused::Form(told(&error)))
        }
        Err(error) => Err(Refused::Form(told(&error))),
    }
}

/// Where a small form wants to go back to.
#[derive(Default, Deserialize)]
struct Back {
    #[serde(default)]
    back: String,
}

/// What was typed to confirm a deletion: it can't be undone.
#[derive(Default, Deserialize)]
struct Confirmation {
    #[serde(default)]
    confirm: String,
}

async fn block(viewer: Extension<Viewer>, control: Extension<Control>, id: Path<String>, back: Form<Back>) -> Response {
    set_blocked(viewer, control, id, back, true).await
}

async fn unblock(
    viewer: Extension<Viewer>,
    control: Extension<Control>,
    id: Path<String>,
    back: Form<Back>,
) -> Response {
    set_blocked(viewer, control, id, back, false).await
}

async fn set_blocked(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    Form(Back { back }): Form<Back>,
    blocked: bool,
) -> Response {
    let outcome = match KeyId::parse(&id) {
        Some(id) => keys::set_blocked(&control, &viewer.op(), &KeyRef::Id(id), blocked).await.map(drop),
        None => Err(ControlError::NotFound { what: "the key".to_owned() }),
    };
    let notice = match outcome {
        Ok(()) if blocked => Notice::Blocked,
        Ok(()) => Notice::Unblocked,
        Err(error) => notice(&error),
    };
    match back_to_list(&back, notice) {
        Some(href) => Redirect::to(&href).into_response(),
        None => to_key(&id, notice),
    }
}

async fn delete(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    Form(Confirmation { confirm }): Form<Confirmation>,
) -> Response {
    let Some(key) = KeyId::parse(&id) else { return to_key(&id, Notice::NotFound) };
    let notice = match try_delete(&control, &viewer.op(), KeyRef::Id(key), confirm.trim()).await {
        Ok(true) => Notice::Deleted,
        Ok(false) => Notice::NotConfirmed,
        Err(error) => notice(&error),
    };
    to_key(&id, notice)
}

/// `false`, and nothing done: the name is not the key's.
async fn try_delete(control: &Control, op: &OpContext, key: KeyRef, name: &str) -> Result<bool, ControlError> {
    if keys::get(control, op, &key).await?.key.label() != name {
        return Ok(false);
    }
    keys::delete(control, op, &[key]).await.map(|_| true)
}

fn notice(error: &ControlError) -> Notice {
    log(error);
    match error {
        ControlError::Denied { .. } => Notice::Denied,
        ControlError::NotFound { .. } => Notice::NotFound,
        ControlError::Unavailable => Notice::Unavailable,
        ControlError::Invalid { .. } | ControlError::Conflict { .. } | ControlError::Internal(_) => Notice::Failed,
    }
}

/// To the key's page, or to the list where the id is none.
fn to_key(id: &str, notice: Notice) -> Response {
    let path = KeyId::parse(id).map_or_else(|| "/ui/keys".to_owned(), |id| key_href(&id.to_string()));
    Redirect::to(&format!("{path}?notice={}", notice.as_str())).into_response()
}
