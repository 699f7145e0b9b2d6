//! What SCIM clients keep with users and teams.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use tollgate_domain::ids::UserId;
use tollgate_domain::scim::{Entry, Kind};

use crate::entity::identity;
use crate::entity::scim_entry::{ActiveModel, Column, Entity, Model};
use crate::error::bounded;
use crate::{Store, StoreError, Tx};

/// The most entries that are looked at for one `externalId`, which clients choose.
const MOST_ALIKE: u64 = 100;

fn entry(row: Model) -> Result<Entry, StoreError> {
    let corrupt = |what: String| StoreError::corrupt("scim_entries", row.id.clone(), &what);
    let attributes = serde_json::from_str(&row.attributes).map_err(|error| corrupt(error.to_string()))?;
    let kind = Kind::parse(&row.kind).ok_or_else(|| corrupt("of no kind".to_owned()))?;
    Ok(Entry {
        kind,
        user_name: row.user_name,
        external_id: row.external_id,
        provider: row.provider,
        adopted: row.adopted,
        attributes,
        id: row.id,
    })
}

async fn by_id(db: &impl ConnectionTrait, kind: Kind, id: &str) -> Result<Option<Entry>, StoreError> {
    let query = Entity::find_by_id((kind.as_str().to_owned(), id.to_owned()));
    bounded(query.one(db)).await?.map(entry).transpose()
}

async fn by_user_name(db: &impl ConnectionTrait, name: &str) -> Result<Option<Entry>, StoreError> {
    let query = Entity::find()
        .filter(Column::Kind.eq(Kind::User.as_str()))
        .filter(Column::UserNameLower.eq(name.to_lowercase()));
    bounded(query.one(db)).await?.map(entry).transpose()
}

async fn by_external_id(db: &impl ConnectionTrait, kind: Kind, id: &str) -> Result<Vec<Entry>, StoreError> {
    let query =
        Entity::find().filter(Column::Kind.eq(kind.as_str())).filter(Column::ExternalId.eq(id)).limit(MOST_ALIKE);
    bounded(query.all(db)).await?.into_iter().map(entry).collect()
}

impl Store {
    pub async fn scim_entry(&self, kind: Kind, id: &str) -> Result<Option<Entry>, StoreError> {
        by_id(&self.readers, kind, id).await
    }

    /// By the ids of what they are about; at most a page of them.
    pub async fn scim_entries(&self, kind: Kind, ids: &[String]) -> Result<HashMap<String, Entry>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let query = Entity::find()
            .filter(Column::Kind.eq(kind.as_str()))
            .filter(Column::Id.is_in(ids.iter().map(String::as_str)));
        let rows = bounded(query.all(&self.readers)).await?;
        rows.into_iter().map(|row| entry(row).map(|entry| (entry.id.clone(), entry))).collect()
    }

    /// The user whom a client calls so, whatever the case.
    pub async fn scim_entry_by_user_name(&self, name: &str) -> Result<Option<Entry>, StoreError> {
        by_user_name(&self.readers, name).await
    }

    pub async fn scim_entries_by_external_id(&self, kind: Kind, id: &str) -> Result<Vec<Entry>, StoreError> {
        by_external_id(&self.readers, kind, id).await
    }
}

impl Tx {
    pub async fn scim_entry(&self, kind: Kind, id: &str) -> Result<Option<Entry>, StoreError> {
        by_id(&self.db, kind, id).await
    }

    pub async fn scim_entry_by_user_name(&self, name: &str) -> Result<Option<Entry>, StoreError> {
        by_user_name(&self.db, name).await
    }

    pub async fn scim_entries_by_external_id(&self, kind: Kind, id: &str) -> Result<Vec<Entry>, StoreError> {
        by_external_id(&self.db, kind, id).await
    }

    /// Keeps it, or what is new of it. [`StoreError::Exists`] if another user is called so.
    pub async fn keep_scim_entry(&self, entry: &Entry) -> Result<(), StoreError> {
        let attributes = serde_json::to_string(&entry.attributes)
            .map_err(|error| StoreError::corrupt("scim_entries", entry.id.clone(), &error))?;
        let row = ActiveModel {
            kind: Set(entry.kind.as_str().to_owned()),
            id: Set(entry.id.clone()),
            user_name: Set(entry.user_name.clone()),
            user_name_lower: Set(entry.user_name.as_ref().map(|name| name.to_lowercase())),
            external_id: Set(entry.external_id.clone()),
            provider: Set(entry.provider.clone()),
            adopted: Set(entry.adopted),
            attributes: Set(attributes),
        };
        let conflict = OnConflict::columns([Column::Kind, Column::Id])
            .update_columns([
                Column::UserName,
                Column::UserNameLower,
                Column::ExternalId,
                Column::Provider,
                Column::Adopted,
                Column::Attributes,
            ])
            .to_owned();
        bounded(Entity::insert(row).on_conflict(conflict).exec_without_returning(&self.db)).await.map(drop)
    }

    /// What is deleted leaves none behind.
    pub async fn forget_scim_entry(&self, kind: Kind, id: &str) -> Result<(), StoreError> {
        let delete = Entity::delete_by_id((kind.as_str().to_owned(), id.to_owned()));
        bounded(delete.exec(&self.db)).await.map(drop)
    }

    /// Whether somebody ever came through a provider.
    pub async fn has_any_identity(&self, user: &UserId) -> Result<bool, StoreError> {
        let query = identity::Entity::find().filter(identity::Column::UserId.eq(user.as_str()));
        Ok(bounded(query.one(&self.db)).await?.is_some())
    }

    /// Whether somebody came through this issuer before.
    pub async fn has_identity(&self, user: &UserId, issuer: &str) -> Result<bool, StoreError> {
        let query = identity::Entity::find()
            .filter(identity::Column::UserId.eq(user.as_str()))
            .filter(identity::Column::Issuer.eq(issuer));
        Ok(bounded(query.one(&self.db)).await?.is_some())
    }
}
