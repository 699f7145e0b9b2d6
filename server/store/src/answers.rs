//! Answers to requests that may be sent again.

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict, Query};
use tollgate_domain::Timestamp;

use crate::error::bounded;
use crate::{Store, StoreError};

/// What is known of a request that came before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierAnswer {
    pub request_hash: String,
    /// 0: it is under way, or the process ended in its midst.
    pub status: i64,
    /// As it was given to [`Store::keep_answer`].
    pub answer: String,
    pub created_at: Timestamp,
}

fn table() -> Alias {
    Alias::new("idempotent_answers")
}

fn col(name: &'static str) -> Expr {
    Expr::col(Alias::new(name))
}

impl Store {
    /// Takes the id for a request that begins now, or tells of the one that has it. What is older than `forget_before`
    /// is forgotten.
    pub async fn begin_answer(
        &self,
        id: &str,
        request_hash: &str,
        now: Timestamp,
        forget_before: Timestamp,
    ) -> Result<Option<EarlierAnswer>, StoreError> {
        let mut forget = Query::delete();
        forget.from_table(table()).and_where(col("created_at").lt(forget_before.0));
        bounded(self.writer.execute(&forget)).await?;
        let mut insert = Query::insert();
        insert
            .into_table(table())
            .columns(["id", "request_hash", "status", "answer", "created_at"].map(Alias::new))
            .values_panic([Expr::val(id), Expr::val(request_hash), Expr::val(0_i64), Expr::val(""), Expr::val(now.0)])
            .on_conflict(OnConflict::new().do_nothing().to_owned());
        if bounded(self.writer.execute(&insert)).await?.rows_affected() > 0 {
            return Ok(None);
        }
        let mut select = Query::select();
        select
            .columns(["request_hash", "status", "answer", "created_at"].map(Alias::new))
            .from(table())
            .and_where(col("id").eq(id));
        // Gone in between: whoever had it did nothing, and says so by a conflict.
        let Some(row) = bounded(self.writer.query_one(&select)).await? else {
            return Ok(Some(EarlierAnswer {
                request_hash: request_hash.to_owned(),
                status: 0,
                answer: String::new(),
                created_at: now,
            }));
        };
        Ok(Some(EarlierAnswer {
            request_hash: row.try_get_by_index(0)?,
            status: row.try_get_by_index(1)?,
            answer: row.try_get_by_index(2)?,
            created_at: Timestamp(row.try_get_by_index(3)?),
        }))
    }

    /// Keeps the answer of a request that has ended. It may hold secrets: the caller encrypts it.
    pub async fn keep_answer(&self, id: &str, status: i64, answer: &str) -> Result<(), StoreError> {
        let mut update = Query::update();
        update
            .table(table())
            .value(Alias::new("status"), status)
            .value(Alias::new("answer"), answer)
            .and_where(col("id").eq(id));
        bounded(self.writer.execute(&update)).await.map(drop)
    }

    /// Gives the id back: the request did nothing.
    pub async fn drop_answer(&self, id: &str) -> Result<(), StoreError> {
        let mut delete = Query::delete();
        delete.from_table(table()).and_where(col("id").eq(id));
        bounded(self.writer.execute(&delete)).await.map(drop)
    }
}
