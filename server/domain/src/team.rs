//! Teams: people who share keys, models and a budget.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actor::Place;
use crate::callback::Logging;
use crate::choice;
use crate::ids::{AccessGroupId, BudgetId, OrganisationId, TeamId};
use crate::limits::Limits;
use crate::model::ModelPattern;
use crate::record::{Index, Meta, no_meta, record};

/// A team. Who is in it: [`crate::membership::Membership`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Team {
    pub id: TeamId,
    pub name: String,
    #[serde(default)]
    pub organisation_id: Option<OrganisationId>,
    /// What its keys may call; empty means every model.
    #[serde(default)]
    pub models: Vec<ModelPattern>,
    #[serde(default)]
    pub access_groups: Vec<AccessGroupId>,
    /// Names that its keys may use for other models: `fast` → `gpt-4o-mini`.
    #[serde(default)]
    pub model_aliases: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    pub blocked: bool,
    #[serde(default)]
    pub budget_id: Option<BudgetId>,
    #[serde(default)]
    pub limits: Limits,
    /// What each member gets that has no limits of its own.
    #[serde(default)]
    pub member_limits: Limits,
    /// Routes of key management that plain members may use for the team's keys: `/key/generate`, …
    #[serde(default)]
    pub member_permissions: Vec<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// LiteLLM's other fields, kept and returned as they were given.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Where its calls are logged beside the ledger.
    #[serde(default, skip_serializing_if = "Logging::is_empty")]
    pub logging: Logging,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

impl Team {
    /// One with nothing but a name.
    pub fn new(id: TeamId, name: String) -> Self {
        Self {
            id,
            name,
            organisation_id: None,
            models: Vec::new(),
            access_groups: Vec::new(),
            model_aliases: std::collections::BTreeMap::new(),
            blocked: false,
            budget_id: None,
            limits: Limits::default(),
            member_limits: Limits::default(),
            member_permissions: Vec::new(),
            tags: Vec::new(),
            metadata: Map::new(),
            settings: Map::new(),
            logging: Logging::default(),
            meta: no_meta(),
        }
    }

    /// Whether a client that leaves takes its call with it; `None`: as the gateway has it.
    pub fn cancels(&self) -> Option<bool> {
        self.settings.get(choice::CANCEL).and_then(Value::as_bool)
    }

    /// What is called instead of `model` when its part of a budget is used up, in this order.
    pub fn budget_fallbacks(&self, model: &str) -> Vec<String> {
        choice::fallbacks(self.settings.get(choice::FALLBACKS), model)
    }
}

record!(Team, Team, |this|
    index Index {
        name: this.name.clone(),
        team_id: Some(this.id.to_string()),
        organisation_id: this.organisation_id.as_ref().map(ToString::to_string),
        budget_id: this.budget_id.as_ref().map(ToString::to_string),
        blocked: this.blocked,
        ..Index::default()
    },
    place Place { team: Some(this.id.clone()), organisation: this.organisation_id.clone(), ..Place::default() });
