//! Who calls: the key in the request, and what is known of it.

mod credentials;
mod keys;

use std::sync::Arc;

use tollgate_domain::ids::KeyId;
use tollgate_domain::key::VirtualKey;

pub use credentials::present_key;
pub use keys::{KeyLookup, Keys};

/// A caller that proved who it is.
#[derive(Clone, Debug)]
pub enum Caller {
    MasterKey,
    Key(Arc<VirtualKey>),
}

impl Caller {
    /// `None` for the master key.
    pub fn key_id(&self) -> Option<KeyId> {
        match self {
            Self::MasterKey => None,
            Self::Key(key) => Some(key.id),
        }
    }

    pub fn allows_model(&self, model: &str) -> bool {
        match self {
            Self::MasterKey => true,
            Self::Key(key) => key.allows_model(model),
        }
    }
}
