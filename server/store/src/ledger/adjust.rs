//! Adjusting entries: what is put right of charges, which themselves are never changed.

use std::sync::Arc;

use sea_orm::QueryResult;
use tollgate_domain::actor::Visible;
use tollgate_domain::charge::{Charge, Operation, Outcome};
use tollgate_domain::ids::{ChargeId, KeyId};
use tollgate_domain::price::CostLine;
use tollgate_domain::summary::RequestFilter;
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Nanos, Timestamp};

use super::bulk::Connection;
use super::rollup::Rollup;
use super::{LIMIT, cost_lines, rows, units};
use crate::calls::{Order, Search, Side};
use crate::error::within;
use crate::labels::MASTER_KEY;
use crate::sql::Binds;
use crate::{LARGEST_PART, Store, StoreError};

/// A charge that may be priced anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Repriceable {
    pub charge: Charge,
    /// Empty: none.
    pub team: String,
    /// Its adjusting entries so far.
    pub entries: i64,
    /// Their sum.
    pub adjusted: Nanos,
}

impl Repriceable {
    /// What it costs with its entries.
    pub fn cost(&self) -> Nanos {
        Nanos(self.charge.cost.0.saturating_add(self.adjusted.0))
    }
}

/// An adjusting entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjustment {
    /// The charge that it is of, but for its own id, its number among the charge's entries as the attempt, what it adds
    /// as the cost, and the lines of what the charge costs with it. It used nothing.
    pub charge: Charge,
    pub adjusts: ChargeId,
    pub run_id: String,
}

impl Adjustment {
    /// The entry with this id that makes the charge cost `total`, of these lines.
    pub fn of(
        of: &Repriceable,
        id: ChargeId,
        run_id: &str,
        (total, lines): (Nanos, Vec<CostLine>),
        source: &str,
    ) -> Self {
        let before = &of.charge;
        let charge = Charge {
            id,
            call_id: Some(before.call_id().into_owned()),
            attempt: of.entries + 1,
            usage: Usage::default(),
            cost: Nanos(total.0.saturating_sub(of.cost().0)),
            cost_lines: lines,
            price_source: Some(source.into()),
            duration_us: 0,
            first_byte_us: None,
            error: None,
            upstream_id: None,
            ..before.clone()
        };
        Self { charge, adjusts: before.id, run_id: run_id.to_owned() }
    }
}

/// What a run did with a part of the charges.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    pub run_id: &'a str,
    /// Where the part began: the run must stand there.
    pub from: &'a str,
    /// The last charge of the part.
    pub to: &'a str,
    pub charges: u64,
    pub at: Timestamp,
}

const COLUMNS: &str = "call.id, call_id, attempt, started_at, key_id, ownership_id, operation, model, deployment_id, \
    provider, upstream_model, streamed, outcome, CAST(status AS BIGINT), certainty, input_tokens, cache_read_tokens, \
    cache_write_tokens, cache_write_1h_tokens, audio_input_tokens, image_input_tokens, output_tokens, \
    reasoning_tokens, audio_output_tokens, image_output_tokens, cost_nanos, cost_lines, client_left, end_user, tags, \
    COALESCE(whose.team, ''), \
    (SELECT COUNT(*) FROM charges AS entry WHERE entry.adjusts = call.id), \
    (SELECT CAST(COALESCE(SUM(entry.cost_nanos), 0) AS BIGINT) FROM charges AS entry WHERE entry.adjusts = call.id), \
    units, instead_of";

const JOINS: &str = " LEFT JOIN (SELECT id AS owners, user_id, team_id, organisation_id, team_id AS team \
                     FROM ownerships) AS whose ON whose.owners = call.ownership_id";

