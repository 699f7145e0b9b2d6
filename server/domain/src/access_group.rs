//! Access groups: models that access is given to as a whole.

use serde::{Deserialize, Serialize};

use crate::actor::Place;
use crate::ids::AccessGroupId;
use crate::model::ModelPattern;
use crate::record::{Index, Meta, no_meta, record};

/// A group of models. A key, team or organisation that names it among its models may call each of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessGroup {
    pub id: AccessGroupId,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub models: Vec<ModelPattern>,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

record!(AccessGroup, AccessGroup, |this|
    index Index {
        name: this.id.to_string(),
        search: this.description.iter().cloned().collect(),
        ..Index::default()
    },
    place Place::default());
