//! The audit log: who did what, in a chain of hashes that shows tampering.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::Timestamp;
use crate::ids::AuditId;

/// A line of the audit log, before it is chained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    pub id: AuditId,
    pub at: Timestamp,
    pub actor_kind: String,
    /// [`crate::actor::Actor::label`].
    pub actor: String,
    /// LiteLLM's `litellm-changed-by`: on whose behalf, as the actor says.
    pub on_behalf_of: Option<String>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    /// `key.create`, `key.block`, `sign_in`, …
    pub action: String,
    pub resource_kind: String,
    pub resource_id: String,
    /// JSON, without secrets.
    pub before: Option<String>,
    /// JSON, without secrets.
    pub after: Option<String>,
}

/// What the first line is chained to.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl AuditEvent {
    /// The hash of this line after a line whose hash is `previous`, in hexadecimal.
    ///
    /// Each field goes in with its length, so that no two different lines have the same input.
    pub fn chain_hash(&self, previous: &str) -> String {
        let mut hasher = Sha256::new();
        let at = self.at.0.to_string();
        let id = self.id.to_string();
        let fields = [
            Some(previous),
            Some(id.as_str()),
            Some(at.as_str()),
            Some(self.actor_kind.as_str()),
            Some(self.actor.as_str()),
            self.on_behalf_of.as_deref(),
            self.address.as_deref(),
            self.user_agent.as_deref(),
            Some(self.request_id.as_str()),
            Some(self.action.as_str()),
            Some(self.resource_kind.as_str()),
            Some(self.resource_id.as_str()),
            self.before.as_deref(),
            self.after.as_deref(),
        ];
        for field in fields {
            match field {
                Some(text) => {
                    hasher.update([1]);
                    hasher.update((text.len() as u64).to_le_bytes());
                    hasher.update(text.as_bytes());
                }
                None => hasher.update([0]),
            }
        }
        hex::encode(hasher.finalize())
    }
}
