//! Verifying the audit log.

use tollgate_domain::actor::{Action, Place, Resource};
pub use tollgate_store::{AuditLine, AuditVerdict};

use crate::{Control, ControlError, OpContext};

/// Whether the log is as it was written; if not, the first line that is not.
pub async fn verify(control: &Control, op: &OpContext) -> Result<AuditVerdict, ControlError> {
    control.authorise(op, Action::Read, Resource::Audit, &Place::default(), "").await?;
    Ok(control.store().verify_audit().await?)
}

/// The lines after the one numbered `after` (0: from the first), oldest first; at most 1,000.
pub async fn lines(control: &Control, op: &OpContext, after: i64, limit: u32) -> Result<Vec<AuditLine>, ControlError> {
    control.authorise(op, Action::Read, Resource::Audit, &Place::default(), "").await?;
    Ok(control.store().audit_lines(after, limit).await?)
}
