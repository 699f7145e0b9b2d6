//! Opening the database, with the settings that keep it quick, small and bounded.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::{DatabaseConnection, DbBackend, SqlxPostgresConnector, SqlxSqliteConnector};

use crate::error::STATEMENT_LIMIT;
use crate::{Store, StoreError, StoreOptions};

/// Connections that nobody used for so long are closed: their caches are memory.
const IDLE_LIMIT: Duration = Duration::from_secs(60);

pub async fn open(url: &str, options: StoreOptions) -> Result<Store, StoreError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        open_sqlite(&sqlite_path(path)?, options).await
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        open_postgres(url, options).await
    } else {
        Err(StoreError::Address("it must begin with `sqlite://`, `postgres://` or `postgresql://`".to_owned()))
    }
}

/// The file that `//path` or `///absolute/path` names.
fn sqlite_path(rest: &str) -> Result<PathBuf, StoreError> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    // Options after `?` are for other programs; what matters is set here.
    let path = path.split('?').next().unwrap_or_default();
    if path.is_empty() || path == ":memory:" || path == "/:memory:" {
        return Err(StoreError::Address(
            "a SQLite database must be a file, as in `sqlite://data/tollgate.db`: one in memory would be another one \
             for every connection"
                .to_owned(),
        ));
    }
    Ok(PathBuf::from(path))
}

async fn open_sqlite(path: &Path, options: StoreOptions) -> Result<Store, StoreError> {
    let file = path.to_owned();
    tokio::task::spawn_blocking(move || make_private(&file))
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?
        .map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))?;

    let base = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // With WAL a power cut may lose the last transactions, never the database; the journal has the last calls.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(options.acquire_timeout)
        .pragma("temp_store", "memory")
        .pragma("journal_size_limit", "67108864")
        // In pages. The same leaves of the indexes change with every batch: the longer they are gathered in the log, the
        // less often they are copied into the database.
        .pragma("wal_autocheckpoint", "8000")
        .statement_cache_capacity(64);

    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(options.acquire_timeout)
        // In KiB when negative.
        .connect_with(base.clone().pragma("cache_size", "-4096"))
        .await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(options.readers.max(1))
        .min_connections(0)
        .idle_timeout(IDLE_LIMIT)
        .test_before_acquire(false)
        .acquire_timeout(options.acquire_timeout)
        .connect_with(base.pragma("cache_size", "-1024").pragma("query_only", "on"))
        .await?;
    Ok(Store {
        writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
        readers: SqlxSqliteConnector::from_sqlx_sqlite_pool(readers),
        backend: DbBackend::Sqlite,
    })
}

/// Makes the file, and its folder, if they are missing; and lets nobody but the owner read it. SQLite gives the files
/// beside it (`-wal`, `-shm`) the same permissions.
fn make_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut open = std::fs::OpenOptions::new();
    open.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let file = open.mode(0o600).open(path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    open.open(path)?;
    Ok(())
}

async fn open_postgres(url: &str, options: StoreOptions) -> Result<Store, StoreError> {
    // The parser's error may quote the address, which holds a password.
    let connect = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Address("it is not a PostgreSQL address".to_owned()))?
        .application_name("tollgate")
        .options([
            // Both sides give up: the program stops waiting, and the server stops working.
            ("statement_timeout", format!("{}", STATEMENT_LIMIT.as_millis())),
            ("lock_timeout", format!("{}", options.acquire_timeout.as_millis())),
            ("idle_in_transaction_session_timeout", format!("{}", 2 * STATEMENT_LIMIT.as_millis())),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(options.max_connections.max(2))
        .min_connections(0)
        .idle_timeout(IDLE_LIMIT)
        .acquire_timeout(options.acquire_timeout)
        .connect_with(connect)
        .await?;
    let pool: DatabaseConnection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    Ok(Store { writer: pool.clone(), readers: pool, backend: DbBackend::Postgres })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_files() {
        let path = |url: &str| sqlite_path(url).map(|path| path.display().to_string()).ok();
        assert_eq!(path("//data/tollgate.db").as_deref(), Some("data/tollgate.db"));
        assert_eq!(path("///var/lib/tollgate.db?mode=rwc").as_deref(), Some("/var/lib/tollgate.db"));
        assert_eq!(path("tollgate.db").as_deref(), Some("tollgate.db"));
        assert_eq!(path(":memory:"), None);
        assert_eq!(path("//:memory:"), None);
        assert_eq!(path("//"), None);
    }
}
