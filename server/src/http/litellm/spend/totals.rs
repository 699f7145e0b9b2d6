//! What users, teams, organisations, customers and tags spent, in the answers about them.

use std::collections::HashMap;

use serde_json::{Map, Value};
use tollgate_control::usage;
use tollgate_domain::Nanos;
use tollgate_domain::report::{Totals, TotalsOf};

use super::super::{Call, LiteLlmError, money};

/// Spend by id.
#[derive(Debug, Default)]
pub struct Spent(HashMap<String, Totals>);

impl Spent {
    pub fn of(&self, id: &str) -> Nanos {
        self.0.get(id).map_or(Nanos::ZERO, |totals| totals.spent)
    }

    pub fn set(&mut self, id: &str, spent: Nanos) {
        self.0.entry(id.to_owned()).or_default().spent = spent;
    }

    /// Puts the spend of `id` where an answer has it.
    pub fn put(&self, id: &str, row: &mut Map<String, Value>) {
        row.insert("spend".to_owned(), money::show(self.of(id)));
    }
}

impl Call {
    /// What these things used, which whoever asks was allowed to see.
    pub(in super::super) async fn spent(
        &self,
        kind: TotalsOf,
        ids: impl Iterator<Item = String>,
    ) -> Result<Spent, LiteLlmError> {
        let mut ids: Vec<String> = ids.collect();
        ids.sort();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Spent::default());
        }
        Ok(Spent(usage::totals_of(self.control(), kind, &ids).await?))
    }
}
