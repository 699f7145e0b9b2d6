//! Virtual keys: made, listed, changed, blocked and deleted.

mod count;
mod create;
mod delete;
mod get;
mod list;
mod own;
mod set_blocked;
mod update;
mod validate;

use tollgate_domain::Timestamp;
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::{KeyDigest, VirtualKey};
use tollgate_store::Tx;

use crate::ControlError;
use crate::change::Subject;

pub use count::count;
pub use create::{CreatedKey, NewKey, create};
pub use delete::delete;
pub use get::get;
pub use list::list;
pub use own::own;
pub use set_blocked::set_blocked;
pub use tollgate_store::KeyFilter;
pub use update::{KeyChange, update};
pub(crate) use validate::name as validate_name;

/// How a key is pointed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyRef {
    Id(KeyId),
    /// Of the key's text, as LiteLLM's API has it (`token`).
    Digest(KeyDigest),
}

/// The key, if it lives.
async fn find(tx: &Tx, key: KeyRef) -> Result<VirtualKey, ControlError> {
    let found = match key {
        KeyRef::Id(id) => tx.find_key(id).await?.filter(|key| key.deleted_at.is_none()),
        KeyRef::Digest(digest) => tx.find_key_by_digest(digest).await?,
    };
    found.ok_or_else(|| ControlError::not_found("the key"))
}

/// Notes in a key that it was changed.
fn touch(key: &mut VirtualKey, now: Timestamp, by: String) {
    key.updated_at = now;
    key.updated_by = by;
    key.version += 1;
}

fn subject(id: &str) -> Subject<'_> {
    Subject { kind: "key", id }
}
