//! Keys in sums and lines: the ledger knows them by their ids, LiteLLM by their hashes.

use std::collections::HashMap;

use serde_json::{Value, json};
use tollgate_control::keys::{self, KeyRef};
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::VirtualKey;

use super::super::{Call, LiteLlmError};

/// The ledger's name for the master key, and LiteLLM's.
const MASTER_KEY: &str = "master_key";
const MASTER_HASH: &str = "litellm_proxy_master_key";

/// The keys of an answer.
#[derive(Debug, Default)]
pub struct Keys(HashMap<String, VirtualKey>);

impl Keys {
    /// LiteLLM's name of a key.
    pub fn hash(&self, id: &str) -> String {
        match self.0.get(id) {
            _ if id == MASTER_KEY => MASTER_HASH.to_owned(),
            Some(key) => key.digest.to_hex(),
            None => id.to_owned(),
        }
    }

    pub fn get(&self, id: &str) -> Option<&VirtualKey> {
        self.0.get(id)
    }

    pub fn alias(&self, id: &str) -> Value {
        self.get(id).map_or(Value::Null, |key| json!(key.alias))
    }

    pub fn name(&self, id: &str) -> Value {
        self.get(id).map_or(Value::Null, |key| json!(key.hint))
    }
}

impl Call {
    /// The keys with these ids, deleted ones too. Whoever may see what was spent may see with which key.
    pub(super) async fn keys_by_id<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Result<Keys, LiteLlmError> {
        let mut found = HashMap::new();
        for id in ids {
            if found.contains_key(id) {
                continue;
            }
            let Some(parsed) = KeyId::parse(id) else { continue };
            if let Some(key) = self.server.store().find_key(parsed).await? {
                found.insert(id.to_owned(), key);
            }
        }
        Ok(Keys(found))
    }

    /// The ledger's name of the key that a filter names by its text, its hash or its id.
    pub(in super::super) async fn ledger_key(&self, given: &str) -> Result<String, LiteLlmError> {
        if given == MASTER_KEY || given == MASTER_HASH {
            return Ok(MASTER_KEY.to_owned());
        }
        match super::super::keys::key_ref(given) {
            KeyRef::Id(id) => Ok(id.to_string()),
            KeyRef::Digest(digest) if self.server.master_key() == Some(digest) => Ok(MASTER_KEY.to_owned()),
            reference => Ok(keys::get(self.control(), &self.op, &reference).await?.key.id.to_string()),
        }
    }
}
