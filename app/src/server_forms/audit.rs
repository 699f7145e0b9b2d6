//! The audit log as a file, and whether it is as it was written.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures::stream::try_unfold;
use http::StatusCode;
use leptos::prelude::provide_context;
use tollgate_control::audit;
use tollgate_control::export::{self, AuditExport, Format};
use tollgate_control::{Control, ControlError};

use super::exports::{file, format_of};
use crate::api::audit_filter;
use crate::kit::{ListQuery, Query, redirect_with, refusal};
use crate::pages::{AUDIT, Verified, audit_filters};
use crate::server::{ServerState, Viewer, render};

pub fn router() -> Router<ServerState> {
    Router::new().route("/ui/audit/export", get(export_lines)).route("/ui/audit/verify", post(verify))
}

/// What the filters of the address match, a page of lines at a time: however long the log is, little of it is in
/// memory, and a slow reader slows the reading down.
async fn export_lines(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let address = Query::parse(request.uri().query().unwrap_or_default());
    let format = format_of(&address);
    let list = audit_filters().read(&address);
    let export = match begin(&control, &viewer, &list, format).await {
        Ok(export) => export,
        Err(error) => return redirect_with(&list.first().href(), refusal(&error)),
    };
    let parts = try_unfold(export, |mut export| async move {
        match export.next().await {
            Ok(part) => Ok(part.map(|part| (part, export))),
            Err(error) => {
                leptos::logging::error!("an export of the audit log broke off: {error:?}");
                Err(error)
            }
        }
    });
    file(&control, "audit", format, Body::from_stream(parts))
}

async fn begin(
    control: &Control,
    viewer: &Viewer,
    list: &ListQuery,
    format: Format,
) -> Result<AuditExport, ControlError> {
    let op = viewer.op();
    let filter = audit_filter(control, &op, list).await?;
    export::audit(control, &op, filter, format).await
}

/// Reads the whole chain and tells the verdict.
async fn verify(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    match audit::verify(&control, &viewer.op()).await {
        Ok(verdict) => render(request, StatusCode::OK, move || provide_context(Verified(verdict.clone()))).await,
        Err(error) => redirect_with(AUDIT, refusal(&error)),
    }
}
