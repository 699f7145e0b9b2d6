//! Adding, changing, testing, blocking and deleting models of the database.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use leptos::prelude::provide_context;
use serde_json::{Map, Value};
use tollgate_control::{Control, ControlError, models, records};
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{CredentialId, DeploymentId};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;
use tollgate_domain::{Nanos, Picos};

use super::{is_outdated, read_form, show_again};
use crate::kit::{Form, id_of_segment, redirect_with, refusal};
use crate::pages::{LITELLM_NAMES, MODELS, PRICES, Tested, model_href};
use crate::server::{ServerState, Viewer, render};

/// Parameters that are texts of the form.
const TEXTS: [&str; 2] = ["api_base", "organization"];

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/models/create", post(create))
        .route("/ui/models/{id}/update", post(update))
        .route("/ui/models/{id}/test", post(test))
        .route("/ui/models/{id}/block", post(block))
        .route("/ui/models/{id}/unblock", post(unblock))
        .route("/ui/models/{id}/delete", post(delete))
}

/// What was typed.
struct Typed {
    model: ModelPattern,
    provider: String,
    params: Vec<(&'static str, Option<Value>)>,
    info: Vec<(&'static str, Option<Value>)>,
    credential: Option<CredentialId>,
    api_key: Option<Secret>,
    remove_api_key: bool,
}

impl Typed {
    /// What is wrong is told in the form.
    fn read(form: &mut Form) -> Self {
        let name = form.required("model_name", "Say what callers ask for.");
        let model = form.required("model", "Say what the provider calls the model.");
        let provider = form.get("provider").unwrap_or_default();
        let full = if provider.is_empty() { model } else { format!("{provider}/{model}") };
        let mut params = vec![("model", Some(Value::String(full)))];
        params.extend(TEXTS.map(|name| (name, form.get(name).map(Value::String))));
        params.push(("weight", form.integer("weight", &(0..=1_000_000)).map(Value::from)));
        params.push(("timeout", form.integer("timeout", &(1..=86_400)).map(Value::from)));
        for (field, param) in PRICES {
            params.push((param, price(form, field)));
        }
        let info = ["mode", "base_model"].map(|name| (name, form.get(name).map(Value::String))).into();
        let credential = form.get("credential").and_then(|name| CredentialId::parse(&name));
        Self {
            model: ModelPattern::new(name),
            provider,
            params,
            info,
            credential,
            api_key: form.secret("api_key"),
            remove_api_key: form.is_ticked("remove_api_key"),
        }
    }

    /// What the form does not know stays as it is.
    fn apply(self, stored: &mut StoredDeployment, control: &Control) -> Result<(), ControlError> {
        stored.model = self.model;
        set(&mut stored.params, self.params);
        if stored.params.get("custom_llm_provider").and_then(Value::as_str) == Some(self.provider.as_str()) {
            stored.params.remove("custom_llm_provider");
        }
        set(&mut stored.info, self.info);
        stored.credential = self.credential;
        if self.remove_api_key {
            stored.secrets.remove("api_key");
        }
        match self.api_key {
            Some(key) => control.put_secret(stored, "api_key", &key),
            None => Ok(()),
        }
    }
}

fn set(map: &mut Map<String, Value>, values: Vec<(&'static str, Option<Value>)>) {
    for (name, value) in values {
        match value {
            Some(value) => map.insert(name.to_owned(), value),
            None => map.remove(name),
        };
    }
}

/// Dollars for a million tokens, as LiteLLM has them: a number of dollars for one.
fn price(form: &mut Form, field: &str) -> Option<Value> {
    let Nanos(million) = form.money(field)?;
    if million % 1000 != 0 {
        form.refuse_at(field, "At most 6 digits behind the point.");
        return None;
    }
    // Read from its digits, so that the shortest number that means the same is kept.
    serde_json::from_str(&Picos(million / 1000).to_decimal()).ok()
}

/// Tells what is wrong at the field that it is about: `litellm_params` is the whole form but for the name.
fn refuse(form: &mut Form, error: &ControlError) {
    if let ControlError::Invalid { field: "litellm_params", message } = error
        && let Some((path, problem)) = message.split_once(": ")
        && let Some((_, field)) = LITELLM_NAMES.iter().find(|(theirs, _)| *theirs == path)
    {
        return form.refuse_at(field, problem);
    }
    let names: Vec<_> = LITELLM_NAMES.iter().copied().chain([("conflict", "api_key")]).collect();
    form.refuse(error, &names);
}

/// Adds a model and goes to its page; or shows the form again.
async fn create(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let typed = Typed::read(&mut form);
    if form.is_refused() {
        return show_again(request, form).await;
    }
    let mut new = StoredDeployment {
        id: DeploymentId::new(&**control.clock(), &SystemEntropy),
        model: typed.model.clone(),
        params: Map::new(),
        secrets: std::collections::BTreeMap::new(),
        credential: None,
        info: Map::new(),
        blocked: false,
        meta: no_meta(),
    };
    let made = match typed.apply(&mut new, &control) {
        Ok(()) => records::create(&control, &viewer.op(), new).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(model) => redirect_with(&model_href(model.id.as_str()), "created"),
        Err(error) => {
            refuse(&mut form, &error);
            show_again(request, form).await
        }
    }
}

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
    let (id, op) = (id_of_segment(&id), viewer.op());
    let typed = Typed::read(&mut form);
    if form.is_refused() {
        return show_again(request, form).await;
    }
    let version = form.version();
    let apply = |stored: &mut StoredDeployment| typed.apply(stored, &control);
    match records::update::<StoredDeployment>(&control, &op, &id, version, apply).await {
        Ok(_) => redirect_with(&model_href(&id), "updated"),
        Err(error @ (ControlError::Denied { .. } | ControlError::NotFound { .. })) => {
            redirect_with(&to(&error, &id), refusal(&error))
        }
        Err(error) => {
            if is_outdated::<StoredDeployment>(&control, &op, &id, version, &error).await {
                form.refuse_as_changed();
            } else {
                refuse(&mut form, &error);
            }
            show_again(request, form).await
        }
    }
}

/// Calls the model once and shows its page with what came of it.
async fn test(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let id = id_of_segment(&id);
    match models::test(&control, &viewer.op(), &id).await {
        Ok(outcome) => render(request, StatusCode::OK, move || provide_context(Tested(outcome.clone()))).await,
        Err(error) => redirect_with(&to(&error, &id), refusal(&error)),
    }
}

async fn block(viewer: Extension<Viewer>, control: Extension<Control>, id: Path<String>) -> Response {
    set_blocked(viewer, control, id, true).await
}

async fn unblock(viewer: Extension<Viewer>, control: Extension<Control>, id: Path<String>) -> Response {
    set_blocked(viewer, control, id, false).await
}

async fn set_blocked(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    blocked: bool,
) -> Response {
    let id = id_of_segment(&id);
    let action = if blocked { "model.block" } else { "model.unblock" };
    let apply = |stored: &mut StoredDeployment| {
        stored.blocked = blocked;
        Ok(())
    };
    match records::update_as::<StoredDeployment>(&control, &viewer.op(), &id, None, action, apply).await {
        Ok(_) => redirect_with(&model_href(&id), if blocked { "blocked" } else { "unblocked" }),
        // One that can't be called can't be unblocked either: its page says so.
        Err(error) => redirect_with(&to(&error, &id), refusal(&error)),
    }
}

/// Deletes a model whose name was typed; it can't be undone.
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
    let (id, op) = (id_of_segment(&id), viewer.op());
    let outcome = match records::get::<StoredDeployment>(&control, &op, &id).await {
        Ok(model) if form.get("confirm").as_deref() != Some(model.model.as_str()) => {
            form.refuse_at("confirm", "Nothing was deleted: that is not the model's name");
            return show_again(request, form).await;
        }
        Ok(_) => records::delete::<StoredDeployment>(&control, &op, &id, None).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(_) => redirect_with(MODELS, "deleted"),
        Err(error) => redirect_with(&to(&error, &id), refusal(&error)),
    }
}

/// The model's page, or the list where there is no such model.
fn to(error: &ControlError, id: &str) -> String {
    if matches!(error, ControlError::NotFound { .. }) { MODELS.to_owned() } else { model_href(id) }
}
