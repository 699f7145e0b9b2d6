//! The audit log: looked through, and verified.

mod names;

use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::page::{Cursor, Page};
pub use tollgate_store::{AuditFilter, AuditLine, AuditVerdict};

use crate::{Control, ControlError, OpContext};

pub use names::{Names, actor_called, names};

async fn authorise(control: &Control, op: &OpContext) -> Result<(), ControlError> {
    control.authorise(op, Action::Read, Resource::Audit, &Place::default(), "").await
}

/// Whether the log is as it was written; if not, the first line that is not.
pub async fn verify(control: &Control, op: &OpContext) -> Result<AuditVerdict, ControlError> {
    authorise(control, op).await?;
    Ok(control.store().verify_audit().await?)
}

/// A page of lines, newest first; at most 1,000.
pub async fn list(
    control: &Control,
    op: &OpContext,
    filter: &AuditFilter,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<AuditLine>, ControlError> {
    authorise(control, op).await?;
    Ok(control.store().list_audit(filter, cursor, limit).await?)
}

/// How many lines match.
pub async fn count(control: &Control, op: &OpContext, filter: &AuditFilter) -> Result<u64, ControlError> {
    authorise(control, op).await?;
    Ok(control.store().count_audit(filter).await?)
}

/// One line.
pub async fn get(control: &Control, op: &OpContext, id: &str) -> Result<AuditLine, ControlError> {
    authorise(control, op).await?;
    control.store().find_audit(id).await?.ok_or_else(|| ControlError::not_found("the audit event"))
}

/// The lines after the one numbered `after` (0: from the first), oldest first; at most 1,000.
pub async fn lines(control: &Control, op: &OpContext, after: i64, limit: u32) -> Result<Vec<AuditLine>, ControlError> {
    authorise(control, op).await?;
    Ok(control.store().audit_lines(after, limit).await?)
}