fn repriceable(row: &QueryResult) -> Result<Repriceable, StoreError> {
    let text = |place: usize| row.try_get_by_index::<String>(place);
    let maybe = |place: usize| row.try_get_by_index::<Option<String>>(place);
    let int = |place: usize| row.try_get_by_index::<i64>(place);
    let tokens = |place: usize| int(place).map(|count| u64::try_from(count).unwrap_or_default());
    let shared = |place: usize| text(place).map(Arc::<str>::from);
    let id = text(0)?;
    let bad = |what: &str| StoreError::corrupt("charges", id.clone(), &what);
    let key = text(4)?;
    let charge = Charge {
        id: ChargeId::parse(&id).ok_or_else(|| bad("the id"))?,
        call_id: maybe(1)?,
        attempt: int(2)?,
        started_at: Timestamp(int(3)?),
        key_id: (key != MASTER_KEY).then(|| KeyId::parse(&key).ok_or_else(|| bad("the key"))).transpose()?,
        ownership_id: int(5)?,
        operation: Operation::parse(&text(6)?).ok_or_else(|| bad("the operation"))?,
        model: shared(7)?,
        deployment_id: shared(8)?,
        provider: shared(9)?,
        upstream_model: shared(10)?,
        streamed: row.try_get_by_index(11)?,
        outcome: Outcome::parse(&text(12)?).ok_or_else(|| bad("the outcome"))?,
        status: u16::try_from(int(13)?).map_err(|_| bad("the status"))?,
        error: None,
        certainty: Certainty::parse(&text(14)?).ok_or_else(|| bad("the certainty"))?,
        usage: Usage {
            input: tokens(15)?,
            cache_read: tokens(16)?,
            cache_write: tokens(17)?,
            cache_write_1h: tokens(18)?,
            audio_input: tokens(19)?,
            image_input: tokens(20)?,
            output: tokens(21)?,
            reasoning: tokens(22)?,
            audio_output: tokens(23)?,
            image_output: tokens(24)?,
            units: units::parse(maybe(33)?.as_deref()).ok_or_else(|| bad("the units"))?,
        },
        // Nothing reads it here.
        reserved: Nanos::ZERO,
        cost: Nanos(int(25)?),
        cost_lines: cost_lines::parse(maybe(26)?.as_deref()).ok_or_else(|| bad("the lines of its cost"))?,
        price_source: None,
        duration_us: 0,
        first_byte_us: None,
        client_left: row.try_get_by_index(27)?,
        instead_of: maybe(34)?.map(Arc::from),
        upstream_id: None,
        end_user: maybe(28)?,
        tags: maybe(29)?.map_or(Ok(Vec::new()), |tags| serde_json::from_str(&tags)).map_err(|_| bad("the tags"))?,
    };
    Ok(Repriceable { charge, team: text(30)?, entries: int(31)?, adjusted: Nanos(int(32)?) })
}

impl Store {
    /// The charges that match after the one with the id `after`, oldest first, at most `limit` ([`LARGEST_PART`]): fewer
    /// are the last. With their entries as they are at the moment.
    pub async fn repriceable(
        &self,
        filter: &RequestFilter,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Repriceable>, StoreError> {
        let limit = limit.clamp(1, LARGEST_PART);
        let search = Search::new(Side::Charges, &Visible::All, filter, Order::OldestFirst, after, limit);
        if search.is_nothing() {
            return Ok(Vec::new());
        }
        let (sql, binds) = search.single(COLUMNS, JOINS);
        self.read(&sql, binds).await?.iter().map(repriceable).collect()
    }

    /// Writes entries, adds them to every sum, and moves the run on, all or nothing. `false`, and nothing changed: the
    /// run is no longer where it was, or somebody else has written an entry with one of these ids: what was read of the
    /// charges no longer holds.
    pub async fn append_adjustments(&self, entries: &[Adjustment], progress: Progress<'_>) -> Result<bool, StoreError> {
        within(LIMIT, self.append_entries(entries, progress)).await
    }

    async fn append_entries(&self, entries: &[Adjustment], progress: Progress<'_>) -> Result<bool, StoreError> {
        let mut tx = Connection::begin(&self.writer, self.is_postgres()).await?;
        let written = rows::insert_adjustments(&mut tx, entries).await?;
        let difference = entries.iter().fold(0_i64, |sum, entry| sum.saturating_add(entry.charge.cost.0));
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let mut binds = Binds::default();
        let sql = format!(
            "UPDATE repricings SET after_id = {}, charges = charges + {}, adjusted = adjusted + {}, \
             difference_nanos = difference_nanos + {}, updated_at = {} \
             WHERE id = {} AND state = 'running' AND after_id = {}",
            binds.add(progress.to),
            binds.add(count(progress.charges)),
            binds.add(count(written)),
            binds.add(difference),
            binds.add(progress.at.0),
            binds.add(progress.run_id),
            binds.add(progress.from),
        );
        // The order of the parameters is that of the text: SQLite's and PostgreSQL's alike.
        let moved = tx.run(&sql, binds).await?;
        if written != entries.len() as u64 || moved != 1 {
            tx.rollback().await?;
            return Ok(false);
        }
        let charges = || entries.iter().map(|entry| &entry.charge);
        rows::insert_tags(&mut tx, charges()).await?;
        Rollup::of_adjustments(charges()).write(&mut tx).await?;
        tx.commit().await?;
        Ok(true)
    }
}
