//! Calling a model of the database once, to see whether it works.

use serde_json::json;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;

use crate::change::Subject;
use crate::{Control, ControlError, Managed, OpContext, TestOutcome, records};

/// Asks the provider for the least that there is, outside of the ledger; may take as long as the provider does. Whoever
/// may change the model may do that.
pub async fn test(control: &Control, op: &OpContext, id: &str) -> Result<TestOutcome, ControlError> {
    let model: StoredDeployment = records::get(control, op, id).await?;
    let place = Managed::place(&model, control.store(), Action::Update).await?;
    control.authorise(op, Action::Update, Resource::Model, &place, id).await?;
    let credential = match &model.credential {
        Some(id) => {
            control.store().find::<Credential>(id.as_str()).await?.filter(|found| found.meta.deleted_at.is_none())
        }
        None => None,
    };
    let outcome = control.publish().test_deployment(&model, credential.as_ref()).await;
    let told = json!({ "works": outcome.works, "milliseconds": outcome.milliseconds });
    let change = control.change(op).await?;
    change.record("model.test", Subject { kind: StoredDeployment::KIND, id }, None, Some(told)).await?;
    change.commit().await?;
    Ok(outcome)
}
