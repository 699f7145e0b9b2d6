//! `/api/v1/exports`: everything that a filter matches, as a file. It is written as it is sent, in constant memory.

use std::future::Future;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, header};
use serde::Deserialize;
use tollgate_control::ControlError;
use tollgate_control::audit::AuditFilter;
use tollgate_control::export::{self, Layout};
use tollgate_domain::report::Dimension;
use tollgate_domain::summary::RequestFilter;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::ListErrors;
use super::extract::{Caller, InQuery};
use super::records::Answer;
use super::usage::UsageQuery;
use super::values::{Moment, RequestStatus, invalid};

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(requests)).routes(routes!(audit_events)).routes(routes!(usage))
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Csv,
    Jsonl,
}

impl From<Format> for export::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Jsonl => Self::JsonLines,
        }
    }
}

/// An answer that is a file.
fn file(name: &str, format: export::Format, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    let disposition = format!("attachment; filename=\"tollgate-{name}.{}\"", format.extension());
    if let Ok(disposition) = HeaderValue::try_from(disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// A body of parts, each made when the one before it was sent. After an error the connection breaks off: what was sent
/// can't be taken for the whole.
fn parts<E, F>(export: E, next: impl FnMut(E) -> F + Send + 'static) -> Body
where
    E: Send + 'static,
    F: Future<Output = (Result<Option<Vec<u8>>, ControlError>, E)> + Send + 'static,
{
    let parts = stream::unfold(Some((export, next)), |state| async move {
        let (export, mut next) = state?;
        match next(export).await {
            (Ok(Some(part)), export) => Some((Ok(Bytes::from(part)), Some((export, next)))),
            (Ok(None), _) => None,
            (Err(error), _) => {
                tracing::error!(%error, "an export broke off");
                Some((Err(std::io::Error::other("the export broke off")), None))
            }
        }
    });
    Body::from_stream(parts)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RequestExportQuery {
    /// `csv`, unless it is said otherwise.
    #[param(inline)]
    format: Option<Format>,
    /// A key's id, or `master_key`.
    key: Option<String>,
    user_id: Option<String>,
    team_id: Option<String>,
    organisation_id: Option<String>,
    customer_id: Option<String>,
    tag: Option<String>,
    deployment_id: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    #[param(inline)]
    status: Option<RequestStatus>,
    #[param(inline)]
    since: Option<Moment>,
    /// Before this moment.
    #[param(inline)]
    until: Option<Moment>,
}

/// Export requests
///
/// A row for each attempt at a provider, oldest first. The export is put down in the audit log.
#[utoipa::path(get, path = "/api/v1/exports/requests", operation_id = "export_requests", tag = "Exports",
    params(RequestExportQuery),
    responses((status = 200, description = "The file", content(
        (String = "text/csv"), (String = "application/x-ndjson"))), ListErrors))]
async fn requests(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<RequestExportQuery>) -> Answer {
    let filter = RequestFilter {
        key: query.key,
        user: query.user_id,
        team: query.team_id,
        organisation: query.organisation_id,
        end_user: query.customer_id,
        tag: query.tag,
        deployment: query.deployment_id,
        provider: query.provider,
        model: query.model,
        status: query.status.map(Into::into),
        call_id: None,
        since: query.since.map(|at| at.0),
        until: query.until.map(|at| at.0),
    };
    let format = query.format.unwrap_or_default().into();
    let begun = export::charges(server.control(), caller.op(), filter, format).await?;
    let body = parts(begun, |mut export| async move { (export.next().await, export) });
    Ok(file("requests", format, body))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditExportQuery {
    /// `csv`, unless it is said otherwise.
    #[param(inline)]
    format: Option<Format>,
    /// A whole actor, resource id or request id; or part of what was written, whatever the case.
    search: Option<String>,
    actor: Option<String>,
    /// `key.create`; or `key.*` for all that was done to keys.
    action: Option<String>,
    resource_kind: Option<String>,
    resource_id: Option<String>,
    #[param(inline)]
    since: Option<Moment>,
    /// Before this moment.
    #[param(inline)]
    until: Option<Moment>,
}

/// Export the audit log
///
/// Oldest first. The export is put down in the log itself.
#[utoipa::path(get, path = "/api/v1/exports/audit-events", operation_id = "export_audit_events", tag = "Exports",
    params(AuditExportQuery),
    responses((status = 200, description = "The file", content(
        (String = "text/csv"), (String = "application/x-ndjson"))), ListErrors))]
async fn audit_events(
    State(server): State<Server>,
    caller: Caller,
    InQuery(query): InQuery<AuditExportQuery>,
) -> Answer {
    let filter = AuditFilter {
        search: query.search,
        actor: query.actor,
        action: query.action,
        resource_kind: query.resource_kind,
        resource_id: query.resource_id,
        since: query.since.map(|at| at.0),
        until: query.until.map(|at| at.0),
    };
    let format = query.format.unwrap_or_default().into();
    let begun = export::audit(server.control(), caller.op(), filter, format).await?;
    let body = parts(begun, |mut export| async move { (export.next().await, export) });
    Ok(file("audit-events", format, body))
}

/// Which columns.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportLayout {
    /// One for each word of `by`, then the sums.
    #[default]
    Plain,
    /// Those of FOCUS (the `FinOps` open cost and usage specification), by day, provider, model and the one word of `by`.
    Focus,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageExportQuery {
    /// `csv`, unless it is said otherwise.
    #[param(inline)]
    format: Option<Format>,
    /// `plain`, unless it is said otherwise.
    #[param(inline)]
    layout: Option<ExportLayout>,
    /// As for `/api/v1/usage`.
    #[param(example = "team,model")]
    by: Option<String>,
    #[param(inline)]
    since: Option<Moment>,
    #[param(inline)]
    until: Option<Moment>,
    key: Option<String>,
    user_id: Option<String>,
    team_id: Option<String>,
    organisation_id: Option<String>,
    model: Option<String>,
    provider: Option<String>,
    customer_id: Option<String>,
    tag: Option<String>,
}

/// Export sums of what was used
///
/// For chargeback. The export is put down in the audit log.
#[utoipa::path(get, path = "/api/v1/exports/usage", operation_id = "export_usage", tag = "Exports",
    params(UsageExportQuery),
    responses((status = 200, description = "The file", content(
        (String = "text/csv"), (String = "application/x-ndjson"))), ListErrors))]
async fn usage(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<UsageExportQuery>) -> Answer {
    let sums = UsageQuery {
        by: query.by,
        since: query.since,
        until: query.until,
        key: query.key,
        user_id: query.user_id,
        team_id: query.team_id,
        organisation_id: query.organisation_id,
        model: query.model,
        provider: query.provider,
        customer_id: query.customer_id,
        tag: query.tag,
        limit: None,
    };
    let wanted = sums.read(server.control().clock().now())?;
    let layout = match query.layout.unwrap_or_default() {
        ExportLayout::Plain => Layout::By(wanted.by),
        ExportLayout::Focus => Layout::Focus(account(&wanted.by)?),
    };
    let format = query.format.unwrap_or_default().into();
    let whole = export::usage(server.control(), caller.op(), &wanted.filter, &layout, format).await?;
    Ok(file("usage", format, Body::from(whole)))
}

/// FOCUS has one column for who pays.
fn account(by: &[Dimension]) -> Result<Dimension, ControlError> {
    match by {
        [] => Ok(Dimension::Team),
        [one] if !matches!(one, Dimension::Day | Dimension::Provider | Dimension::Model) => Ok(*one),
        _ => Err(invalid("by", "with `focus`, one of key, user, team, organisation, customer, tag")),
    }
}
