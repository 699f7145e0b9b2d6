//! `/api/v1/audit-events`: who did what.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tollgate_control::audit::{self, AuditFilter, AuditLine};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{GetErrors, ListErrors};
use super::extract::{Caller, InPath, InQuery};
use super::list::{List, wanted};
use super::records::{Answer, check_id, one_by_content};
use super::values::Moment;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// A line of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEvent {
    id: String,
    /// Consecutive from 1.
    seq: i64,
    at: Moment,
    /// `user`, `key`, `master_key`, `system` or `anonymous`.
    actor_kind: String,
    /// A user's or key's id, or the kind again.
    actor: String,
    /// On whose behalf, as the actor says.
    on_behalf_of: Option<String>,
    address: Option<String>,
    user_agent: Option<String>,
    request_id: String,
    /// `key.create`, `team.update`, `sign_in`, …
    action: String,
    resource_kind: String,
    resource_id: String,
    /// What it was, of what changed; secrets as digests.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// What it became, of what changed; secrets as digests.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
    /// Of this line after the one before it.
    hash: String,
}

impl From<AuditLine> for AuditEvent {
    fn from(line: AuditLine) -> Self {
        let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        let event = line.event;
        Self {
            id: event.id.to_string(),
            seq: line.seq,
            at: Moment(event.at),
            actor_kind: event.actor_kind,
            actor: event.actor,
            on_behalf_of: event.on_behalf_of,
            address: event.address,
            user_agent: event.user_agent,
            request_id: event.request_id,
            action: event.action,
            resource_kind: event.resource_kind,
            resource_id: event.resource_id,
            before: json(event.before),
            after: json(event.after),
            hash: line.hash,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
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
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// List audit events
///
/// Newest first. For administrators and auditors.
#[utoipa::path(get, path = "/api/v1/audit-events", operation_id = "list_audit_events", tag = "Audit log",
    params(AuditQuery), responses((status = 200, description = "A page", body = List<AuditEvent>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<AuditQuery>) -> Answer {
    let filter = AuditFilter {
        search: query.search,
        actor: query.actor,
        action: query.action,
        resource_kind: query.resource_kind,
        resource_id: query.resource_id,
        since: query.since.map(|at| at.0),
        until: query.until.map(|at| at.0),
    };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    let page = audit::list(server.control(), caller.op(), &filter, wanted.cursor.as_ref(), wanted.limit).await?;
    Ok(Json(List::of(page, AuditEvent::from)).into_response())
}

/// Get an audit event
#[utoipa::path(get, path = "/api/v1/audit-events/{id}", operation_id = "get_audit_event", tag = "Audit log",
    params(("id" = String, Path)),
    responses((status = 200, description = "The event", body = AuditEvent), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    check_id(&id, "audit event")?;
    let line = audit::get(server.control(), caller.op(), &id).await?;
    Ok(one_by_content(&AuditEvent::from(line)))
}
