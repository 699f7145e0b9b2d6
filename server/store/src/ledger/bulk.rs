//! Many rows in few statements, on both databases.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sea_orm::DatabaseConnection;
use sea_orm::sqlx::postgres::{PgArguments, PgPool};
use sea_orm::sqlx::sqlite::SqliteArguments;
use sea_orm::sqlx::{self, Arguments as _, AssertSqlSafe, Postgres, Row, Sqlite, SqlitePool, Transaction};

use tollgate_domain::charge::CallKey;
use uuid::Uuid;

use crate::StoreError;
use crate::labels::MASTER_KEY;
use crate::sql::{Bind, Binds};

/// Rows are written by statements of so many rows: few sizes, so that each is prepared once and kept, and close enough
/// that any number of rows takes few of them.
const SIZES: [usize; 8] = [256, 64, 32, 16, 8, 4, 2, 1];

/// A transaction on either database.
pub enum Connection {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Connection {
    pub async fn begin(db: &DatabaseConnection, postgres: bool) -> Result<Self, StoreError> {
        if postgres {
            let pool: &PgPool = db.get_postgres_connection_pool();
            Ok(Self::Postgres(pool.begin().await?))
        } else {
            let pool: &SqlitePool = db.get_sqlite_connection_pool();
            Ok(Self::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?))
        }
    }

    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    pub async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }

    fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    fn arguments(&self, count: usize) -> Arguments {
        if self.is_postgres() {
            let mut arguments = PgArguments::default();
            arguments.reserve(count, count * 16);
            Arguments::Postgres(arguments)
        } else {
            let mut arguments = SqliteArguments::default();
            arguments.reserve(count, 0);
            Arguments::Sqlite(arguments)
        }
    }

    /// Runs a statement and tells how many rows it wrote.
    async fn execute(&mut self, sql: Arc<str>, arguments: Arguments) -> Result<u64, StoreError> {
        Ok(match (self, arguments) {
            (Self::Sqlite(tx), Arguments::Sqlite(values)) => {
                sqlx::query_with(AssertSqlSafe(sql), values).execute(&mut **tx).await.map_err(classify)?.rows_affected()
            }
            (Self::Postgres(tx), Arguments::Postgres(values)) => {
                sqlx::query_with(AssertSqlSafe(sql), values).execute(&mut **tx).await.map_err(classify)?.rows_affected()
            }
            _ => return Err(StoreError::Unavailable("arguments for the other database".to_owned())),
        })
    }

    /// Runs a statement of its own and tells how many rows it wrote.
    pub async fn run(&mut self, sql: &str, binds: Binds) -> Result<u64, StoreError> {
        let values = binds.into_values();
        let mut arguments = self.arguments(values.len());
        for value in values {
            match value {
                Bind::Int(value) => arguments.int(value),
                Bind::Text(value) => arguments.text(&value),
            }
        }
        self.execute(sql.into(), arguments).await
    }

    /// Runs a statement and gives the first column of the rows that it returns.
    async fn texts(&mut self, sql: Arc<str>, arguments: Arguments) -> Result<Vec<String>, StoreError> {
        match (self, arguments) {
            (Self::Sqlite(tx), Arguments::Sqlite(values)) => {
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&mut **tx).await.map_err(classify)?;
                rows.iter().map(|row| row.try_get(0).map_err(classify)).collect()
            }
            (Self::Postgres(tx), Arguments::Postgres(values)) => {
                let rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch_all(&mut **tx).await.map_err(classify)?;
                rows.iter().map(|row| row.try_get(0).map_err(classify)).collect()
            }
            _ => Err(StoreError::Unavailable("arguments for the other database".to_owned())),
        }
    }
}

fn classify(error: sqlx::Error) -> StoreError {
    StoreError::from(sea_orm::DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error.into())))
}

/// The values of a statement, in order.
pub enum Arguments {
    Sqlite(SqliteArguments),
    Postgres(PgArguments),
}

/// Binding a number, a flag or a text can't fail; should it ever, the statement lacks a value and fails as a whole.
macro_rules! bind {
    ($self:ident, $value:expr) => {
        bind!($self, $value, $value)
    };
    ($self:ident, $for_sqlite:expr, $for_postgres:expr) => {{
        let bound = match $self {
            Arguments::Sqlite(arguments) => arguments.add($for_sqlite),
            Arguments::Postgres(arguments) => arguments.add($for_postgres),
        };
        if let Err(error) = bound {
            tracing::error!(%error, "a value could not be bound");
        }
    }};
}

impl Arguments {
    pub fn text(&mut self, value: &str) {
        // SQLite's driver keeps every text behind an `Arc`: giving it one saves a copy.
        bind!(self, Arc::<str>::from(value), value);
    }

