//! Writing the ledger: whole batches in one transaction, each line once, and the sums with them.
//!
//! This is what every call costs in the background, so it goes past the ORM: rows are bound straight to prepared
//! statements of many rows each. Passing a batch as one JSON text was measured too; SQLite takes three times as
//! long to pick it apart.

mod adjust;
pub mod bulk;
pub mod cost_lines;
mod granted;
mod latest;
mod rollup;
mod rows;
mod spent;
mod sums;
pub mod units;
mod verify;

pub use adjust::{Adjustment, Progress, Repriceable};
use std::collections::HashSet;
use std::time::Duration;

use tollgate_domain::charge::{Charge, Refusal};

use crate::error::within;
use crate::{Store, StoreError};
use bulk::Connection;
use rollup::Rollup;
pub use rows::indexed;
pub use verify::{LedgerReport, MOST_TOLD};

/// A batch may wait for as long: its lines are safe in the journal.
const LIMIT: Duration = Duration::from_secs(60);

/// Lines for the ledger. A batch, or parts of it, may be given again: each line is kept once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LedgerBatch {
    pub charges: Vec<Charge>,
    pub refusals: Vec<Refusal>,
}

impl LedgerBatch {
    pub fn len(&self) -> usize {
        self.charges.len() + self.refusals.len()
    }

    pub fn is_empty(&self) -> bool {
        self.charges.is_empty() && self.refusals.is_empty()
    }
}

impl Store {
    /// Writes a batch and adds it to every sum, all or nothing. Lines whose id is in the ledger already are left out, of
    /// the sums too.
    ///
    /// Nothing that a caller or a provider can put into a line makes the batch fail: texts are cut and cleaned where a
    /// database could refuse them, and sums stop at a ceiling.
    pub async fn append_ledger(&self, batch: &LedgerBatch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        within(LIMIT, async { if self.append_new(batch).await? { Ok(()) } else { self.append_missing(batch).await } })
            .await
    }

    /// The usual case: every line is new. `false`, and nothing changed: some are not.
    async fn append_new(&self, batch: &LedgerBatch) -> Result<bool, StoreError> {
        let mut tx = Connection::begin(&self.writer, self.is_postgres()).await?;
        let inserted = rows::insert_charges(&mut tx, &batch.charges).await?
            + rows::REFUSALS.insert(&mut tx, &batch.refusals, rows::bind_refusal).await?;
        if inserted != batch.len() as u64 {
            tx.rollback().await?;
            return Ok(false);
        }
        rows::insert_tags(&mut tx, &batch.charges).await?;
        Rollup::of(&batch.charges, &batch.refusals).write(&mut tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// After a crash: asks the database which lines it really took, and adds up only those.
    async fn append_missing(&self, batch: &LedgerBatch) -> Result<(), StoreError> {
        let mut tx = Connection::begin(&self.writer, self.is_postgres()).await?;
        let charges = rows::insert_charges_returning(&mut tx, &batch.charges).await?;
        let refusals = rows::REFUSALS.insert_returning(&mut tx, &batch.refusals, rows::bind_refusal).await?;
        let charges = pick(&batch.charges, charges, |charge| charge.id.to_string());
        let refusals = pick(&batch.refusals, refusals, |refusal| refusal.id.to_string());
        tracing::info!(
            given = batch.len(),
            written = charges.len() + refusals.len(),
            "some lines were in the ledger already"
        );
        rows::insert_tags(&mut tx, charges.iter().copied()).await?;
        Rollup::of(charges, refusals).write(&mut tx).await?;
        tx.commit().await
    }
}

/// The rows whose ids are in `ids`, each once.
fn pick<T>(rows: &[T], ids: Vec<String>, id: impl Fn(&T) -> String) -> Vec<&T> {
    let mut left: HashSet<_> = ids.into_iter().collect();
    rows.iter().filter(|row| left.remove(&id(row))).collect()
}
