//! Making, changing and deleting tags.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use tollgate_control::Control;
use tollgate_domain::ids::{BudgetId, TagId};
use tollgate_domain::limits::Limits;
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::no_meta;
use tollgate_domain::tag::Tag;

use super::records::Kind;
use super::{read_form, show_again, typed_budget, typed_models};
use crate::kit::{Form, LimitNames, TypedLimits, id_of_segment};
use crate::pages::{TAGS, tag_href};
use crate::server::{ServerState, Viewer};

const KIND: Kind = Kind { list: TAGS, href: tag_href, names: &[("conflict", "name"), ("models", "models")] };

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/tags/create", post(create))
        .route("/ui/tags/{id}/update", post(update))
        .route("/ui/tags/{id}/delete", post(delete))
}

/// What was typed.
struct Typed {
    description: Option<String>,
    budget: Option<BudgetId>,
    limits: TypedLimits,
    models: Vec<ModelPattern>,
}

impl Typed {
    fn read(form: &mut Form) -> Self {
        Self {
            description: form.get("description"),
            budget: typed_budget(form),
            limits: form.limits(&LimitNames::OWN),
            models: typed_models(form),
        }
    }

    fn apply(self, tag: &mut Tag) {
        tag.description = self.description;
        tag.budget_id = self.budget;
        tag.limits = self.limits.over(&tag.limits);
        tag.models = self.models;
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
    let id = TagId::parse(&name);
    if id.is_none() && !name.is_empty() {
        form.refuse_at("name", "Nothing can be called so.");
    }
    let (Some(id), false) = (id, form.is_refused()) else { return show_again(request, form).await };
    let limits = Limits::default();
    let mut new = Tag { id, description: None, models: Vec::new(), budget_id: None, limits, meta: no_meta() };
    typed.apply(&mut new);
    KIND.create(&control, &viewer.op(), new, form, request).await
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
    let typed = Typed::read(&mut form);
    if form.is_refused() {
        return show_again(request, form).await;
    }
    KIND.update(&control, &viewer.op(), &id_of_segment(&id), form, request, |tag| typed.apply(tag)).await
}

async fn delete(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let name = |tag: &Tag| tag.id.to_string();
    KIND.delete(&control, &viewer.op(), &id_of_segment(&id), name, form, request).await
}
