//! Making, changing, blocking and deleting end customers.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use serde_json::{Map, Value};
use tollgate_control::{Control, records};
use tollgate_domain::customer::Customer;
use tollgate_domain::ids::{BudgetId, CustomerId};
use tollgate_domain::limits::Limits;
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::no_meta;

use super::records::Kind;
use super::{read_form, show_again, typed_budget, typed_models};
use crate::kit::{Form, LimitNames, TypedLimits, id_of_segment, redirect_with};
use crate::pages::{CUSTOMERS, customer_href};
use crate::server::{ServerState, Viewer};

const KIND: Kind = Kind { list: CUSTOMERS, href: customer_href, names: &[("conflict", "id"), ("models", "models")] };

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/customers/create", post(create))
        .route("/ui/customers/{id}/update", post(update))
        .route("/ui/customers/{id}/block", post(block))
        .route("/ui/customers/{id}/unblock", post(unblock))
        .route("/ui/customers/{id}/delete", post(delete))
}

/// What was typed.
struct Typed {
    name: Option<String>,
    budget: Option<BudgetId>,
    limits: TypedLimits,
    models: Vec<ModelPattern>,
    default_model: Option<String>,
    region: Option<String>,
    metadata: Map<String, Value>,
}

impl Typed {
    fn read(form: &mut Form) -> Self {
        Self {
            name: form.get("name"),
            budget: typed_budget(form),
            limits: form.limits(&LimitNames::OWN),
            models: typed_models(form),
            default_model: form.get("default_model"),
            region: form.get("allowed_model_region"),
            metadata: form.json_object("metadata"),
        }
    }

    fn apply(self, customer: &mut Customer) {
        customer.name = self.name;
        customer.budget_id = self.budget;
        customer.limits = self.limits.over(&customer.limits);
        customer.models = self.models;
        customer.default_model = self.default_model;
        customer.allowed_model_region = self.region;
        customer.metadata = self.metadata;
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
    let text = form.required("id", "Say what applications send as its user.");
    let typed = Typed::read(&mut form);
    let id = CustomerId::parse(&text);
    if id.is_none() && !text.is_empty() {
        form.refuse_at("id", "Nothing can have that id.");
    }
    let (Some(id), false) = (id, form.is_refused()) else { return show_again(request, form).await };
    let mut new = Customer {
        id,
        name: None,
        blocked: false,
        budget_id: None,
        limits: Limits::default(),
        models: Vec::new(),
        default_model: None,
        allowed_model_region: None,
        metadata: Map::new(),
        settings: Map::new(),
        meta: no_meta(),
    };
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
    KIND.update(&control, &viewer.op(), &id_of_segment(&id), form, request, |customer| typed.apply(customer)).await
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
    let action = if blocked { "customer.block" } else { "customer.unblock" };
    let apply = |customer: &mut Customer| {
        customer.blocked = blocked;
        Ok(())
    };
    match records::update_as::<Customer>(&control, &viewer.op(), &id, None, action, apply).await {
        Ok(_) => redirect_with(&customer_href(&id), if blocked { "blocked" } else { "unblocked" }),
        Err(error) => KIND.to(&error, &id),
    }
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
    let name = |customer: &Customer| customer.name.clone().unwrap_or_else(|| customer.id.to_string());
    KIND.delete(&control, &viewer.op(), &id_of_segment(&id), name, form, request).await
}
