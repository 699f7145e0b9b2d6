//! What everything that is managed (teams, users, budgets, …) has in common.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::actor::{Place, Resource};
use crate::clock::Timestamp;

/// Who made something and who changed it last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    pub created_at: Timestamp,
    /// [`crate::actor::Actor::label`]
    pub created_by: String,
    pub updated_at: Timestamp,
    pub updated_by: String,
    /// What is deleted keeps its history: the row stays and is found no more.
    pub deleted_at: Option<Timestamp>,
    /// Counts up with every change: for ETag and conflict checks.
    pub version: i64,
}

impl Meta {
    pub fn new(now: Timestamp, by: String) -> Self {
        Self { created_at: now, created_by: by.clone(), updated_at: now, updated_by: by, deleted_at: None, version: 1 }
    }

    /// Notes a change.
    pub fn touch(&mut self, now: Timestamp, by: String) {
        self.updated_at = now;
        self.updated_by = by;
        self.version += 1;
    }
}

/// What lists filter, sort and search by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// What people call it; lists can sort by it.
    pub name: String,
    /// A text that no two living records of a kind may share, such as a user's address; `None`: no such text.
    pub handle: Option<String>,
    /// More texts in which a search looks, beside id, name and handle.
    pub search: Vec<String>,
    pub user_id: Option<String>,
    pub team_id: Option<String>,
    pub organisation_id: Option<String>,
    pub budget_id: Option<String>,
    pub blocked: bool,
}

/// Something that is managed through the control plane and kept in a table of its own.
///
/// Its serialised form (without [`Meta`], which is skipped) is what the table keeps: fields may be added, with a
/// default, none may change its meaning.
pub trait Record: Clone + std::fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    const RESOURCE: Resource;

    fn id(&self) -> &str;

    fn meta(&self) -> &Meta;

    fn meta_mut(&mut self) -> &mut Meta;

    fn index(&self) -> Index;

    /// Whose it is: what permissions depend on.
    fn place(&self) -> Place;
}

/// For `#[serde(skip, default = …)]`: the store fills [`Meta`] in from columns.
pub fn no_meta() -> Meta {
    Meta::new(Timestamp(0), String::new())
}

/// Implements what is the same for every record.
macro_rules! record {
    ($type:ty, $resource:ident, |$this:ident| index $index:expr, place $place:expr) => {
        impl $crate::record::Record for $type {
            const RESOURCE: $crate::actor::Resource = $crate::actor::Resource::$resource;

            fn id(&self) -> &str {
                self.id.as_str()
            }

            fn meta(&self) -> &$crate::record::Meta {
                &self.meta
            }

            fn meta_mut(&mut self) -> &mut $crate::record::Meta {
                &mut self.meta
            }

            fn index(&self) -> $crate::record::Index {
                let $this = self;
                $index
            }

            fn place(&self) -> $crate::actor::Place {
                let $this = self;
                // Some are nobody's in particular.
                let _ = $this;
                $place
            }
        }
    };
}

pub(crate) use record;
