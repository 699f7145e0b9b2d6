//! The providers that models can be at.

use tollgate_domain::actor::{Action, Place, Resource};

use crate::{Control, ControlError, OpContext};

/// A provider that can be called, and what it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// As in `provider/model`.
    pub name: String,
    /// Where it is, unless a model says otherwise; `None`: each model has to.
    pub base_url: Option<String>,
    /// Environment variables that may hold its key.
    pub key_variables: Vec<String>,
    /// Runs on one's own machines, and mostly needs no key.
    pub keyless: bool,
    /// The provider's own documentation.
    pub docs: Option<String>,
}

/// By name; none where there is no data plane.
pub async fn providers(control: &Control, op: &OpContext) -> Result<Vec<Provider>, ControlError> {
    control.authorise(op, Action::Read, Resource::Model, &Place::default(), "").await?;
    Ok(control.publish().providers())
}
