//! How this installation is set up, as far as the database and the vault know: nothing secret, and nothing that can be
//! changed while it runs.

use tollgate_domain::actor::{Action, Place, Resource};

use crate::audit::AuditFilter;
use crate::{Control, ControlError, OpContext};

/// What is known of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `SQLite` or `PostgreSQL`
    pub database: &'static str,
    /// Why the schema is not this program's; `None`: it is.
    pub schema: Option<String>,
    /// The id of the key that secrets are encrypted with now; `None`: secrets can't be kept.
    pub vault_key: Option<String>,
    /// Lines of the audit log.
    pub audit_lines: u64,
    /// Deployments that can be called.
    pub models: usize,
}

/// For those who may see settings.
pub async fn settings(control: &Control, op: &OpContext) -> Result<Settings, ControlError> {
    control.authorise(op, Action::Read, Resource::Settings, &Place::default(), "").await?;
    let store = control.store();
    Ok(Settings {
        database: store.backend_name(),
        schema: store.check_schema().await.err().map(|error| error.to_string()),
        vault_key: control.vault().current_key().map(str::to_owned),
        audit_lines: store.count_audit(&AuditFilter::default()).await?,
        models: control.catalog().deployments().len(),
    })
}
