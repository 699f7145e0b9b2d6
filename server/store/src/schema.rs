//! Bringing the tables up to date, and refusing those that are not.

use std::time::Duration;

use sea_orm::{ConnectionTrait, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait};
use sea_orm_migration::{IntoSchemaManagerConnection, MigratorTrait, SchemaManager};
use tollgate_migrations::{Migrator, names};

use crate::error::{bounded, within};
use crate::{Store, StoreError};

/// How long a migration may take, other processes' included.
const MIGRATION_LIMIT: Duration = Duration::from_secs(3600);

/// The tables are not those that this program was built for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaMismatch {
    /// Steps that this program needs and the database has not.
    pub missing: Vec<String>,
    /// Steps that the database has and this program does not know.
    pub unknown: Vec<String>,
}

impl std::fmt::Display for SchemaMismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the database's schema is not the one that this version of Tollgate works with")?;
        if !self.missing.is_empty() {
            write!(f, "; it lacks {}: run `tollgate migrate`", self.missing.join(", "))?;
        }
        if !self.unknown.is_empty() {
            write!(
                f,
                "; it was migrated by a newer version (unknown here: {}): start that version, or restore a backup",
                self.unknown.join(", ")
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for SchemaMismatch {}

impl Store {
    /// Applies the steps that are missing, all or none. Processes that start together wait for each other.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        within(MIGRATION_LIMIT, async {
            let options = TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            };
            let tx = self.writer.begin_with_options(options).await?;
            if self.is_postgres() {
                let seconds = MIGRATION_LIMIT.as_secs();
                tx.execute_unprepared(&format!("SET LOCAL lock_timeout = '{seconds}s'")).await?;
                tx.execute_unprepared(&format!("SET LOCAL statement_timeout = '{seconds}s'")).await?;
                // Any number will do, as long as every version uses the same.
                tx.execute_unprepared("SELECT pg_advisory_xact_lock(7406518213)").await?;
            }
            let applied = applied(&tx).await?;
            let mismatch = compare(&applied);
            if !mismatch.unknown.is_empty() {
                return Err(StoreError::Schema(mismatch));
            }
            if !mismatch.missing.is_empty() {
                Migrator::up(&tx, None).await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Refuses a database that lacks steps or has steps from elsewhere, saying which and what to do.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let applied = bounded(applied(&self.readers)).await?;
        let mismatch = compare(&applied);
        if mismatch.missing.is_empty() && mismatch.unknown.is_empty() { Ok(()) } else { Err(mismatch.into()) }
    }

    /// Takes every table away again: for the test that steps can be undone.
    #[doc(hidden)]
    pub async fn unmigrate(&self) -> Result<(), StoreError> {
        within(MIGRATION_LIMIT, async { Migrator::down(&self.writer, None).await }).await
    }
}

async fn applied(db: impl IntoSchemaManagerConnection<'_>) -> Result<Vec<String>, sea_orm::DbErr> {
    let manager = SchemaManager::new(db);
    if !manager.has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let db = manager.get_connection();
    // Not the library's own query, which makes the table first: this also runs on a connection that may only read.
    let backend = db.get_database_backend();
    let sql = "SELECT version FROM seaql_migrations ORDER BY version";
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

fn compare(applied: &[String]) -> SchemaMismatch {
    let known = names();
    SchemaMismatch {
        missing: known.iter().filter(|name| !applied.contains(name)).cloned().collect(),
        unknown: applied.iter().filter(|name| !known.contains(name)).cloned().collect(),
    }
}
