//! Providers' invoices: files of what they say was used and what it costs, compared with the ledger.

mod formats;
mod import;
mod number;
mod read;
mod reconcile;

use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::invoice::Invoice;

pub use formats::{FORMATS, Mapping};
pub use import::{Import, MAX_BYTES, MAX_LINES, delete, import, of_file};
pub use reconcile::{reconcile, requests_behind};

use crate::{Control, ControlError, OpContext};

/// What lines of the audit log about invoices have as their kind.
const KIND: &str = "invoice";

/// Invoices, newest first, at most 200.
pub async fn list(control: &Control, op: &OpContext) -> Result<Vec<Invoice>, ControlError> {
    authorise(control, op, Action::Read, "").await?;
    Ok(control.store().invoices(200).await?)
}

async fn authorise(control: &Control, op: &OpContext, action: Action, id: &str) -> Result<(), ControlError> {
    control.authorise(op, action, Resource::Settings, &Place::default(), id).await
}
