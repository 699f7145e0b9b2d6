//! Virtual keys: made, listed, changed, exchanged, blocked and deleted.

mod count;
mod create;
mod delete;
mod get;
mod list;
mod own;
mod rotate;
mod set_blocked;
mod update;

use tollgate_domain::Timestamp;
use tollgate_domain::actor::Action;
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::{KeyDigest, VirtualKey};

use crate::change::{Change, Permit};
use crate::ControlError;

pub use count::count;
pub use create::{CreatedKey, NewKey, create};
pub use delete::{delete, delete_at};
pub use get::get;
pub use list::list;
pub use own::own;
pub use rotate::{RotateKey, Rotated, rotate};
pub use set_blocked::set_blocked;
pub use tollgate_store::KeyFilter;
pub use update::update;

/// How a key is pointed out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyRef {
    Id(KeyId),
    /// Of the key's text, as LiteLLM's API has it (`token`).
    Digest(KeyDigest),
    Alias(String),
}

/// The longest life that can be asked for, in seconds: a hundred years.
const LONGEST_LIFE: i64 = 100 * 366 * 86_400;

/// The key, to be changed.
async fn open(
    change: &Change<'_>,
    action: Action,
    key: &KeyRef,
    expected_version: Option<i64>,
) -> Result<Permit<VirtualKey>, ControlError> {
    match key {
        KeyRef::Id(id) => change.open(action, &id.to_string(), expected_version).await,
        KeyRef::Digest(digest) => {
            let found = change.read().key_by_digest(*digest).await?;
            change.permit(action, found, expected_version).await
        }
        KeyRef::Alias(alias) => {
            let found = change.read().key_by_alias(alias).await?;
            change.permit(action, found, expected_version).await
        }
    }
}

/// When a key ends that shall live for so many seconds from now.
pub fn expiry_after(seconds: i64, now: Timestamp) -> Result<Timestamp, ControlError> {
    if (1..=LONGEST_LIFE).contains(&seconds) {
        Ok(now.plus_seconds(seconds))
    } else {
        Err(ControlError::invalid("duration", "must be from a second to a hundred years"))
    }
}
