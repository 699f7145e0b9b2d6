//! Adding, replacing and deleting credentials.

use std::collections::BTreeMap;

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use serde_json::{Map, Value};
use tollgate_control::{Control, ControlError, records};
use tollgate_domain::credential::Credential;
use tollgate_domain::ids::CredentialId;
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;

use super::{is_outdated, read_form, show_again};
use crate::kit::{Form, id_of_segment, redirect_with, refusal};
use crate::pages::{CREDENTIALS, credential_href};
use crate::server::{ServerState, Viewer};

/// Values that have a field of their own.
const VALUES: [&str; 3] = ["api_key", "api_base", "organization"];

const NAMES: &[(&str, &str)] = &[("credential_values", "other_name"), ("credential_info", "description")];

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/credentials/create", post(create))
        .route("/ui/credentials/{id}/update", post(update))
        .route("/ui/credentials/{id}/delete", post(delete))
}

/// What was typed.
struct Typed {
    provider: Option<String>,
    description: Option<String>,
    set: Vec<(String, Secret)>,
    remove: Vec<String>,
}

impl Typed {
    fn read(form: &mut Form) -> Self {
        let mut set: Vec<_> = VALUES.iter().filter_map(|name| Some(((*name).to_owned(), form.secret(name)?))).collect();
        match (form.get("other_name"), form.secret("other_value")) {
            (Some(name), Some(value)) => set.push((name, value)),
            (Some(_), None) => form.refuse_at("other_value", "Write what it is, or clear its name."),
            (None, Some(_)) => form.refuse_at("other_name", "Write its name too: what was typed beside it is gone."),
            (None, None) => {}
        }
        Self { provider: form.get("provider"), description: form.get("description"), set, remove: form.all("remove") }
    }

    fn apply(self, credential: &mut Credential, control: &Control) -> Result<(), ControlError> {
        credential.provider = self.provider;
        match self.description {
            Some(text) => credential.info.insert("description".to_owned(), Value::String(text)),
            None => credential.info.remove("description"),
        };
        for name in &self.remove {
            credential.values.remove(name);
        }
        self.set.iter().try_for_each(|(name, secret)| control.put_secret(credential, name, secret))
    }
}

async fn create(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let name = form.required("name", "Give it a name.");
    let typed = Typed::read(&mut form);
    let id = CredentialId::parse(&name);
    if id.is_none() && !name.is_empty() {
        form.refuse_at("name", "A name has 1 to 200 printable characters.");
    }
    let (Some(id), false) = (id, form.is_refused()) else { return show_again(request, form).await };
    let mut new = Credential { id, provider: None, values: BTreeMap::new(), info: Map::new(), meta: no_meta() };
    let made = match typed.apply(&mut new, &control) {
        // No key to encrypt with is no matter of the name.
        Err(error) => Err((error, "api_key")),
        Ok(()) => records::create(&control, &viewer.op(), new).await.map_err(|error| (error, "name")),
    };
    match made {
        Ok(credential) => redirect_with(&credential_href(credential.id.as_str()), "created"),
        Err((error, conflict)) => {
            form.refuse(&error, &[NAMES, &[("conflict", conflict)]].concat());
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
    let apply = |credential: &mut Credential| typed.apply(credential, &control);
    match records::update::<Credential>(&control, &op, &id, version, apply).await {
        Ok(_) => redirect_with(&credential_href(&id), "updated"),
        Err(error @ (ControlError::Denied { .. } | ControlError::NotFound { .. })) => {
            redirect_with(&to(&error, &id), refusal(&error))
        }
        Err(error) => {
            if is_outdated::<Credential>(&control, &op, &id, version, &error).await {
                form.refuse_as_changed();
            } else {
                form.refuse(&error, NAMES);
            }
            show_again(request, form).await
        }
    }
}

/// Deletes a credential whose name was typed and that nothing uses.
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
    let id = id_of_segment(&id);
    if form.get("confirm").as_deref() != Some(id.as_str()) {
        form.refuse_at("confirm", "Nothing was deleted: that is not the credential's name");
        return show_again(request, form).await;
    }
    match records::delete::<Credential>(&control, &viewer.op(), &id, None).await {
        Ok(_) => redirect_with(CREDENTIALS, "deleted"),
        Err(error @ ControlError::Conflict { .. }) => {
            form.refuse(&error, &[]);
            show_again(request, form).await
        }
        Err(error) => redirect_with(&to(&error, &id), refusal(&error)),
    }
}

/// The credential's page, or the list where there is no such credential.
fn to(error: &ControlError, id: &str) -> String {
    if matches!(error, ControlError::NotFound { .. }) { CREDENTIALS.to_owned() } else { credential_href(id) }
}
