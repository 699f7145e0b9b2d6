//! What the page asks that shows how applications are connected.

use super::ServerError;

/// What its examples are filled in with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectView {
    /// Without the `/v1`.
    pub base_url: String,
    /// Models that are asked for by a plain name, those first that certainly answer.
    pub models: Vec<String>,
}

/// For everybody who is signed in: names of the models that they may see.
pub async fn get_connect() -> Result<ConnectView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let mut rows = tollgate_control::models::list(&control, &op).await?;
    rows.retain(|row| !row.model.contains('*'));
    rows.sort_by_key(|row| (!row.has_api_key, !row.simulator));
    let mut models: Vec<String> = rows.into_iter().map(|row| row.model).collect();
    let mut seen = std::collections::HashSet::new();
    models.retain(|model| seen.insert(model.clone()));
    Ok(ConnectView { base_url: crate::server::base_url().await?, models })
}
