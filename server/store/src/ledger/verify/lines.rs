//! Reading the charges and refusals of a day, and looking at each.

use tollgate_domain::ids::smallest_uuid_of;
use tollgate_domain::price::CostLine;
use tollgate_domain::{Nanos, Timestamp};

use super::expected::Day;
use super::snapshot::{Row, Snapshot};
use super::{Books, day_of, moment_of, start_of};
use crate::StoreError;
use crate::ledger::cost_lines;
use crate::sql::Binds;

/// Lines that are read by one statement.
const PART: usize = 10_000;

const CHARGES: &str = "SELECT id, started_at, key_id, ownership_id, model, provider, outcome, certainty, input_tokens, \
    output_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, cost_nanos, \
    CAST(latency_bucket AS BIGINT), end_user, tags, cost_lines, adjusts FROM charges";

const REFUSALS: &str = "SELECT id, at, key_id, ownership_id FROM refusals";

/// What sums are made of, of a charge.
pub struct ChargeLine<'r> {
    id: &'r str,
    pub started_at: Timestamp,
    pub key_id: &'r str,
    pub ownership_id: i64,
    pub model: &'r str,
    pub provider: &'r str,
    pub outcome: &'r str,
    pub certainty: &'r str,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_tokens: i64,
    pub cache_write_1h_tokens: i64,
    pub cost: Nanos,
    pub latency_bucket: i64,
    pub end_user: Option<&'r str>,
    tags: Option<&'r str>,
    cost_lines: Option<&'r str>,
    /// The charge that it is an adjusting entry of.
    adjusts: Option<&'r str>,
}

impl<'r> ChargeLine<'r> {
    fn of(row: Row<'r>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text(0)?,
            started_at: Timestamp(row.int(1)?),
            key_id: row.text(2)?,
            ownership_id: row.int(3)?,
            model: row.text(4)?,
            provider: row.text(5)?,
            outcome: row.text(6)?,
            certainty: row.text(7)?,
            input_tokens: row.int(8)?,
            output_tokens: row.int(9)?,
            cache_read_tokens: row.int(10)?,
            cache_write_tokens: row.int(11)?,
            cache_write_1h_tokens: row.int(12)?,
            cost: Nanos(row.int(13)?),
            latency_bucket: row.int(14)?,
            end_user: row.maybe_text(15)?,
            tags: row.maybe_text(16)?,
            cost_lines: row.maybe_text(17)?,
            adjusts: row.maybe_text(18)?,
        })
    }

    fn tags(&self) -> Option<Vec<String>> {
        self.tags.map_or(Some(Vec::new()), |tags| serde_json::from_str(tags).ok())
    }

    /// Whether it is money alone, and no call.
    pub fn is_adjustment(&self) -> bool {
        self.adjusts.is_some()
    }

    /// Why the cost is not that of its lines.
    fn wrong_cost(&self) -> Option<String> {
        let Some(lines) = cost_lines::parse(self.cost_lines) else {
            return Some("the lines of its cost can't be read".to_owned());
        };
        if lines.is_empty() {
            return None;
        }
        let picos = lines.iter().map(CostLine::picos).fold(0, i128::saturating_add);
        match Nanos::from_picos_rounded_up(picos) {
            Some(cost) if cost == self.cost => None,
            Some(cost) => Some(format!("cost_nanos is {} and should be {}, the sum of its lines", self.cost.0, cost.0)),
            None => Some("the sum of the lines of its cost is too large".to_owned()),
        }
    }
}

/// What sums are made of, of a refusal.
pub struct RefusalLine<'r> {
    pub at: Timestamp,
    pub key_id: &'r str,
    pub ownership_id: i64,
}

/// Adds up the lines of a day, and checks each.
pub async fn read_day(snapshot: &mut Snapshot, books: &mut Books, day: i64) -> Result<Day, StoreError> {
    let mut sums = Day::default();
    let mut ids = Ids::of(day);
    while let Some(binds) = ids.next_part() {
        let each = |row: Row<'_>| {
            let charge = ChargeLine::of(row)?;
            let tags = charge.tags();
            ids.saw(charge.id);
            books.check_charge(&charge, tags.as_deref());
            books.check_moment("charges", "started_at", charge.id, charge.started_at);
            if day_of(charge.started_at) == day {
                sums.add_charge(&mut books.names, day, &charge, &tags.unwrap_or_default());
            }
            Ok(())
        };
        snapshot.each(&part_of(CHARGES), &binds, each).await?;
    }
    let mut ids = Ids::of(day);
    while let Some(binds) = ids.next_part() {
        let each = |row: Row<'_>| {
            let id = row.text(0)?;
            let refusal = RefusalLine { at: Timestamp(row.int(1)?), key_id: row.text(2)?, ownership_id: row.int(3)? };
            ids.saw(id);
            books.report.refusals += 1;
            books.check_moment("refusals", "at", id, refusal.at);
            if day_of(refusal.at) == day {
                sums.add_refusal(&mut books.names, &refusal);
            }
            Ok(())
        };
        snapshot.each(&part_of(REFUSALS), &binds, each).await?;
    }
    Ok(sums)
}

fn part_of(select: &str) -> String {
    format!("{select} WHERE id > $1 AND id < $2 ORDER BY id LIMIT {PART}")
}

/// The ids of a day, in parts.
struct Ids {
    after: String,
    until: String,
    /// Rows of the part that is read; `None`: none was.
    rows: Option<usize>,
}

impl Ids {
    fn of(day: i64) -> Self {
        let id = |day| smallest_uuid_of(start_of(day)).to_string();
        Self { after: id(day), until: id(day.saturating_add(1)), rows: None }
    }

    fn next_part(&mut self) -> Option<Binds> {
        if self.rows.replace(0).is_some_and(|rows| rows < PART) {
            return None;
        }
        let mut binds = Binds::default();
        binds.add(self.after.as_str());
        binds.add(self.until.as_str());
        Some(binds)
    }

    fn saw(&mut self, id: &str) {
        let rows = self.rows.insert(self.rows.unwrap_or_default() + 1);
        if *rows == PART {
            id.clone_into(&mut self.after);
        }
    }
}

impl Books {
    fn check_charge(&mut self, charge: &ChargeLine<'_>, tags: Option<&[String]>) {
        let report = &mut self.report;
        if charge.is_adjustment() {
            report.adjustments += 1;
        } else {
            report.charges += 1;
        }
        report.cost = Nanos(report.cost.0.saturating_add(charge.cost.0));
        // An adjusting entry's lines are those of the charge with all its entries: they are looked at together.
        if !charge.is_adjustment()
            && let Some(wrong) = charge.wrong_cost()
        {
            report.disagree(|| format!("charges (id {:?}): {wrong}", charge.id));
        }
        match tags {
            Some(tags) => {
                let mut tags: Vec<_> = tags.iter().collect();
                tags.sort_unstable();
                tags.dedup();
                self.tags += tags.len() as u64;
            }
            None => report.disagree(|| format!("charges (id {:?}): its tags can't be read", charge.id)),
        }
    }

    /// Whether a line's id is of its moment: stretches of time are read as stretches of ids.
    fn check_moment(&mut self, table: &str, column: &str, id: &str, at: Timestamp) {
        // Ids don't go before 1970.
        let millisecond = Timestamp(at.0.max(0).div_euclid(1000) * 1000);
        if moment_of(id) != Some(millisecond) {
            self.report
                .disagree(|| format!("{table} (id {id:?}): {column} is {}, and its id is of another time", at.0));
        }
    }
}