    /// A text that many rows have: SQLite's driver takes it as it is.
    pub fn shared(&mut self, value: &Arc<str>) {
        bind!(self, Arc::clone(value), &**value);
    }

    pub fn text_or_null(&mut self, value: Option<&str>) {
        bind!(self, value.map(Arc::<str>::from), value);
    }

    pub fn id(&mut self, value: Uuid) {
        self.text(value.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }

    /// The empty text for no key.
    pub fn key(&mut self, key: Option<CallKey>) {
        match key {
            Some(CallKey::Virtual(key)) => self.id(key.0),
            Some(CallKey::Master) => self.text(MASTER_KEY),
            None => self.text(""),
        }
    }

    pub fn int(&mut self, value: i64) {
        bind!(self, value);
    }

    pub fn int_or_null(&mut self, value: Option<i64>) {
        bind!(self, value);
    }

    pub fn small(&mut self, value: i16) {
        bind!(self, value);
    }

    pub fn flag(&mut self, value: bool) {
        bind!(self, value);
    }
}

/// Table, number of columns, rows, suffix, and whether it is for PostgreSQL.
type Statement = (&'static str, usize, usize, &'static str, bool);

static TEXTS: LazyLock<Mutex<HashMap<Statement, Arc<str>>>> = LazyLock::new(Mutex::default);

/// Rows in parts of the sizes that statements have.
fn chunks<T>(rows: &[T]) -> impl Iterator<Item = (usize, &[T])> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rest.len())?;
        let (chunk, after) = rest.split_at(size);
        rest = after;
        Some((size, chunk))
    })
}

/// How rows get into a table.
#[derive(Clone, Copy, Debug)]
pub struct Bulk {
    pub table: &'static str,
    pub columns: &'static [&'static str],
    /// What to do with a row that is there already, after `ON CONFLICT`; `{least}` and `{greatest}` become the names
    /// of the database's functions.
    pub conflict: &'static str,
}

impl Bulk {
    /// Inserts rows, `bind` giving each row's values in the order of the columns. Tells how many were written.
    pub async fn insert<T>(
        &self,
        tx: &mut Connection,
        rows: &[T],
        mut bind: impl FnMut(&mut Arguments, &T),
    ) -> Result<u64, StoreError> {
        let mut written = 0;
        for (size, chunk) in chunks(rows) {
            let (sql, arguments) = self.statement(tx, size, chunk, &mut bind, "");
            written += tx.execute(sql, arguments).await?;
        }
        Ok(written)
    }

    /// Inserts rows and gives the ids of those that were not there.
    pub async fn insert_returning<T>(
        &self,
        tx: &mut Connection,
        rows: &[T],
        mut bind: impl FnMut(&mut Arguments, &T),
    ) -> Result<Vec<String>, StoreError> {
        let mut ids = Vec::new();
        for (size, chunk) in chunks(rows) {
            let (sql, arguments) = self.statement(tx, size, chunk, &mut bind, " RETURNING id");
            ids.extend(tx.texts(sql, arguments).await?);
        }
        Ok(ids)
    }

    fn statement<T>(
        &self,
        tx: &Connection,
        size: usize,
        rows: &[T],
        bind: &mut impl FnMut(&mut Arguments, &T),
        suffix: &'static str,
    ) -> (Arc<str>, Arguments) {
        let mut arguments = tx.arguments(size * self.columns.len());
        for row in rows {
            bind(&mut arguments, row);
        }
        (self.text(tx.is_postgres(), size, suffix), arguments)
    }

    /// The statement's text, made once for all: there are few, and some are long.
    fn text(&self, postgres: bool, size: usize, suffix: &'static str) -> Arc<str> {
        let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        let text = texts
            .entry((self.table, self.columns.len(), size, suffix, postgres))
            .or_insert_with(|| self.sql(postgres, size, suffix).into());
        Arc::clone(text)
    }

    fn sql(&self, postgres: bool, rows: usize, suffix: &str) -> String {
        let mut sql = format!("INSERT INTO {} ({}) VALUES ", self.table, self.columns.join(", "));
        let mut number = 0;
        for row in 0..rows {
            // Without spaces: the statement is looked up by its text.
            sql.push_str(if row == 0 { "(" } else { ",(" });
            for column in 0..self.columns.len() {
                sql.push_str(if column == 0 { "" } else { "," });
                number += 1;
                // SQLite looks numbered parameters up one by one, which takes longer than writing the rows.
                if postgres {
                    let _ = write!(sql, "${number}");
                } else {
                    sql.push('?');
                }
            }
            sql.push(')');
        }
        sql.push_str(" ON CONFLICT ");
        let (least, greatest) = if postgres { ("LEAST", "GREATEST") } else { ("MIN", "MAX") };
        sql.push_str(&self.conflict.replace("{least}", least).replace("{greatest}", greatest));
        sql.push_str(suffix);
        sql
    }
}
