//! What accounts used of rate limits with long windows: requests and tokens, by parts of the window.

use tollgate_domain::Timestamp;
use tollgate_domain::ledger::{Grant, NeededGrants, Span};
use tollgate_domain::model::ModelPattern;

use super::rows::indexed;
use super::spent::{Stretch, charges, owners};
use crate::sql::{All, Binds};
use crate::{Store, StoreError};

impl Store {
    /// What each account used since the moment from which on it counts, in the order of `needed`: the charges that are in
    /// the database. One with a model counts the charges whose model it is, or matches its pattern.
    pub async fn granted(&self, needed: &[NeededGrants]) -> Result<Vec<Vec<Grant>>, StoreError> {
        let mut all = Vec::with_capacity(needed.len());
        for needed in needed {
            all.push(self.granted_to(needed).await?);
        }
        Ok(all)
    }

    async fn granted_to(&self, needed: &NeededGrants) -> Result<Vec<Grant>, StoreError> {
        let account = &needed.account;
        let part = needed.period.part_micros();
        let mut binds = Binds::default();
        let statement = statement(needed, &mut binds);
        let pattern = account.model.as_deref().map(ModelPattern::new);
        let mut grants: Vec<Grant> = Vec::new();
        for row in self.read(&statement, binds).await? {
            let model: String = row.try_get_by_index(0)?;
            if pattern.as_ref().is_some_and(|pattern| !pattern.matches(&model)) {
                continue;
            }
            let number = |i: usize| row.try_get_by_index::<i64>(i);
            let count = |i: usize| Ok::<_, StoreError>(u64::try_from(number(i)?).unwrap_or_default());
            grants.push(Grant {
                at: Timestamp(number(1)?.saturating_mul(part)),
                requests: count(2)?,
                input_tokens: count(3)?,
                output_tokens: count(4)?,
            });
        }
        Ok(grants)
    }
}

fn statement(needed: &NeededGrants, binds: &mut Binds) -> String {
    let account = &needed.account;
    let mut all = All::default();
    let owned = owners(account, binds);
    let since = Stretch::of(Span { start: needed.since, end: Timestamp(i64::MAX) });
    let from = charges(account, owned, &indexed(&account.id), since, binds, &mut all);
    // An adjusting entry is no call.
    all.add("adjusts IS NULL".to_owned());
    let (model, group_by) = if account.model.is_some() { ("model", "1, 2") } else { ("''", "2") };
    let part = needed.period.part_micros();
    format!(
        "SELECT {model}, started_at / {part}, COUNT(*), CAST(COALESCE(SUM(input_tokens), 0) AS BIGINT), \
         CAST(COALESCE(SUM(output_tokens), 0) AS BIGINT) FROM {from} WHERE {all} GROUP BY {group_by}"
    )
}
