//! What the page about settings asks.

use tollgate_control::Settings;

use super::ServerError;
use crate::server::WebSettings;

/// How this installation is set up.
#[derive(Clone, Debug)]
pub struct SettingsView {
    pub known: Settings,
    pub web: WebSettings,
    /// The address under which the viewer reaches the gateway.
    pub base_url: String,
}

pub async fn get_settings() -> Result<SettingsView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let known = tollgate_control::settings(&control, &op).await?;
    Ok(SettingsView { known, web: crate::server::settings().await?, base_url: crate::server::base_url().await? })
}
