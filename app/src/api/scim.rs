//! What the page about provisioning asks.

use tollgate_control::records::{self, Filter};
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::scim::ScimToken;

use super::ServerError;

/// As many as there can be.
const MOST: usize = 100;

/// Tokens, and what a provider has to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct ScimView {
    pub tokens: Vec<ScimToken>,
    /// Where the provider finds SCIM.
    pub address: String,
    /// Name and label of each single sign-on.
    pub providers: Vec<(String, String)>,
    pub may_change: bool,
}

pub async fn get_scim() -> Result<ScimView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let tokens = records::list_all::<ScimToken>(&control, &op, &Filter::default(), MOST).await?;
    let settings = crate::server::settings().await?;
    let providers = settings.sign_on.sso.providers().map(|(name, label)| (name.to_owned(), label.to_owned()));
    Ok(ScimView {
        tokens,
        address: format!("{}/scim/v2", crate::server::base_url().await?),
        providers: providers.collect(),
        may_change: super::op_may(&op, Action::Create, Resource::Settings),
    })
}
