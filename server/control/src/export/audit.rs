//! The audit log as a file.

use tollgate_domain::actor::Resource;

use super::{Cell, Format, Table, begin};
use crate::audit::AuditFilter;
use crate::{Control, ControlError, OpContext};

/// Lines that are read at once.
const PAGE: u32 = 1000;

const COLUMNS: [&str; 15] = [
    "seq",
    "at",
    "actor_kind",
    "actor",
    "on_behalf_of",
    "address",
    "user_agent",
    "request_id",
    "action",
    "resource_kind",
    "resource_id",
    "before",
    "after",
    "id",
    "hash",
];

/// An export of the audit log under way.
pub struct AuditExport {
    control: Control,
    filter: AuditFilter,
    table: Table,
    after: i64,
    done: bool,
}

/// Begins an export, which is put down in the log itself.
pub async fn audit(
    control: &Control,
    op: &OpContext,
    filter: AuditFilter,
    format: Format,
) -> Result<AuditExport, ControlError> {
    let told = serde_json::to_value(&filter).map_err(|error| ControlError::Internal(Box::new(error)))?;
    begin(control, op, Resource::Audit, told).await?;
    let table = Table::new(format, &COLUMNS);
    Ok(AuditExport { control: control.clone(), filter, table, after: 0, done: false })
}

impl AuditExport {
    /// The next part of the file; `None`: that was all.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ControlError> {
        if self.done {
            return Ok(None);
        }
        let lines = self.control.store().audit_after(&self.filter, self.after, PAGE).await?;
        self.done = lines.len() < PAGE as usize;
        for line in &lines {
            let event = &line.event;
            self.after = line.seq;
            self.table.row(&[
                Cell::Int(line.seq),
                Cell::Moment(event.at),
                Cell::Text(&event.actor_kind),
                Cell::Text(&event.actor),
                event.on_behalf_of.as_deref().into(),
                event.address.as_deref().into(),
                event.user_agent.as_deref().into(),
                Cell::Text(&event.request_id),
                Cell::Text(&event.action),
                Cell::Text(&event.resource_kind),
                Cell::Text(&event.resource_id),
                event.before.as_deref().into(),
                event.after.as_deref().into(),
                Cell::Text(&event.id.to_string()),
                Cell::Text(&line.hash),
            ]);
        }
        Ok(Some(self.table.take()))
    }
}
