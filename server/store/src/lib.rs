//! What Tollgate keeps: keys, the ledger and its sums, people, sessions and the audit log, in SQLite or PostgreSQL.
//!
//! This crate is the only one that speaks SQL. It may know the domain model and the schema, and nothing of HTTP, of
//! permissions or of pages. Every wait in it is bounded.

mod alerts;
mod answers;
mod audit;
mod calls;
mod connect;
mod counts;
mod entity;
mod error;
mod export;
mod health;
mod identities;
mod invoices;
mod keys;
mod labels;
pub mod latency;
mod ledger;
mod overview;
mod principal;
mod records;
mod repricings;
mod requests;
mod schema;
mod scim;
mod scope;
mod search;
mod sessions;
mod sign_ins;
mod signed_in;
mod sql;
mod tokens;
mod tx;
mod usage;
mod uses;

use std::time::Duration;

use sea_orm::{DatabaseConnection, DbBackend};

pub use alerts::{AlertFilter, ShadowSum};
pub use answers::EarlierAnswer;
pub use audit::{AuditFilter, AuditLine, AuditVerdict};
pub use counts::{Counted, CountedBy};
pub use error::StoreError;
pub use export::{ExportedCharge, LARGEST_PART};
pub use identities::Identity;
pub use invoices::LedgerDay;
pub use keys::KeyFilter;
pub use labels::{MASTER_KEY, MASTER_KEY_LABEL};
pub use ledger::{Adjustment, LedgerBatch, LedgerReport, MOST_TOLD, Progress, Repriceable};
pub use records::{RecordFilter, RecordOrder, Table};
pub use schema::SchemaMismatch;
pub use sessions::{SessionHolder, Sessions};
pub use signed_in::SessionRow;
pub use tx::Tx;
pub use usage::LONGEST_REPORT;
pub use uses::Sharers;

/// The most rows that one page may have.
pub const LARGEST_PAGE: u32 = 1000;

/// How the database is used.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// How long to wait for a free connection, and on SQLite for another process to finish writing.
    pub acquire_timeout: Duration,
    /// PostgreSQL: the most connections.
    pub max_connections: u32,
    /// SQLite: the most connections that read; one more writes.
    pub readers: u32,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { acquire_timeout: Duration::from_secs(5), max_connections: 10, readers: 4 }
    }
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    /// On SQLite a pool of one: it has one writer at a time, and waiting for it here costs nothing.
    writer: DatabaseConnection,
    readers: DatabaseConnection,
    backend: DbBackend,
}

impl Store {
    /// Connects to `sqlite://path`, `sqlite:///absolute/path` or `postgres://…`. A SQLite file is made when it is
    /// missing, readable by its owner alone. The tables are not touched: see [`Store::migrate`].
    pub async fn open(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        connect::open(url, options).await
    }

    /// `SQLite` or `PostgreSQL`, for people.
    pub fn backend_name(&self) -> &'static str {
        if self.is_postgres() { "PostgreSQL" } else { "SQLite" }
    }

    /// Whether the database answers, within two seconds.
    pub async fn ping(&self) -> Result<(), StoreError> {
        error::within(Duration::from_secs(2), self.readers.ping()).await
    }

    /// Closes every connection, after what is running.
    pub async fn close(&self) -> Result<(), StoreError> {
        error::bounded(self.readers.close_by_ref()).await?;
        error::bounded(self.writer.close_by_ref()).await
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.backend == DbBackend::Postgres
    }
}
