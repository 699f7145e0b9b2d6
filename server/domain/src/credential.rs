//! Provider credentials: secrets that deployments share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actor::Place;
use crate::ids::CredentialId;
use crate::record::{Index, Meta, no_meta, record};
use crate::sealed::Sealed;

/// A provider's credential. Its name is its id. The values can be set and used, never read again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Credential {
    pub id: CredentialId,
    /// `openai`, `azure`, …
    #[serde(default)]
    pub provider: Option<String>,
    /// `api_key`, `api_base`, …, each encrypted.
    #[serde(default)]
    pub values: BTreeMap<String, Sealed>,
    /// What is no secret: a description, …
    #[serde(default)]
    pub info: Map<String, Value>,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

record!(Credential, Credential, |this|
    index Index {
        name: this.id.to_string(),
        search: this.provider.iter().cloned().collect(),
        ..Index::default()
    },
    place Place::default());
