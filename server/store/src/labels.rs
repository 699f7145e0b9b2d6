//! What people call a key: for rows that hold only its id.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entity::virtual_key::{Column, Entity};
use crate::error::bounded;
use crate::{Store, StoreError};

/// What stands for the master key where keys are told by their ids.
pub const MASTER_KEY: &str = "master_key";

/// What people read instead of [`MASTER_KEY`].
pub const MASTER_KEY_LABEL: &str = "Master key";

impl Store {
    /// The alias or hint of each key, deleted ones included; at most a page of them.
    pub async fn key_labels(&self, ids: impl IntoIterator<Item = &str>) -> Result<HashMap<String, String>, StoreError> {
        let ids: BTreeSet<_> = ids.into_iter().filter(|id| !id.is_empty()).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let query = Entity::find()
            .select_only()
            .columns([Column::Id, Column::Alias, Column::Hint])
            .filter(Column::Id.is_in(ids))
            .into_tuple::<(String, Option<String>, String)>();
        let rows = bounded(query.all(&self.readers)).await?;
        Ok(rows.into_iter().map(|(id, alias, hint)| (id, alias.unwrap_or(hint))).collect())
    }
}
