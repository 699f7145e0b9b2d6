//! Looking at each charge with its adjusting entries.

use tollgate_domain::Nanos;
use tollgate_domain::price::CostLine;

use super::LedgerReport;
use super::snapshot::{Row, Snapshot};
use crate::StoreError;
use crate::ledger::cost_lines;
use crate::sql::Binds;

/// By charge, and the entries of each in the order in which they were written.
const ENTRIES: &str = "SELECT entry.id, entry.adjusts, entry.attempt, entry.cost_nanos, entry.cost_lines, \
    charge.cost_nanos, CAST(CASE WHEN charge.adjusts IS NULL AND charge.started_at = entry.started_at \
        AND charge.key_id = entry.key_id AND charge.ownership_id = entry.ownership_id AND charge.model = entry.model \
        AND charge.provider = entry.provider AND charge.deployment_id = entry.deployment_id \
        AND COALESCE(charge.end_user, '') = COALESCE(entry.end_user, '') \
        AND COALESCE(charge.tags, '') = COALESCE(entry.tags, '') THEN 1 ELSE 0 END AS BIGINT), \
    CAST(CASE WHEN run.id IS NULL THEN 0 ELSE 1 END AS BIGINT) \
    FROM charges AS entry LEFT JOIN charges AS charge ON charge.id = entry.adjusts \
    LEFT JOIN repricings AS run ON run.id = entry.run_id \
    WHERE entry.adjusts IS NOT NULL ORDER BY entry.adjusts, entry.attempt";

/// Where the entries of a charge stand.
#[derive(Default)]
struct Standing {
    charge: String,
    entries: i64,
    cost: i64,
}

/// Every entry is of a charge that there is, of the same moment and whose; the entries of a charge are numbered without
/// a gap, and what it costs with each is what that entry's lines come to.
pub async fn check(snapshot: &mut Snapshot, report: &mut LedgerReport) -> Result<(), StoreError> {
    let mut standing = Standing::default();
    let each = |row: Row<'_>| {
        let (id, adjusts) = (row.text(0)?, row.text(1)?);
        let mut wrong = |words: String| report.disagree(|| format!("charges (id {id:?}): {words}"));
        let Some(cost) = row.maybe_int(5)? else {
            wrong(format!("it adjusts {adjusts:?}, and there is no such charge"));
            return Ok(());
        };
        if standing.charge != adjusts {
            standing = Standing { charge: adjusts.to_owned(), entries: 0, cost };
        }
        standing.entries += 1;
        standing.cost = standing.cost.saturating_add(row.int(3)?);
        if row.int(2)? != standing.entries {
            wrong(format!(
                "attempt is {} and should be {}, its place among the entries",
                row.int(2)?,
                standing.entries
            ));
        }
        if row.int(6)? == 0 {
            wrong(format!("it is not of the same moment, owner or model as {adjusts:?}, which it adjusts"));
        }
        if row.int(7)? == 0 {
            wrong("the run that wrote it is not known".to_owned());
        }
        let lines = cost_lines::parse(row.maybe_text(4)?);
        let picos = lines.map(|lines| lines.iter().map(CostLine::picos).fold(0, i128::saturating_add));
        match picos.and_then(Nanos::from_picos_rounded_up) {
            Some(total) if total.0 == standing.cost => {}
            Some(total) => {
                wrong(format!("with it the charge costs {} and should cost {}", standing.cost, total.0));
            }
            None => wrong("the lines of its cost can't be read".to_owned()),
        }
        Ok(())
    };
    snapshot.each(ENTRIES, &Binds::default(), each).await
}
