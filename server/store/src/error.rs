//! What can go wrong with the database, and the time limit that every wait for it has.

use std::time::Duration;

use sea_orm::{DbErr, RuntimeErr, SqlErr, sqlx};

/// No single statement is waited for longer than this.
pub(crate) const STATEMENT_LIMIT: Duration = Duration::from_secs(30);

/// Why the store did not do what it was asked. The texts are for logs: they may hold SQL, so never show them to callers.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of the database can't be used as it is written.
    #[error("the database address is not usable: {0}")]
    Address(String),
    /// The database can't be reached, or has no connection to spare: another try may succeed.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database took too long to answer.
    #[error("the database did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// The tables are not those that this program was built for.
    #[error(transparent)]
    Schema(#[from] crate::schema::SchemaMismatch),
    /// The row, or one with the same unique value, exists already.
    #[error("exists already: {0}")]
    Exists(String),
    /// A row holds what no version of this program wrote.
    #[error("the row {id} of {table} can't be read: {what}")]
    Corrupt { table: &'static str, id: String, what: String },
    /// What is asked for can't be told from what is kept.
    #[error("{0} are not kept")]
    Unsupported(&'static str),
    /// Anything else that the database said.
    #[error("the database refused: {0}")]
    Database(#[source] DbErr),
}

impl StoreError {
    /// Whether the same may succeed a little later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Timeout(_))
    }

    pub(crate) fn corrupt(table: &'static str, id: impl Into<String>, what: &impl ToString) -> Self {
        Self::Corrupt { table, id: id.into(), what: what.to_string() }
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(what)) = error.sql_err() {
            return Self::Exists(what);
        }
        let unavailable = match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
            DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => is_passing(cause),
            _ => false,
        };
        if unavailable { Self::Unavailable(error.to_string()) } else { Self::Database(error) }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Whether a later try may succeed: the connection broke, or somebody else holds what is wanted.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(cause) => match cause.code().as_deref() {
            // PostgreSQL: connection trouble (08), conflict between transactions (40), no resources (53),
            // shutting down (57P), a wait that was cut short (57014, 55P03).
            Some(code) if code.len() == 5 => {
                ["08", "40", "53", "57P"].iter().any(|class| code.starts_with(class))
                    || ["57014", "55P03"].contains(&code)
            }
            // SQLite: BUSY (5) and LOCKED (6) with their extended codes, FULL (13).
            Some(code) => code.parse::<i64>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 13)),
            None => false,
        },
        _ => false,
    }
}

/// Waits for the database, but not for ever.
pub(crate) fn bounded<T, E>(
    work: impl Future<Output = Result<T, E>> + Send,
) -> impl Future<Output = Result<T, StoreError>> + Send
where
    StoreError: From<E>,
{
    within(STATEMENT_LIMIT, work)
}

pub(crate) fn within<T, E>(
    limit: Duration,
    work: impl Future<Output = Result<T, E>> + Send,
) -> impl Future<Output = Result<T, StoreError>> + Send
where
    StoreError: From<E>,
{
    // SeaORM's futures are tens of kilobytes: on the heap, those that wait for them stay small.
    let work = Box::pin(work);
    async move {
        match tokio::time::timeout(limit, work).await {
            Ok(done) => done.map_err(StoreError::from),
            Err(_) => Err(StoreError::Timeout(limit)),
        }
    }
}
