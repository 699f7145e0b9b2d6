//! Runs that price charges anew.

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use tollgate_domain::repricing::{RepricingRun, RunState};
use tollgate_domain::{Nanos, Timestamp};

use crate::error::bounded;
use crate::sql::Binds;
use crate::{Store, StoreError, Tx};

const COLUMNS: &str =
    "id, state, body, after_id, charges, adjusted, difference_nanos, created_at, created_by, updated_at";

fn run(row: &QueryResult) -> Result<RepricingRun, StoreError> {
    let text = |place: usize| row.try_get_by_index::<String>(place);
    let int = |place: usize| row.try_get_by_index::<i64>(place);
    let count = |place: usize| int(place).map(|count| u64::try_from(count).unwrap_or_default());
    let id = text(0)?;
    let bad = |what: &str| StoreError::corrupt("repricings", id.clone(), &what);
    Ok(RepricingRun {
        state: RunState::parse(&text(1)?).ok_or_else(|| bad("the state"))?,
        order: serde_json::from_str(&text(2)?).map_err(|_| bad("what was asked for"))?,
        after: text(3)?,
        charges: count(4)?,
        adjusted: count(5)?,
        difference: Nanos(int(6)?),
        created_at: Timestamp(int(7)?),
        created_by: text(8)?,
        updated_at: Timestamp(int(9)?),
        id,
    })
}

impl Tx {
    pub(crate) async fn execute(&self, sql: &str, binds: Binds) -> Result<u64, StoreError> {
        let values = binds.into_values().into_iter().map(Value::from);
        let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, values);
        Ok(bounded(self.db.execute_raw(statement)).await?.rows_affected())
    }

    /// Begins a run.
    pub async fn insert_repricing(&self, run: &RepricingRun) -> Result<(), StoreError> {
        let body = serde_json::to_string(&run.order).map_err(|e| StoreError::corrupt("repricings", &*run.id, &e))?;
        let mut binds = Binds::default();
        let places = [
            binds.add(run.id.as_str()),
            binds.add(run.state.as_str()),
            binds.add(body),
            binds.add(run.after.as_str()),
            binds.add(run.created_at.0),
            binds.add(run.created_by.as_str()),
            binds.add(run.updated_at.0),
        ];
        let places = places.map(|place| place.to_string()).join(", ");
        let sql = format!(
            "INSERT INTO repricings (id, state, body, after_id, created_at, created_by, updated_at) VALUES ({places})"
        );
        self.execute(&sql, binds).await.map(drop)
    }

    /// Ends a run; `false`: it had ended.
    pub async fn finish_repricing(&self, id: &str, at: Timestamp) -> Result<bool, StoreError> {
        let mut binds = Binds::default();
        let (at, id) = (binds.add(at.0), binds.add(id));
        let sql =
            format!("UPDATE repricings SET state = 'done', updated_at = {at} WHERE id = {id} AND state = 'running'");
        Ok(self.execute(&sql, binds).await? == 1)
    }
}

impl Store {
    pub async fn repricing(&self, id: &str) -> Result<Option<RepricingRun>, StoreError> {
        let mut binds = Binds::default();
        let sql = format!("SELECT {COLUMNS} FROM repricings WHERE id = {}", binds.add(id));
        self.read(&sql, binds).await?.first().map(run).transpose()
    }

    /// The last runs, newest first.
    pub async fn repricings(&self, limit: u32) -> Result<Vec<RepricingRun>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM repricings ORDER BY created_at DESC, id DESC LIMIT {limit}");
        self.read(&sql, Binds::default()).await?.iter().map(run).collect()
    }

    /// Changes whenever entries are written: for processes that keep sums in memory.
    pub async fn adjustments_mark(&self) -> Result<(i64, i64), StoreError> {
        let sql = "SELECT CAST(COALESCE(SUM(adjusted), 0) AS BIGINT), COALESCE(MAX(updated_at), 0) FROM repricings";
        let rows = self.read(sql, Binds::default()).await?;
        let Some(row) = rows.first() else { return Ok((0, 0)) };
        Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))
    }
}
