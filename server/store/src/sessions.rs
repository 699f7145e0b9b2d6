//! Sessions of the dashboard, for tower-sessions.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tollgate_domain::Clock;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, ExpiredDeletion, Result};

use crate::entity::session::{ActiveModel, Column, Entity};
use crate::error::bounded;
use crate::{Store, StoreError};

/// How often a new id is tried: a second try is already a sign of broken random numbers.
const TRIES: usize = 3;

/// The sessions in the database. Their ids are kept as SHA-256, so that reading the table opens no session.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Sessions {
    /// What the row of a session is called: see [`crate::SessionRow`].
    pub fn digest_of(id: &Id) -> String {
        digest(id)
    }
}

impl Store {
    pub fn sessions(&self, clock: Arc<dyn Clock>) -> Sessions {
        Sessions { store: self.clone(), clock }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        for _ in 0..TRIES {
            let row = ActiveModel {
                digest: Set(digest(&record.id)),
                data: Set(encode(record)?),
                expires_at: Set(micros(record.expiry_date)),
                ..held(record)
            };
            let insert = Entity::insert(row)
                .on_conflict(OnConflict::column(Column::Digest).do_nothing().to_owned())
                .exec_without_returning(&self.store.writer);
            match bounded(insert).await {
                Ok(1..) => return Ok(()),
                Ok(0) | Err(StoreError::Exists(_)) => record.id = Id::default(),
                Err(error) => return Err(backend(&error)),
            }
        }
        Err(Error::Backend("no free session id was found".to_owned()))
    }

    /// Does nothing for a session that is gone: a request that was under way while somebody signed out must not bring
    /// the session back.
    async fn save(&self, record: &Record) -> Result<()> {
        let update = Entity::update_many()
            .set(ActiveModel {
                data: Set(encode(record)?),
                expires_at: Set(micros(record.expiry_date)),
                ..held(record)
            })
            .filter(Column::Digest.eq(digest(&record.id)));
        bounded(update.exec(&self.store.writer)).await.map(drop).map_err(|error| backend(&error))
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let query =
            Entity::find_by_id(digest(id)).filter(Column::ExpiresAt.gt(self.clock.now().0)).one(&self.store.readers);
        let Some(row) = bounded(query).await.map_err(|error| backend(&error))? else { return Ok(None) };
        let data: HashMap<String, serde_json::Value> =
            serde_json::from_str(&row.data).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp_nanos(i128::from(row.expires_at) * 1000)
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let delete = Entity::delete_by_id(digest(id)).exec(&self.store.writer);
        bounded(delete).await.map(drop).map_err(|error| backend(&error))
    }
}

#[async_trait]
impl ExpiredDeletion for Sessions {
    async fn delete_expired(&self) -> Result<()> {
        let delete = Entity::delete_many().filter(Column::ExpiresAt.lte(self.clock.now().0)).exec(&self.store.writer);
        bounded(delete).await.map(drop).map_err(|error| backend(&error))
    }
}

/// Texts in a session's data by which sessions are found.
pub struct SessionHolder;

impl SessionHolder {
    pub const USER: &str = "user";
    pub const ISSUER: &str = "issuer";
    pub const SUBJECT: &str = "subject";
    /// The provider's own session.
    pub const SID: &str = "sid";
}

fn held(record: &Record) -> ActiveModel {
    let text = |name: &str| record.data.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    ActiveModel {
        user_id: Set(text(SessionHolder::USER)),
        issuer: Set(text(SessionHolder::ISSUER)),
        subject: Set(text(SessionHolder::SUBJECT)),
        sid: Set(text(SessionHolder::SID)),
        ..Default::default()
    }
}

fn digest(id: &Id) -> String {
    hex::encode(Sha256::digest(id.0.to_le_bytes()))
}

fn encode(record: &Record) -> Result<String> {
    serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

fn backend(error: &StoreError) -> Error {
    Error::Backend(error.to_string())
}
