//! What the page about setting single sign-on up asks.

use tollgate_domain::actor::{Action, Place, Resource, Role};
use tollgate_domain::sso::Proven;

use super::ServerError;

/// What there is, and what came of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct SignInSetupView {
    pub base_url: String,
    /// Name and label.
    pub providers: Vec<(String, String)>,
    pub tested: Option<TestedSignIn>,
}

/// What a provider said of whoever tried a sign-in, and what would become of them.
#[derive(Clone, Debug, PartialEq)]
pub struct TestedSignIn {
    pub who: Proven,
    pub refused: Option<&'static str>,
    pub role: Role,
    /// By groups.
    pub teams: Vec<String>,
}

pub async fn get_sign_in_setup() -> Result<SignInSetupView, ServerError> {
    let (_, op) = crate::server::op_context().await?;
    if !op.may(Action::Read, Resource::Settings, &Place::default()) {
        return Err(ServerError::Denied);
    }
    let settings = crate::server::settings().await?;
    let admission = &settings.sign_on.admission;
    let tested = crate::server::take_tested().await?.map(|who| TestedSignIn {
        refused: admission.check(&who).err().map(tollgate_domain::sso::Fault::as_str),
        role: admission.role_of(&who).unwrap_or(admission.role),
        teams: admission.teams_of(&who).unwrap_or_default().iter().map(ToString::to_string).collect(),
        who,
    });
    let providers = settings.sign_on.sso.providers().map(|(name, label)| (name.to_owned(), label.to_owned()));
    Ok(SignInSetupView { base_url: crate::server::base_url().await?, providers: providers.collect(), tested })
}
