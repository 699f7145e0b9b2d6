//! Calls one after the other, for what no sums are kept of.

use tollgate_control::requests::{self, ExportedCharge, LARGEST_PART};
use tollgate_domain::Timestamp;
use tollgate_domain::summary::RequestFilter;

use super::super::body::invalid;
use super::super::{Call, LiteLlmError};
use super::range::Range;

/// The most parts that are read for an answer: 100,000 calls.
const MOST_PARTS: usize = 10;

impl Call {
    /// Hands every call at a provider that matches to `each`, oldest first. Refused, if there are too many for one
    /// answer: a part of them would look like all.
    pub(in super::super) async fn each_call(
        &self,
        filter: &RequestFilter,
        field: &'static str,
        mut each: impl FnMut(&ExportedCharge<'_>) + Send,
    ) -> Result<(), LiteLlmError> {
        let mut after: Option<String> = None;
        for _ in 0..MOST_PARTS {
            let next =
                requests::charges(self.control(), &self.op, filter, after.as_deref(), LARGEST_PART, &mut each).await?;
            match next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
        Err(invalid(field, "these are too many calls for one answer: ask for fewer days").into())
    }
}

/// The day of a moment, as dates are written: `2026-11-22`.
pub fn day(at: Timestamp) -> String {
    Range { since: at, until: at }.date()
}
