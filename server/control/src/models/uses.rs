//! Which models of the database use a credential.

use std::collections::BTreeMap;

use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::deployment::StoredDeployment;

use crate::records::{self, Filter};
use crate::{Control, ControlError, OpContext};

/// The most models that are looked through.
const MOST: usize = 100_000;

/// The models of each credential that has any, by the credential's name.
pub async fn by_credential(
    control: &Control,
    op: &OpContext,
) -> Result<BTreeMap<String, Vec<StoredDeployment>>, ControlError> {
    control.authorise(op, Action::Read, Resource::Credential, &Place::default(), "").await?;
    let all: Vec<StoredDeployment> = records::list_all(control, op, &Filter::default(), MOST).await?;
    let mut uses: BTreeMap<String, Vec<StoredDeployment>> = BTreeMap::new();
    for model in all {
        if let Some(credential) = &model.credential {
            uses.entry(credential.to_string()).or_default().push(model);
        }
    }
    Ok(uses)
}
