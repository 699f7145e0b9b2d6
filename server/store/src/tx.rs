//! A transaction of the control plane: a change and its audit row, both or neither.

use sea_orm::{ConnectionTrait, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};

use crate::error::bounded;
use crate::{Store, StoreError};

/// One transaction. Dropped without [`Tx::commit`], it changes nothing.
///
/// Transactions of the control plane come one after the other, on both databases: SQLite's takes the write lock when it
/// begins, PostgreSQL's an advisory lock. The audit log's chain needs that order anyway, changes by people are rare, and
/// a lock that is taken first can't be waited for crosswise. The ledger does not go through here.
#[derive(Debug)]
pub struct Tx {
    pub(crate) db: DatabaseTransaction,
}

impl Store {
    /// Begins a transaction, waiting for its turn within the limits of [`crate::StoreOptions::acquire_timeout`].
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let db = bounded(self.writer.begin_with_options(options)).await?;
        if self.is_postgres() {
            bounded(db.execute_unprepared("SELECT pg_advisory_xact_lock(7406518214)")).await?;
        }
        Ok(Tx { db })
    }
}

impl Tx {
    /// Makes the changes last.
    pub async fn commit(self) -> Result<(), StoreError> {
        bounded(self.db.commit()).await
    }
}
