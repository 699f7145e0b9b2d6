//! Deployments that are kept in the database, beside those of the configuration file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actor::Place;
use crate::ids::{CredentialId, DeploymentId};
use crate::model::ModelPattern;
use crate::record::{Index, Meta, no_meta, record};
use crate::sealed::Sealed;

/// A deployment as an administrator wrote it, in LiteLLM's form: checked when it is saved, made ready to be called
/// when the catalogue is built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredDeployment {
    pub id: DeploymentId,
    /// What callers ask for (`model_name`).
    pub model: ModelPattern,
    /// `litellm_params` without its secrets: `model`, `api_base`, `weight`, prices, …
    #[serde(default)]
    pub params: Map<String, Value>,
    /// The secrets among `litellm_params`, by their names: `api_key`, …
    #[serde(default)]
    pub secrets: BTreeMap<String, Sealed>,
    #[serde(default)]
    pub credential: Option<CredentialId>,
    /// `model_info`: `base_model`, `mode`, `access_groups`, …
    #[serde(default)]
    pub info: Map<String, Value>,
    /// Gets no calls.
    #[serde(default)]
    pub blocked: bool,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

record!(StoredDeployment, Model, |this|
    index Index {
        name: this.model.as_str().to_owned(),
        search: this.params.get("model").and_then(Value::as_str).map(str::to_owned).into_iter().collect(),
        blocked: this.blocked,
        ..Index::default()
    },
    place Place::default());
