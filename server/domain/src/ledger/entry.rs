//! What the journal keeps of the book.

use serde::{Deserialize, Serialize};

use super::account::AccountKey;
use super::call::Ask;
use crate::clock::Timestamp;
use crate::ids::ChargeId;

/// A change of the book, written down before it matters. Each says all that is known of its call so far, so that it may
/// be applied again, or without those before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "entry")]
pub enum Entry {
    Reserved {
        id: ChargeId,
        at: Timestamp,
        accounts: Vec<AccountKey>,
        held: Ask,
    },
    /// `held` is all of it, the first reservation included.
    Extended {
        id: ChargeId,
        at: Timestamp,
        accounts: Vec<AccountKey>,
        held: Ask,
    },
    /// `at` is the reservation's moment, which decides the windows.
    Settled {
        id: ChargeId,
        at: Timestamp,
        accounts: Vec<AccountKey>,
        used: Ask,
    },
    Released {
        id: ChargeId,
    },
}

impl Entry {
    pub fn id(&self) -> ChargeId {
        match self {
            Self::Reserved { id, .. }
            | Self::Extended { id, .. }
            | Self::Settled { id, .. }
            | Self::Released { id } => *id,
        }
    }
}
