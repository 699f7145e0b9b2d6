//! The audit log: appended to, read, and verified.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tollgate_domain::audit::{AuditEvent, GENESIS};

use crate::entity::audit_event::{self, Column, Entity};
use crate::error::bounded;
use crate::{LARGEST_PAGE, Store, StoreError, Tx};

/// A line of the log in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Consecutive from 1.
    pub seq: i64,
    pub event: AuditEvent,
    pub hash: String,
}

/// What the chain of hashes says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Every line is as it was written and none is missing before the last. Lines cut off at the end don't show: keep
    /// `last_hash` elsewhere to see that too.
    Intact { lines: i64, last_hash: String },
    /// The first line that does not fit, and why.
    Broken { seq: i64, reason: String },
}

impl Tx {
    /// Adds a line to the log.
    pub async fn append_audit(&self, event: &AuditEvent) -> Result<(), StoreError> {
        // Nobody else appends meanwhile: see `Tx`.
        let last = Entity::find()
            .select_only()
            .columns([Column::Seq, Column::Hash])
            .order_by_desc(Column::Seq)
            .limit(1)
            .into_tuple::<(i64, String)>();
        let (seq, hash) = bounded(last.one(&self.db)).await?.unwrap_or_else(|| (0, GENESIS.to_owned()));
        let row = audit_event::row(seq + 1, event, hash);
        bounded(Entity::insert(row).exec_without_returning(&self.db)).await.map(drop)
    }
}

impl Store {
    /// The lines after the one numbered `after` (0: from the first), oldest first.
    pub async fn audit_lines(&self, after: i64, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        let rows = self.audit_rows(after, limit).await?;
        rows.into_iter().map(|row| Ok(AuditLine { seq: row.seq, event: row.event()?, hash: row.hash })).collect()
    }

    /// Reads the whole chain, a page at a time, and tells the first line that does not fit.
    pub async fn verify_audit(&self) -> Result<AuditVerdict, StoreError> {
        let (mut seq, mut hash) = (0, GENESIS.to_owned());
        loop {
            let rows = self.audit_rows(seq, LARGEST_PAGE).await?;
            if rows.is_empty() {
                return Ok(AuditVerdict::Intact { lines: seq, last_hash: hash });
            }
            for row in rows {
                let broken = |reason: &str| Ok(AuditVerdict::Broken { seq: seq + 1, reason: reason.to_owned() });
                if row.seq != seq + 1 {
                    return broken("the line is missing");
                }
                if row.prev_hash != hash {
                    return broken("the line does not follow the one before it");
                }
                let Ok(event) = row.event() else { return broken("the line can't be read") };
                if row.hash != event.chain_hash(&hash) {
                    return broken("the line was changed");
                }
                (seq, hash) = (row.seq, row.hash);
            }
        }
    }

    async fn audit_rows(&self, after: i64, limit: u32) -> Result<Vec<audit_event::Model>, StoreError> {
        let query = Entity::find()
            .filter(Column::Seq.gt(after))
            .order_by_asc(Column::Seq)
            .limit(u64::from(limit.clamp(1, LARGEST_PAGE)));
        bounded(query.all(&self.readers)).await
    }
}
