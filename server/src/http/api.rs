//! Tollgate's own REST API, `/api/v1`, with its document (`/api/openapi.json`) and a page of it (`/api/docs`).

#![expect(unused_qualifications, reason = "the macro that documents a route writes its types' whole names")]

mod access_groups;
mod audit_events;
mod budget_events;
mod budgets;
mod credentials;
mod customers;
mod deployments;
mod docs;
mod document;
mod errors;
mod exports;
mod extract;
mod frame;
mod idempotency;
mod increase_requests;
mod invoices;
mod keys;
mod ledger;
mod limits;
mod list;
mod me;
mod members;
mod models;
mod organisations;
mod overview;
mod records;
mod replay;
mod requests;
mod scim_tokens;
mod tags;
mod teams;
#[cfg(test)]
mod tests;
mod usage;
mod users;
mod values;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get};
#[cfg(test)]
use http::Method;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

use super::server::Server;

/// Every route with its part of the document.
fn documented() -> OpenApiRouter<Server> {
    OpenApiRouter::with_openapi(document::Head::openapi())
        .merge(me::router())
        .merge(keys::router())
        .merge(organisations::router())
        .merge(teams::router())
        .merge(members::router())
        .merge(users::router())
        .merge(budgets::router())
        .merge(customers::router())
        .merge(tags::router())
        .merge(increase_requests::router())
        .merge(access_groups::router())
        .merge(models::router())
        .merge(deployments::router())
        .merge(credentials::router())
        .merge(requests::router())
        .merge(overview::router())
        .merge(usage::router())
        .merge(exports::router())
        .merge(audit_events::router())
        .merge(ledger::router())
        .merge(invoices::router())
        .merge(budget_events::router())
        .merge(replay::router())
        .merge(scim_tokens::router())
}

pub fn router(server: &Server) -> Router<Server> {
    let (routes, document) = documented().split_for_parts();
    let document = document::complete(document);
    routes
        .route("/api/openapi.json", get(document::serve(&document)))
        .route("/api/docs", get(docs::serve(&document)))
        .route("/api/problems/{kind}", get(docs::problem))
        .method_not_allowed_fallback(frame::wrong_method)
        .route("/api", any(frame::no_route))
        .route("/api/{*path}", any(frame::no_route))
        .layer(from_fn_with_state(server.clone(), idempotency::idempotent))
        .layer(from_fn(frame::frame))
}

/// Every route of `/api/v1`, as the document has it: for tests that go through all of them.
#[cfg(test)]
pub fn routes() -> Vec<(Method, String)> {
    document::operations(&document::complete(documented().into_openapi()))
}
