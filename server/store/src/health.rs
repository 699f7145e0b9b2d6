//! How the deployments do, from the last hour's calls.

use std::collections::HashMap;

use tollgate_domain::Timestamp;
use tollgate_domain::summary::{Health, HealthState};

use crate::calls::ids_between;
use crate::sql::Binds;
use crate::{Store, StoreError};

/// A deployment is down when so many calls in a row failed.
const IN_A_ROW: i64 = 3;

/// What counts against a deployment: not that the gateway was stopped, nor that it turned down what the caller sent.
const FAULT: &str = "(outcome NOT IN ('success', 'interrupted') \
                     AND NOT (outcome = 'upstream_error' AND status IN (400, 413, 415, 422)))";

impl Store {
    /// Every deployment that was called within the hour before `now`, by its id.
    pub async fn deployment_health(&self, now: Timestamp) -> Result<HashMap<String, Health>, StoreError> {
        let since = now.plus_seconds(-3600);
        let recent = |binds: &mut Binds| {
            let mut all = ids_between(binds, Some(since), None);
            all.add(format!("started_at >= {}", binds.add(since.0)));
            all.add("adjusts IS NULL".to_owned());
            all
        };
        let mut binds = Binds::default();
        let lines = recent(&mut binds);
        let sql = format!(
            "SELECT deployment_id, COUNT(*), CAST(SUM(fault) AS BIGINT), MAX(started_at), \
                    CAST(SUM(CASE WHEN place <= {IN_A_ROW} THEN 1 - fault ELSE 0 END) AS BIGINT) \
             FROM (SELECT deployment_id, started_at, CASE WHEN {FAULT} THEN 1 ELSE 0 END AS fault, \
                          ROW_NUMBER() OVER (PARTITION BY deployment_id ORDER BY id DESC) AS place \
                   FROM charges WHERE {lines}) AS calls \
             GROUP BY deployment_id"
        );
        let mut all = HashMap::new();
        for row in self.read(&sql, binds).await? {
            let (id, calls, errors, last, recent_good): (String, i64, i64, i64, i64) = (
                row.try_get_by_index(0)?,
                row.try_get_by_index(1)?,
                row.try_get_by_index(2)?,
                row.try_get_by_index(3)?,
                row.try_get_by_index(4)?,
            );
            let state = match errors {
                0 => HealthState::Healthy,
                _ if recent_good == 0 => HealthState::Down,
                _ => HealthState::Degraded,
            };
            all.insert(id, Health { state, calls, errors, last_call_at: Some(Timestamp(last)), last_error: None });
        }
        let mut binds = Binds::default();
        let lines = recent(&mut binds);
        let sql = format!(
            "SELECT deployment_id, error \
             FROM (SELECT deployment_id, error, \
                          ROW_NUMBER() OVER (PARTITION BY deployment_id ORDER BY id DESC) AS place \
                   FROM charges WHERE {lines} AND outcome <> 'success' AND {FAULT}) AS calls \
             WHERE place = 1"
        );
        for row in self.read(&sql, binds).await? {
            let id: String = row.try_get_by_index(0)?;
            if let Some(health) = all.get_mut(&id) {
                health.last_error = row.try_get_by_index(1)?;
            }
        }
        Ok(all)
    }
}
