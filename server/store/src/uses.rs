//! Who shares a reusable budget.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Alias, Asterisk, Expr, ExprTrait, Query};

use crate::error::bounded;
use crate::search::literal;
use crate::{Store, StoreError};

/// Tables with a column `budget_id`, and what is in them.
const SHARERS: [(&str, &str); 7] = [
    ("organisations", "organisations"),
    ("teams", "teams"),
    ("users", "users"),
    ("memberships", "members"),
    ("virtual_keys", "keys"),
    ("customers", "customers"),
    ("tags", "tags"),
];

/// How many living things of each kind share a budget; kinds without any are missing.
pub type Sharers = Vec<(&'static str, i64)>;

impl Store {
    /// Who shares each of these budgets; one that nobody shares is missing.
    pub async fn sharers(&self, budgets: &[String]) -> Result<BTreeMap<String, Sharers>, StoreError> {
        let mut all: BTreeMap<String, Sharers> = BTreeMap::new();
        if budgets.is_empty() {
            return Ok(all);
        }
        for (table, kind) in SHARERS {
            let column = || Alias::new("budget_id");
            let mut statement = Query::select();
            statement
                .column(column())
                .expr(Expr::col(Asterisk).count())
                .from(Alias::new(table))
                .and_where(Expr::col(Alias::new("deleted_at")).is_null())
                .and_where(Expr::col(column()).is_in(budgets.iter().map(|id| literal(id).into_owned())))
                .group_by_col(column());
            for row in bounded(self.readers.query_all(&statement)).await? {
                let (budget, count): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
                all.entry(budget).or_default().push((kind, count));
            }
        }
        Ok(all)
    }
}
