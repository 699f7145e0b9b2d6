//! Exports: everything that a filter matches, as CSV or JSON Lines, a page of it at a time.
//!
//! The columns' names and order are a contract: new ones come at the end. Rows come in a stable order, oldest first, so
//! that two exports of the same filter begin alike. An export is put down in the audit log before its first byte.

mod audit;
mod charges;
mod table;
mod usage;

use tollgate_domain::actor::{Action, Place, Resource};

use crate::change::Subject;
use crate::{Control, ControlError, OpContext};

pub use audit::{AuditExport, audit};
pub use charges::{ChargeExport, charges};
pub use table::{Cell, Format, Table};
pub use usage::{Layout, usage};

/// Puts an export down in the audit log, if the actor may.
pub(crate) async fn begin(
    control: &Control,
    op: &OpContext,
    resource: Resource,
    filter: serde_json::Value,
) -> Result<(), ControlError> {
    if resource == Resource::Audit {
        control.authorise(op, Action::Export, resource, &Place::default(), "").await?;
    }
    let change = control.change(op).await?;
    let subject = Subject { kind: resource.as_str(), id: "" };
    change.record(&format!("{}.export", resource.as_str()), subject, None, Some(filter)).await?;
    change.commit().await
}
