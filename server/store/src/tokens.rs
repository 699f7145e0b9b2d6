//! Tokens that work once: the link that sets up the first administrator.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tollgate_domain::Timestamp;

use crate::entity::one_time_token::{ActiveModel, Column, Entity};
use crate::error::bounded;
use crate::{Store, StoreError, Tx};

impl Tx {
    /// Keeps the digest of a new token and makes every older one for the same purpose worthless.
    pub async fn replace_token(
        &self,
        digest: &str,
        purpose: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        bounded(Entity::delete_many().filter(Column::Purpose.eq(purpose)).exec(&self.db)).await?;
        let row = ActiveModel {
            digest: Set(digest.to_owned()),
            purpose: Set(purpose.to_owned()),
            created_at: Set(now.0),
            expires_at: Set(expires_at.0),
            used_at: Set(None),
        };
        bounded(Entity::insert(row).exec_without_returning(&self.db)).await.map(drop)
    }

    /// Uses a token up. `false`: there is none such, it was used before, or its time is over.
    pub async fn use_token(&self, digest: &str, purpose: &str, now: Timestamp) -> Result<bool, StoreError> {
        let update = Entity::update_many()
            .col_expr(Column::UsedAt, Expr::value(now.0))
            .filter(Column::Digest.eq(digest))
            .filter(Column::Purpose.eq(purpose))
            .filter(Column::UsedAt.is_null())
            .filter(Column::ExpiresAt.gt(now.0));
        Ok(bounded(update.exec(&self.db)).await?.rows_affected == 1)
    }
}

impl Store {
    /// What a token is for that could be used now.
    pub async fn token_purpose(&self, digest: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
        let query = Entity::find_by_id(digest).filter(Column::UsedAt.is_null()).filter(Column::ExpiresAt.gt(now.0));
        Ok(bounded(query.one(&self.readers)).await?.map(|row| row.purpose))
    }

    /// Whether a token could be used now, without using it.
    pub async fn token_is_good(&self, digest: &str, purpose: &str, now: Timestamp) -> Result<bool, StoreError> {
        let query = Entity::find_by_id(digest)
            .filter(Column::Purpose.eq(purpose))
            .filter(Column::UsedAt.is_null())
            .filter(Column::ExpiresAt.gt(now.0));
        Ok(bounded(query.one(&self.readers)).await?.is_some())
    }
}
