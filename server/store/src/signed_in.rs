//! Whose sessions there are, and ending them.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tollgate_domain::Timestamp;
use tollgate_domain::ids::UserId;

use crate::entity::session::{Column, Entity};
use crate::error::bounded;
use crate::{Store, StoreError, Tx};

/// Somebody's session, as it is listed.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// The digest of its id: names it, and opens nothing.
    pub digest: String,
    pub user_id: UserId,
    pub data: HashMap<String, serde_json::Value>,
    pub expires_at: Timestamp,
}

/// The most sessions of one person that are listed.
const MOST_LISTED: u64 = 200;

impl Store {
    /// The living sessions of somebody, the one that lasts longest first; at most 200.
    pub async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<SessionRow>, StoreError> {
        let query = Entity::find()
            .filter(Column::UserId.eq(user.as_str()))
            .filter(Column::ExpiresAt.gt(now.0))
            .order_by_desc(Column::ExpiresAt)
            .limit(MOST_LISTED);
        let rows = bounded(query.all(&self.readers)).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                Some(SessionRow {
                    data: serde_json::from_str(&row.data).ok()?,
                    user_id: UserId::parse(row.user_id.as_deref()?)?,
                    expires_at: Timestamp(row.expires_at),
                    digest: row.digest,
                })
            })
            .collect())
    }
}

impl Tx {
    /// Ends somebody's sessions: the one with this digest, or all. How many there were.
    pub async fn end_sessions_of(&self, user: &UserId, digest: Option<&str>) -> Result<u64, StoreError> {
        let mut delete = Entity::delete_many().filter(Column::UserId.eq(user.as_str()));
        if let Some(digest) = digest {
            delete = delete.filter(Column::Digest.eq(digest));
        }
        Ok(bounded(delete.exec(&self.db)).await?.rows_affected)
    }

    /// Ends the sessions that began by this identity; with `sid` those of the provider's session alone. How many there
    /// were, of whom.
    pub async fn end_sessions_by(
        &self,
        issuer: &str,
        subject: &str,
        sid: Option<&str>,
    ) -> Result<Vec<UserId>, StoreError> {
        let mut those = Condition::all().add(Column::Issuer.eq(issuer)).add(Column::Subject.eq(subject));
        if let Some(sid) = sid {
            those = those.add(Column::Sid.eq(sid));
        }
        let rows = bounded(Entity::find().filter(those.clone()).all(&self.db)).await?;
        bounded(Entity::delete_many().filter(those).exec(&self.db)).await?;
        Ok(rows.into_iter().filter_map(|row| UserId::parse(row.user_id.as_deref()?)).collect())
    }
}
