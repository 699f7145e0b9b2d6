//! `virtual_keys`

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use tollgate_domain::Timestamp;
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::{KeyDigest, VirtualKey};

use crate::StoreError;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "virtual_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    #[sea_orm(unique)]
    pub digest: String,
    pub hint: String,
    pub alias: Option<String>,
    pub alias_lower: String,
    pub models: String,
    pub blocked: bool,
    pub expires_at: Option<i64>,
    pub user_id: Option<String>,
    pub team_id: Option<String>,
    pub metadata: String,
    pub settings: String,
    pub created_at: i64,
    pub created_by: String,
    pub updated_at: i64,
    pub updated_by: String,
    pub deleted_at: Option<i64>,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for VirtualKey {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let bad = |what: &dyn std::fmt::Display| StoreError::corrupt("virtual_keys", row.id.clone(), &what);
        Ok(Self {
            id: KeyId::parse(&row.id).ok_or_else(|| bad(&"the id"))?,
            digest: KeyDigest::parse_hex(&row.digest).ok_or_else(|| bad(&"the digest"))?,
            models: serde_json::from_str(&row.models).map_err(|error| bad(&error))?,
            metadata: serde_json::from_str(&row.metadata).map_err(|error| bad(&error))?,
            settings: serde_json::from_str(&row.settings).map_err(|error| bad(&error))?,
            hint: row.hint,
            alias: row.alias,
            blocked: row.blocked,
            expires_at: row.expires_at.map(Timestamp),
            user_id: row.user_id,
            team_id: row.team_id,
            created_at: Timestamp(row.created_at),
            created_by: row.created_by,
            updated_at: Timestamp(row.updated_at),
            updated_by: row.updated_by,
            deleted_at: row.deleted_at.map(Timestamp),
            version: row.version,
        })
    }
}

/// The row of a key, every column set.
pub fn row(key: &VirtualKey) -> Result<ActiveModel, StoreError> {
    let bad = |error: serde_json::Error| StoreError::corrupt("virtual_keys", key.id.to_string(), &error);
    Ok(ActiveModel {
        id: Set(key.id.to_string()),
        digest: Set(key.digest.to_hex()),
        hint: Set(key.hint.clone()),
        alias: Set(key.alias.clone()),
        alias_lower: Set(key.alias.as_deref().unwrap_or_default().to_lowercase()),
        models: Set(serde_json::to_string(&key.models).map_err(bad)?),
        blocked: Set(key.blocked),
        expires_at: Set(key.expires_at.map(|at| at.0)),
        user_id: Set(key.user_id.clone()),
        team_id: Set(key.team_id.clone()),
        metadata: Set(serde_json::to_string(&key.metadata).map_err(bad)?),
        settings: Set(serde_json::to_string(&key.settings).map_err(bad)?),
        created_at: Set(key.created_at.0),
        created_by: Set(key.created_by.clone()),
        updated_at: Set(key.updated_at.0),
        updated_by: Set(key.updated_by.clone()),
        deleted_at: Set(key.deleted_at.map(|at| at.0)),
        version: Set(key.version),
    })
}
