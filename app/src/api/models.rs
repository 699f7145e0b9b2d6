//! What the page about models asks.

use tollgate_domain::Timestamp;
use tollgate_domain::summary::ModelRow;

use super::ServerError;

/// The models that can be called.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelsView {
    /// In the order of the configuration.
    pub rows: Vec<ModelRow>,
    /// The server's time: the browser must come to the same words.
    pub now: Timestamp,
}

pub async fn list_models() -> Result<ModelsView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let rows = tollgate_control::models::list(&control, &op).await?;
    Ok(ModelsView { rows, now: control.clock().now() })
}
