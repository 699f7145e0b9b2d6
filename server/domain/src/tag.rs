//! Tags: what spend is told apart by, beside who spent it.

use serde::{Deserialize, Serialize};

use crate::actor::Place;
use crate::ids::{BudgetId, TagId};
use crate::limits::Limits;
use crate::model::ModelPattern;
use crate::record::{Index, Meta, no_meta, record};

/// A tag. Its name is its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    pub id: TagId,
    #[serde(default)]
    pub description: Option<String>,
    /// Deployments that calls with this tag are routed to.
    #[serde(default)]
    pub models: Vec<ModelPattern>,
    #[serde(default)]
    pub budget_id: Option<BudgetId>,
    #[serde(default)]
    pub limits: Limits,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

record!(Tag, Tag, |this|
    index Index {
        name: this.id.to_string(),
        search: this.description.iter().cloned().collect(),
        budget_id: this.budget_id.as_ref().map(ToString::to_string),
        ..Index::default()
    },
    place Place::default());
