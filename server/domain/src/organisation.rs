//! Organisations: what teams belong to.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actor::Place;
use crate::ids::{AccessGroupId, BudgetId, OrganisationId};
use crate::limits::Limits;
use crate::model::ModelPattern;
use crate::record::{Index, Meta, no_meta, record};

/// A part of the company, or a customer of the gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Organisation {
    pub id: OrganisationId,
    pub name: String,
    /// What its teams may call; empty means every model.
    #[serde(default)]
    pub models: Vec<ModelPattern>,
    #[serde(default)]
    pub access_groups: Vec<AccessGroupId>,
    #[serde(default)]
    pub blocked: bool,
    #[serde(default)]
    pub budget_id: Option<BudgetId>,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// LiteLLM's other fields, kept and returned as they were given.
    #[serde(default)]
    pub settings: Map<String, Value>,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

record!(Organisation, Organisation, |this|
    index Index {
        name: this.name.clone(),
        organisation_id: Some(this.id.to_string()),
        budget_id: this.budget_id.as_ref().map(ToString::to_string),
        blocked: this.blocked,
        ..Index::default()
    },
    place Place { organisation: Some(this.id.clone()), ..Place::default() });
