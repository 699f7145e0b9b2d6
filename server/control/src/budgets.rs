//! Reusable budgets: who shares one. All else about them is in [`crate::records`].

use std::collections::BTreeMap;

use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::budget::Budget;

use crate::{Control, ControlError, OpContext};

pub use tollgate_store::Sharers;

/// How many living things of each kind share each of these budgets; one that nobody shares is missing.
pub async fn sharers(
    control: &Control,
    op: &OpContext,
    budgets: &[Budget],
) -> Result<BTreeMap<String, Sharers>, ControlError> {
    control.authorise(op, Action::Read, Resource::Budget, &Place::default(), "").await?;
    let ids: Vec<_> = budgets.iter().map(|budget| budget.id.to_string()).collect();
    Ok(control.store().sharers(&ids).await?)
}
