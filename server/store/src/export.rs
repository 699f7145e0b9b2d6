//! The ledger in bulk: charges oldest first, row by row, without building anything of each.

use futures::TryStreamExt as _;
use sea_orm::sqlx::{self, AssertSqlSafe, ColumnIndex, Decode, Row, Type};
use sea_orm::sqlx::{Arguments as _, postgres::PgArguments, sqlite::SqliteArguments};
use tollgate_domain::actor::Visible;
use tollgate_domain::summary::RequestFilter;
use tollgate_domain::{Nanos, Timestamp};

use crate::calls::{Order, Search, Side};
use crate::error::within;
use crate::sql::{Bind, Binds};
use crate::{Store, StoreError};

/// The most charges of one part of an export.
pub const LARGEST_PART: u32 = 10_000;

/// How long one part may take.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

/// A charge as it is in the database; texts are empty where there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportedCharge<'a> {
    pub id: &'a str,
    pub call_id: &'a str,
    pub attempt: i64,
    pub started_at: Timestamp,
    /// `master_key`: the master key.
    pub key_id: &'a str,
    pub user_id: &'a str,
    pub team_id: &'a str,
    pub organisation_id: &'a str,
    pub operation: &'a str,
    pub model: &'a str,
    pub deployment_id: &'a str,
    pub provider: &'a str,
    pub upstream_model: &'a str,
    pub streamed: bool,
    pub outcome: &'a str,
    pub status: i16,
    pub error: &'a str,
    pub certainty: &'a str,
    pub input_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_tokens: i64,
    pub cache_write_1h_tokens: i64,
    pub output_tokens: i64,
    pub reasoning_tokens: i64,
    pub cost: Nanos,
    /// What was set aside for it; nought: not known.
    pub reserved: Nanos,
    pub price_source: &'a str,
    pub duration_us: i64,
    pub first_byte_us: Option<i64>,
    pub client_left: bool,
    pub upstream_id: &'a str,
    pub end_user: &'a str,
    /// A JSON list, or empty.
    pub tags: &'a str,
    /// The charge that this is an adjusting entry of; empty: it is a charge of its own.
    pub adjusts: &'a str,
}

const COLUMNS: &str = "call.id, call_id, attempt, started_at, key_id, user_id, team_id, organisation_id, operation, model, \
    deployment_id, provider, upstream_model, streamed, outcome, status, error, certainty, input_tokens, \
    cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, cost_nanos, \
    price_source, duration_us, first_byte_us, client_left, upstream_id, end_user, tags, adjusts, reserved_nanos";

/// Named so that no column has the name of another one.
const JOINS: &str = " LEFT JOIN (SELECT id AS owners, user_id, team_id, organisation_id FROM ownerships) AS whose \
                     ON whose.owners = call.ownership_id";

impl<'r> ExportedCharge<'r> {
    fn of<R: Row>(row: &'r R) -> Result<Self, sqlx::Error>
    where
        usize: ColumnIndex<R>,
        &'r str: Decode<'r, R::Database> + Type<R::Database>,
        i64: Decode<'r, R::Database> + Type<R::Database>,
        i16: Decode<'r, R::Database> + Type<R::Database>,
        bool: Decode<'r, R::Database> + Type<R::Database>,
    {
        let text = |place: usize| row.try_get_unchecked::<&str, _>(place);
        let maybe = |place: usize| Ok::<_, sqlx::Error>(row.try_get::<Option<&str>, _>(place)?.unwrap_or_default());
        let number = |place: usize| row.try_get_unchecked::<i64, _>(place);
        let id = text(0)?;
        Ok(Self {
            id,
            call_id: row.try_get::<Option<&str>, _>(1)?.unwrap_or(id),
            attempt: number(2)?,
            started_at: Timestamp(number(3)?),
            key_id: text(4)?,
            user_id: maybe(5)?,
            team_id: maybe(6)?,
            organisation_id: maybe(7)?,
            operation: text(8)?,
            model: text(9)?,
            deployment_id: text(10)?,
            provider: text(11)?,
            upstream_model: text(12)?,
            streamed: row.try_get_unchecked(13)?,
            outcome: text(14)?,
            status: row.try_get_unchecked(15)?,
            error: maybe(16)?,
            certainty: text(17)?,
            input_tokens: number(18)?,
            cache_read_tokens: number(19)?,
            cache_write_tokens: number(20)?,
            cache_write_1h_tokens: number(21)?,
            output_tokens: number(22)?,
            reasoning_tokens: number(23)?,
            cost: Nanos(number(24)?),
            reserved: Nanos(number(33)?),
            price_source: maybe(25)?,
            duration_us: number(26)?,
            first_byte_us: row.try_get(27)?,
            client_left: row.try_get_unchecked(28)?,
            upstream_id: maybe(29)?,
            end_user: maybe(30)?,
            tags: maybe(31)?,
            adjusts: maybe(32)?,
        })
    }
}

impl Store {
    /// Hands the charges that may be seen and match to `each`, with their adjusting entries, oldest first, at most `limit` ([`LARGEST_PART`]) of those
    /// after the one with the id `after`. Gives the id to go on after; `None`: that was all.
    ///
    /// Calls that end while an export runs are in it if they began after what was already handed out.
    pub async fn charges_after(
        &self,
        visible: &Visible,
        filter: &RequestFilter,
        after: Option<&str>,
        limit: u32,
        mut each: impl FnMut(&ExportedCharge<'_>) + Send,
    ) -> Result<Option<String>, StoreError> {
        let limit = limit.clamp(1, LARGEST_PART);
        let mut search = Search::new(Side::Charges, visible, filter, Order::OldestFirst, after, limit);
        search.adjustments = true;
        let mut statements = self.statements(&search, COLUMNS, JOINS).await?;
        if statements.len() > 1 {
            // Several would have to be merged: one that reads in order is simpler, and parts are large.
            statements = vec![search.single(COLUMNS, JOINS)];
        }
        let Some((sql, binds)) = statements.pop() else { return Ok(None) };
        let mut seen = 0;
        let mut last = String::new();
        let mut hand_out = |charge: &ExportedCharge<'_>| {
            seen += 1;
            if seen == limit {
                charge.id.clone_into(&mut last);
            }
            each(charge);
        };
        within(LIMIT, self.stream(sql, binds, &mut hand_out)).await?;
        Ok((seen == limit).then_some(last))
    }

    async fn stream(
        &self,
        sql: String,
        binds: Binds,
        each: &mut (impl FnMut(&ExportedCharge<'_>) + Send),
    ) -> Result<(), StoreError> {
        let bad = |error: sqlx::error::BoxDynError| StoreError::Unavailable(error.to_string());
        if self.is_postgres() {
            let mut values = PgArguments::default();
            for bind in binds.into_values() {
                match bind {
                    Bind::Int(value) => values.add(value),
                    Bind::Text(value) => values.add(value),
                }
                .map_err(bad)?;
            }
            let pool = self.readers.get_postgres_connection_pool();
            let mut rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch(pool);
            while let Some(row) = rows.try_next().await? {
                each(&ExportedCharge::of(&row)?);
            }
        } else {
            let mut values = SqliteArguments::default();
            for bind in binds.into_values() {
                match bind {
                    Bind::Int(value) => values.add(value),
                    Bind::Text(value) => values.add(value),
                }
                .map_err(bad)?;
            }
            let pool = self.readers.get_sqlite_connection_pool();
            let mut rows = sqlx::query_with(AssertSqlSafe(sql), values).fetch(pool);
            while let Some(row) = rows.try_next().await? {
                each(&ExportedCharge::of(&row)?);
            }
        }
        Ok(())
    }
}
