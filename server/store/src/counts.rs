//! How many of something hang on each of some things: for lists.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query};
use tollgate_domain::actor::Visible;

use crate::error::bounded;
use crate::search::visible_condition;
use crate::{Store, StoreError};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Keys,
    Memberships,
    Teams,
}

/// What it hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedBy {
    User,
    Team,
    Organisation,
}

impl Store {
    /// Of the living ones that may be seen, how many belong to each of these; who has none is missing.
    pub async fn count_by(
        &self,
        visible: &Visible,
        counted: Counted,
        by: CountedBy,
        ids: &[String],
    ) -> Result<HashMap<String, i64>, StoreError> {
        if ids.is_empty() || visible.is_nothing() {
            return Ok(HashMap::new());
        }
        let table = match counted {
            Counted::Keys => "virtual_keys",
            Counted::Memberships => "memberships",
            Counted::Teams => "teams",
        };
        let column = Alias::new(match by {
            CountedBy::User => "user_id",
            CountedBy::Team => "team_id",
            CountedBy::Organisation => "organisation_id",
        });
        let mut statement = Query::select();
        statement
            .column(column.clone())
            .expr(Expr::col(Asterisk).count())
            .from(Alias::new(table))
            .and_where(Expr::col(Alias::new("deleted_at")).is_null())
            .and_where(Expr::col(column.clone()).is_in(ids.iter().map(String::as_str)))
            .group_by_col(column);
        if let Some(condition) = visible_condition(visible, "id") {
            statement.cond_where(condition);
        }
        let rows = bounded(self.readers.query_all(&statement)).await?;
        let pairs = rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)));
        pairs.collect::<Result<_, sea_orm::DbErr>>().map_err(StoreError::from)
    }
}
