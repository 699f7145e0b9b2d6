//! The audit log: appended to, read, and verified.

use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tollgate_domain::Timestamp;
use tollgate_domain::audit::{AuditEvent, GENESIS};
use tollgate_domain::page::{Cursor, Page};

use crate::entity::audit_event::{self, Column, Entity};
use crate::error::bounded;
use crate::search::{begins_with, contains, literal};
use crate::{LARGEST_PAGE, Store, StoreError, Tx};

/// A line of the log in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Consecutive from 1.
    pub seq: i64,
    pub event: AuditEvent,
    pub hash: String,
}

/// Which lines: all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditFilter {
    /// A whole actor, resource id or request id; or part of what was written, whatever the case.
    pub search: Option<String>,
    pub actor: Option<String>,
    /// `key.create`; or `key.*` for all that was done to keys.
    pub action: Option<String>,
    pub resource_kind: Option<String>,
    pub resource_id: Option<String>,
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    fn condition(&self) -> Condition {
        let eq = |column: Column, value: &Option<String>| value.as_deref().map(|value| column.eq(literal(value)));
        let action = self.action.as_deref().map(|action| match action.strip_suffix('*') {
            Some(start) => Expr::col(Column::Action).like(begins_with(start)),
            None => Column::Action.eq(literal(action)),
        });
        let search = self.search.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(|text| {
            let part = |column: Column| Expr::expr(Func::lower(Expr::col(column))).like(contains(text));
            Condition::any()
                .add(Column::Actor.eq(literal(text)))
                .add(Column::ResourceId.eq(literal(text)))
                .add(Column::RequestId.eq(literal(text)))
                .add(part(Column::Before))
                .add(part(Column::After))
        });
        Condition::all()
            .add_option(search)
            .add_option(eq(Column::Actor, &self.actor))
            .add_option(action)
            .add_option(eq(Column::ResourceKind, &self.resource_kind))
            .add_option(eq(Column::ResourceId, &self.resource_id))
            .add_option(self.since.map(|at| Column::At.gte(at.0)))
            .add_option(self.until.map(|at| Column::At.lt(at.0)))
    }
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
    /// A page of lines, newest first; the cursor's `at` is the number of the page's last line.
    pub async fn list_audit(
        &self,
        filter: &AuditFilter,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<AuditLine>, StoreError> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        let query = Entity::find()
            .filter(filter.condition().add_option(cursor.map(|cursor| Column::Seq.lt(cursor.at))))
            .order_by_desc(Column::Seq)
            .limit(u64::from(limit) + 1);
        let mut rows = bounded(query.all(&self.readers)).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|last| Cursor { at: last.seq, id: last.id.clone() }.encode());
        Ok(Page { items: rows.into_iter().map(line).collect::<Result<_, _>>()?, next })
    }

    /// The line with this id.
    pub async fn find_audit(&self, id: &str) -> Result<Option<AuditLine>, StoreError> {
        bounded(Entity::find().filter(Column::Id.eq(literal(id))).one(&self.readers)).await?.map(line).transpose()
    }

    /// The lines that match after the one numbered `after` (0: from the first), oldest first: for exports.
    pub async fn audit_after(
        &self,
        filter: &AuditFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AuditLine>, StoreError> {
        let query = Entity::find()
            .filter(filter.condition().add(Column::Seq.gt(after)))
            .order_by_asc(Column::Seq)
            .limit(u64::from(limit.clamp(1, LARGEST_PAGE)));
        bounded(query.all(&self.readers)).await?.into_iter().map(line).collect()
    }

    /// How many lines match.
    pub async fn count_audit(&self, filter: &AuditFilter) -> Result<u64, StoreError> {
        bounded(Entity::find().filter(filter.condition()).count(&self.readers)).await
    }

    /// The lines after the one numbered `after` (0: from the first), oldest first.
    pub async fn audit_lines(&self, after: i64, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        let rows = self.audit_rows(after, limit).await?;
        rows.into_iter().map(line).collect()
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

fn line(row: audit_event::Model) -> Result<AuditLine, StoreError> {
    Ok(AuditLine { seq: row.seq, event: row.event()?, hash: row.hash })
}
