//! End customers: whom an application calls for, named in a call's `user`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actor::Place;
use crate::ids::{BudgetId, CustomerId};
use crate::limits::Limits;
use crate::model::ModelPattern;
use crate::record::{Index, Meta, no_meta, record};

/// An end customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub blocked: bool,
    #[serde(default)]
    pub budget_id: Option<BudgetId>,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub models: Vec<ModelPattern>,
    #[serde(default)]
    pub default_model: Option<String>,
    /// `eu` or `us`
    #[serde(default)]
    pub allowed_model_region: Option<String>,
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// LiteLLM's other fields, kept and returned as they were given.
    #[serde(default)]
    pub settings: Map<String, Value>,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

record!(Customer, Customer, |this|
    index Index {
        name: this.name.clone().unwrap_or_else(|| this.id.to_string()),
        budget_id: this.budget_id.as_ref().map(ToString::to_string),
        blocked: this.blocked,
        ..Index::default()
    },
    place Place::default());
