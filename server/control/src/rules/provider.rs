//! Models that are kept in the database, and the credentials that they share.

use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;

use super::fields;
use crate::ControlError;
use crate::change::Change;

/// The most values that a credential may have.
const MOST_VALUES: usize = 50;

pub(crate) async fn deployment(
    before: Option<&StoredDeployment>,
    after: &StoredDeployment,
    change: &Change<'_>,
) -> Result<(), ControlError> {
    fields::pattern("model_name", &after.model)?;
    fields::json("litellm_params", &after.params)?;
    fields::json("model_info", &after.info)?;
    // What can't be called any more can still be blocked.
    let called = |d: &StoredDeployment| {
        (d.model.clone(), d.params.clone(), d.secrets.clone(), d.credential.clone(), d.info.clone())
    };
    if before.is_some_and(|before| called(before) == called(after) && (after.blocked || !before.blocked)) {
        return Ok(());
    }
    let credential = match &after.credential {
        Some(id) => Some(change.read().find::<Credential>(id.as_str()).await?.ok_or_else(|| {
            ControlError::invalid("litellm_credential_name", format!("there is no credential `{id}`"))
        })?),
        None => None,
    };
    // Whoever will make it ready to be called says now whether that will work.
    let checked = change.control().publish().check_deployment(after, credential.as_ref());
    checked.map_err(|message| ControlError::invalid("litellm_params", message))
}

pub(crate) async fn credential(_: Option<&Credential>, after: &Credential, _: &Change<'_>) -> Result<(), ControlError> {
    if after.values.len() > MOST_VALUES {
        return Err(ControlError::invalid("credential_values", format!("at most {MOST_VALUES}")));
    }
    after.values.keys().try_for_each(|name| fields::name("credential_values", name))?;
    fields::json("credential_info", &after.info)
}
