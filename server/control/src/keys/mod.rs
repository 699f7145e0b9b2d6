//! Virtual keys: made, listed, changed, exchanged, blocked and deleted.

mod count;
mod create;
mod delete;
mod get;
mod list;
mod own;
mod rotate;
mod rotate_due;
mod set_blocked;
mod update;

use tollgate_domain::Timestamp;
use tollgate_domain::actor::Action;
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::{KeyDigest, KeyType, VirtualKey};
use tollgate_domain::team::Team;

use crate::change::{Change, Permit};
use crate::rules::acts_for_another;
use crate::{ControlError, OpContext};

pub use count::count;
pub use create::{CreatedKey, NewKey, create};
pub use delete::{delete, delete_at};
pub use get::get;
pub use list::list;
pub use own::own;
pub use rotate::{RotateKey, Rotated, rotate};
pub(crate) use rotate_due::place as place_of_pending;
pub use rotate_due::{collect, rotate_due};
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
pub(crate) const LONGEST_LIFE: i64 = 100 * 366 * 86_400;

/// The longest that an exchanged text goes on working, in seconds: 90 days.
pub(crate) const LONGEST_GRACE: i64 = 90 * 86_400;

impl KeyRef {
    /// For the audit log, which keeps no digests.
    fn label(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Digest(_) => String::new(),
            Self::Alias(alias) => alias.clone(),
        }
    }
}

/// Sees to it that a key is in one place only: its team's organisation needs no saying, and another is a mistake.
async fn settle(change: &Change<'_>, key: &mut VirtualKey) -> Result<(), ControlError> {
    if let (Some(team), Some(organisation)) = (&key.team_id, &key.organisation_id) {
        let found = change.read().find::<Team>(team.as_str()).await?;
        if found.is_some_and(|team| team.organisation_id.as_ref() == Some(organisation)) {
            key.organisation_id = None;
        }
    }
    Ok(())
}

/// Whoever learns the text of somebody else's key gets one that calls models and no more, where nothing else was asked
/// for.
fn restrain(op: &OpContext, key: &mut VirtualKey) {
    if key.key_type == KeyType::Default && acts_for_another(op, key) {
        key.key_type = KeyType::LlmApi;
    }
}

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
