//! What the pages about the audit log ask.

use serde_json::Value;
use tollgate_control::audit::{self, AuditFilter, AuditLine, Names};
use tollgate_control::{Control, ControlError, OpContext};
use tollgate_domain::Timestamp;

use super::ServerError;
use crate::kit::{ListQuery, parse_day};

/// Lines of a page.
const PAGE: u32 = 50;

const DAY_SECONDS: i64 = 86_400;

/// Somebody or something that a line names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// `user`, `key`, `team`, …
    pub kind: String,
    pub id: String,
    /// What people call it, where that is not its id.
    pub name: Option<String>,
}

impl Named {
    fn new(kind: &str, id: &str, names: &Names) -> Self {
        Self { kind: kind.to_owned(), id: id.to_owned(), name: names.get(kind, id).map(str::to_owned) }
    }
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLineView {
    /// Its number: consecutive from 1.
    pub seq: i64,
    pub id: String,
    pub at: Timestamp,
    pub actor: Named,
    pub on_behalf_of: Option<String>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    /// `key.create`
    pub action: String,
    pub thing: Named,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub hash: String,
}

impl AuditLineView {
    fn new(line: AuditLine, names: &Names) -> Self {
        let event = line.event;
        let json = |text: Option<String>| text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
        Self {
            seq: line.seq,
            id: event.id.to_string(),
            at: event.at,
            actor: Named::new(&event.actor_kind, &event.actor, names),
            on_behalf_of: event.on_behalf_of,
            address: event.address,
            user_agent: event.user_agent,
            request_id: event.request_id,
            action: event.action,
            thing: Named::new(&event.resource_kind, &event.resource_id, names),
            before: json(event.before),
            after: json(event.after),
            hash: line.hash,
        }
    }
}

/// A page of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditView {
    pub rows: Vec<AuditLineView>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// What the one who is filtered by is called.
    pub actor: Option<String>,
}

/// What the address of the list asks for, for the control plane.
pub async fn audit_filter(control: &Control, op: &OpContext, list: &ListQuery) -> Result<AuditFilter, ControlError> {
    let actor = match list.get("actor") {
        Some(text) => Some(audit::actor_called(control, op, &text).await?),
        None => None,
    };
    let day = |name: &str| list.get(name).and_then(|text| parse_day(&text));
    Ok(AuditFilter {
        search: list.get("q"),
        actor,
        action: list.get("action"),
        resource_kind: list.get("kind"),
        resource_id: list.get("id"),
        since: day("since"),
        // The whole of the last day.
        until: day("until").map(|day| day.plus_seconds(DAY_SECONDS)),
    })
}

/// A page of lines, newest first.
pub async fn list_audit(list: ListQuery) -> Result<AuditView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let filter = audit_filter(&control, &op, &list).await?;
    let page = audit::list(&control, &op, &filter, list.after().as_ref(), PAGE).await?;
    let names = audit::names(&control, &op, &page.items).await?;
    let rows: Vec<_> = page.items.into_iter().map(|line| AuditLineView::new(line, &names)).collect();
    let of_actor = rows.iter().find(|row| Some(&row.actor.id) == filter.actor.as_ref());
    let actor = of_actor.and_then(|row| row.actor.name.clone());
    Ok(AuditView { rows, next: page.next, actor })
}

/// One line.
pub async fn get_audit(id: String) -> Result<AuditLineView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let line = audit::get(&control, &op, &id).await?;
    let names = audit::names(&control, &op, std::slice::from_ref(&line)).await?;
    Ok(AuditLineView::new(line, &names))
}

/// Whether the viewer may read the log at all.
pub async fn may_verify() -> Result<(), ServerError> {
    use tollgate_domain::actor::{Action, Resource};
    let (_, op) = crate::server::op_context().await?;
    if super::op_may(&op, Action::Read, Resource::Audit) { Ok(()) } else { Err(ServerError::Denied) }
}
