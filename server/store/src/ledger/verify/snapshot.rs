//! One moment of the database, read by many statements, on both databases.

use std::sync::Arc;

use futures::TryStreamExt as _;
use sea_orm::sqlx::postgres::{PgArguments, PgRow};
use sea_orm::sqlx::sqlite::{SqliteArguments, SqliteRow};
use sea_orm::sqlx::{self, Arguments as _, AssertSqlSafe, Postgres, Row as _, Sqlite, Transaction};

use crate::error::bounded;
use crate::sql::{Bind, Binds};
use crate::{Store, StoreError};

/// A transaction that reads.
pub enum Snapshot {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Snapshot {
    pub async fn take(store: &Store) -> Result<Self, StoreError> {
        if store.is_postgres() {
            let pool = store.readers.get_postgres_connection_pool();
            let begin = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            Ok(Self::Postgres(bounded(begin).await?))
        } else {
            // With its first statement it reads one state of the write-ahead log, and stays there.
            let pool = store.readers.get_sqlite_connection_pool();
            Ok(Self::Sqlite(bounded(pool.begin()).await?))
        }
    }

    pub async fn close(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => bounded(tx.rollback()).await,
            Self::Postgres(tx) => bounded(tx.rollback()).await,
        }
    }

    /// Hands every row to `each`.
    pub async fn each(
        &mut self,
        sql: &str,
        binds: &Binds,
        each: impl FnMut(Row<'_>) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        bounded(self.read(sql.into(), binds.clone().into_values(), each)).await
    }

    async fn read(
        &mut self,
        sql: Arc<str>,
        binds: Vec<Bind>,
        mut each: impl FnMut(Row<'_>) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        let bad = |error: sqlx::error::BoxDynError| StoreError::Unavailable(error.to_string());
        match self {
            Self::Sqlite(tx) => {
                let mut values = SqliteArguments::default();
                for bind in binds {
                    match bind {
                        Bind::Int(value) => values.add(value),
                        Bind::Text(value) => values.add(value),
                    }
                    .map_err(bad)?;
                }
                let mut rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await? {
                    each(Row::Sqlite(&row))?;
                }
            }
            Self::Postgres(tx) => {
                let mut values = PgArguments::default();
                for bind in binds {
                    match bind {
                        Bind::Int(value) => values.add(value),
                        Bind::Text(value) => values.add(value),
                    }
                    .map_err(bad)?;
                }
                let mut rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch(&mut **tx);
                while let Some(row) = rows.try_next().await? {
                    each(Row::Postgres(&row))?;
                }
            }
        }
        Ok(())
    }
}

/// A row of either database.
#[derive(Clone, Copy)]
pub enum Row<'r> {
    Sqlite(&'r SqliteRow),
    Postgres(&'r PgRow),
}

macro_rules! get {
    ($name:ident, $type:ty) => {
        pub fn $name(self, place: usize) -> Result<$type, StoreError> {
            let value = match self {
                Self::Sqlite(row) => row.try_get(place),
                Self::Postgres(row) => row.try_get(place),
            };
            // Tried again it would be no better: somebody put something else there.
            value.map_err(|error| StoreError::Database(sea_orm::DbErr::Type(error.to_string())))
        }
    };
}

impl<'r> Row<'r> {
    get!(text, &'r str);
    get!(maybe_text, Option<&'r str>);
    get!(int, i64);
    get!(maybe_int, Option<i64>);
}
