//! Issuing and revoking SCIM tokens.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use leptos::prelude::provide_context;
use tollgate_control::scim::{self, NewToken};
use tollgate_control::{Control, records};
use tollgate_domain::scim::ScimToken;

use super::{Segment, read_form, show_again};
use crate::kit::{redirect_with, refusal};
use crate::pages::{IssuedToken, SCIM, ShownOnce};
use crate::server::{ServerState, Viewer, render};

pub fn router() -> Router<ServerState> {
    Router::new().route("/ui/scim", post(issue)).route("/ui/scim/{id}/revoke", post(revoke))
}

async fn issue(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let name = form.required("name", "Give it a name.");
    let expires_at = form.end_of_day("expires");
    if form.is_refused() {
        return show_again(request, form).await;
    }
    let new = NewToken { name, provider: form.get("provider"), expires_at };
    match scim::issue(&control, &viewer.op(), new).await {
        Ok(issued) => {
            let token = IssuedToken(ShownOnce::new(issued.plain.expose()));
            render(request, StatusCode::OK, move || provide_context(token.clone())).await
        }
        Err(error) => {
            form.refuse(&error, &[("name", "name"), ("expires_at", "expires"), ("conflict", "")]);
            show_again(request, form).await
        }
    }
}

async fn revoke(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
) -> Response {
    match records::delete::<ScimToken>(&control, &viewer.op(), &id, None).await {
        Ok(_) => redirect_with(SCIM, "revoked"),
        Err(error) => redirect_with(SCIM, refusal(&error)),
    }
}
