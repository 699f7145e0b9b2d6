//! `virtual_keys`

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use tollgate_domain::Timestamp;
use tollgate_domain::ids::{AccessGroupId, BudgetId, KeyId, OrganisationId, TeamId, UserId};
use tollgate_domain::key::{KeyDigest, KeyType, Rotation, VirtualKey};
use tollgate_domain::limits::Limits;
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::Meta;

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
    pub blocked: bool,
    pub expires_at: Option<i64>,
    pub rotates_at: Option<i64>,
    pub user_id: Option<String>,
    pub team_id: Option<String>,
    pub organisation_id: Option<String>,
    pub budget_id: Option<String>,
    pub body: String,
    pub created_at: i64,
    pub created_by: String,
    pub updated_at: i64,
    pub updated_by: String,
    pub deleted_at: Option<i64>,
    pub version: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// What nothing is searched by. Fields may be added, with a default; none may change its meaning.
#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Body {
    models: Vec<ModelPattern>,
    key_type: KeyType,
    allowed_routes: Vec<String>,
    access_groups: Vec<AccessGroupId>,
    tags: Vec<String>,
    model_aliases: BTreeMap<String, String>,
    limits: Limits,
    rotation: Option<Rotation>,
    metadata: Map<String, Json>,
    settings: Map<String, Json>,
}

impl TryFrom<Model> for VirtualKey {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let bad = |what: &dyn std::fmt::Display| StoreError::corrupt("virtual_keys", row.id.clone(), &what);
        let body: Body = serde_json::from_str(&row.body).map_err(|error| bad(&error))?;
        Ok(Self {
            id: KeyId::parse(&row.id).ok_or_else(|| bad(&"the id"))?,
            digest: KeyDigest::parse_hex(&row.digest).ok_or_else(|| bad(&"the digest"))?,
            hint: row.hint,
            alias: row.alias,
            models: body.models,
            blocked: row.blocked,
            expires_at: row.expires_at.map(Timestamp),
            user_id: row.user_id.as_deref().and_then(UserId::parse),
            team_id: row.team_id.as_deref().and_then(TeamId::parse),
            organisation_id: row.organisation_id.as_deref().and_then(OrganisationId::parse),
            key_type: body.key_type,
            allowed_routes: body.allowed_routes,
            access_groups: body.access_groups,
            tags: body.tags,
            model_aliases: body.model_aliases,
            budget_id: row.budget_id.as_deref().and_then(BudgetId::parse),
            limits: body.limits,
            rotation: body.rotation,
            metadata: body.metadata,
            settings: body.settings,
            meta: Meta {
                created_at: Timestamp(row.created_at),
                created_by: row.created_by,
                updated_at: Timestamp(row.updated_at),
                updated_by: row.updated_by,
                deleted_at: row.deleted_at.map(Timestamp),
                version: row.version,
            },
        })
    }
}

/// The row of a key, every column set.
pub fn row(key: &VirtualKey) -> Result<ActiveModel, StoreError> {
    let body = Body {
        models: key.models.clone(),
        key_type: key.key_type,
        allowed_routes: key.allowed_routes.clone(),
        access_groups: key.access_groups.clone(),
        tags: key.tags.clone(),
        model_aliases: key.model_aliases.clone(),
        limits: key.limits.clone(),
        rotation: key.rotation.clone(),
        metadata: key.metadata.clone(),
        settings: key.settings.clone(),
    };
    let body = serde_json::to_string(&body)
        .map_err(|error| StoreError::corrupt("virtual_keys", key.id.to_string(), &error))?;
    Ok(ActiveModel {
        id: Set(key.id.to_string()),
        digest: Set(key.digest.to_hex()),
        hint: Set(key.hint.clone()),
        alias: Set(key.alias.clone()),
        alias_lower: Set(key.alias.as_deref().unwrap_or_default().to_lowercase()),
        blocked: Set(key.blocked),
        expires_at: Set(key.expires_at.map(|at| at.0)),
        rotates_at: Set(key.rotation.as_ref().map(|rotation| rotation.next_at.0)),
        user_id: Set(key.user_id.as_ref().map(ToString::to_string)),
        team_id: Set(key.team_id.as_ref().map(ToString::to_string)),
        organisation_id: Set(key.organisation_id.as_ref().map(ToString::to_string)),
        budget_id: Set(key.budget_id.as_ref().map(ToString::to_string)),
        body: Set(body),
        created_at: Set(key.meta.created_at.0),
        created_by: Set(key.meta.created_by.clone()),
        updated_at: Set(key.meta.updated_at.0),
        updated_by: Set(key.meta.updated_by.clone()),
        deleted_at: Set(key.meta.deleted_at.map(|at| at.0)),
        version: Set(key.meta.version),
    })
}
