//! Reusable budgets: limits with a name, that many accounts can point to.

use serde::{Deserialize, Serialize};

use crate::actor::Place;
use crate::ids::BudgetId;
use crate::limits::Limits;
use crate::record::{Index, Meta, no_meta, record};

/// Limits that organisations, keys, customers, tags and members can share. Each has its own spend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    pub id: BudgetId,
    pub name: String,
    #[serde(default)]
    pub limits: Limits,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

record!(Budget, Budget, |this|
    index Index { name: this.name.clone(), ..Index::default() },
    place Place::default());
