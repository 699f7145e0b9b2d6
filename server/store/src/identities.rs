//! Who people are at the providers through which they sign in.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tollgate_domain::Timestamp;
use tollgate_domain::ids::{TeamId, UserId};
use tollgate_domain::sso::Proven;

use crate::entity::identity::{ActiveModel, Column, Entity, Model};
use crate::error::bounded;
use crate::{Store, StoreError, Tx};

/// Somebody at a provider, and who that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
    pub user_id: UserId,
    /// The name that the provider had in the configuration when it was last used.
    pub provider: String,
    /// The teams that the provider's groups gave.
    pub teams: BTreeSet<TeamId>,
    pub created_at: Timestamp,
    pub last_at: Timestamp,
    /// What the provider said at the last sign-in. `None`: that was before it was kept.
    pub said: Option<Proven>,
}

impl Identity {
    fn of(row: Model) -> Result<Self, StoreError> {
        let corrupt = |what: String| StoreError::corrupt("identities", row.subject.clone(), &what);
        let teams = serde_json::from_str(&row.teams).map_err(|error| corrupt(error.to_string()))?;
        let user_id = UserId::parse(&row.user_id).ok_or_else(|| corrupt("the user's id is none".to_owned()))?;
        Ok(Self {
            user_id,
            teams,
            // What an earlier version kept and this one can't read was only for looking at.
            said: row.said.as_deref().and_then(|said| serde_json::from_str(said).ok()),
            provider: row.provider,
            created_at: Timestamp(row.created_at),
            last_at: Timestamp(row.last_at),
            issuer: row.issuer,
            subject: row.subject,
        })
    }
}

impl Tx {
    pub async fn find_identity(&self, issuer: &str, subject: &str) -> Result<Option<Identity>, StoreError> {
        let query = Entity::find_by_id((issuer.to_owned(), subject.to_owned()));
        bounded(query.one(&self.db)).await?.map(Identity::of).transpose()
    }

    /// Keeps it, or what is new of it.
    pub async fn keep_identity(&self, identity: &Identity) -> Result<(), StoreError> {
        let teams = serde_json::to_string(&identity.teams)
            .map_err(|error| StoreError::corrupt("identities", identity.subject.clone(), &error))?;
        let said = identity.said.as_ref().map(serde_json::to_string).transpose();
        let said = said.map_err(|error| StoreError::corrupt("identities", identity.subject.clone(), &error))?;
        let row = ActiveModel {
            said: Set(said),
            issuer: Set(identity.issuer.clone()),
            subject: Set(identity.subject.clone()),
            user_id: Set(identity.user_id.to_string()),
            provider: Set(identity.provider.clone()),
            teams: Set(teams),
            created_at: Set(identity.created_at.0),
            last_at: Set(identity.last_at.0),
        };
        let conflict = OnConflict::columns([Column::Issuer, Column::Subject])
            .update_columns([Column::UserId, Column::Provider, Column::Teams, Column::LastAt, Column::Said])
            .to_owned();
        bounded(Entity::insert(row).on_conflict(conflict).exec_without_returning(&self.db)).await.map(drop)
    }

    /// Who is deleted is nobody's identity any more.
    pub async fn forget_identities(&self, user: &UserId) -> Result<(), StoreError> {
        let delete = Entity::delete_many().filter(Column::UserId.eq(user.as_str()));
        bounded(delete.exec(&self.db)).await.map(drop)
    }
}

impl Store {
    pub async fn find_identity(&self, issuer: &str, subject: &str) -> Result<Option<Identity>, StoreError> {
        let query = Entity::find_by_id((issuer.to_owned(), subject.to_owned()));
        bounded(query.one(&self.readers)).await?.map(Identity::of).transpose()
    }

    /// By which providers somebody signs in, the oldest first.
    pub async fn identities_of(&self, user: &UserId) -> Result<Vec<Identity>, StoreError> {
        let query = Entity::find().filter(Column::UserId.eq(user.as_str())).order_by_asc(Column::CreatedAt);
        bounded(query.all(&self.readers)).await?.into_iter().map(Identity::of).collect()
    }

    /// Everybody's, the one used last first; at most `limit`.
    pub async fn identities(&self, limit: u64) -> Result<Vec<Identity>, StoreError> {
        let query = Entity::find().order_by_desc(Column::LastAt).limit(limit);
        bounded(query.all(&self.readers)).await?.into_iter().map(Identity::of).collect()
    }

    /// Whether anybody ever signed in through a provider.
    pub async fn has_identities(&self) -> Result<bool, StoreError> {
        Ok(bounded(Entity::find().one(&self.readers)).await?.is_some())
    }
}
