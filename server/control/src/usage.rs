//! Reports: what was used, by whom and of what; from sums, so that a year is read as fast as a day.

use std::collections::HashMap;

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::report::{Dimension, MOST_DIMENSIONS, Totals, TotalsOf, UsageFilter, UsageRow};

use crate::{Control, ControlError, OpContext};

/// A report without a beginning begins so many seconds before its end.
pub const PERIOD: i64 = 30 * 86_400;

/// What a report is to be told apart by, `team,model`, if that can be done with this filter.
pub fn dimensions(text: &str, filter: &UsageFilter) -> Result<Vec<Dimension>, ControlError> {
    let invalid = |message: String| ControlError::invalid("by", message);
    let mut found = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let dimension = Dimension::parse(word).ok_or_else(|| invalid("one of its words is not known".to_owned()))?;
        if found.contains(&dimension) {
            return Err(invalid(format!("`{word}` comes twice")));
        }
        found.push(dimension);
    }
    if found.len() > MOST_DIMENSIONS {
        return Err(invalid(format!("at most {MOST_DIMENSIONS}")));
    }
    let customers = !filter.customers.is_empty() || found.contains(&Dimension::Customer);
    let tags = !filter.tags.is_empty() || found.contains(&Dimension::Tag);
    if customers && tags {
        return Err(invalid("not customers and tags together".to_owned()));
    }
    if filter.since >= filter.until {
        return Err(ControlError::invalid("since", "must be before `until`"));
    }
    Ok(found)
}

/// Sums of the calls that the actor may see, by up to four dimensions: the dearest first, at most `limit` lines.
pub async fn report(
    control: &Control,
    op: &OpContext,
    filter: &UsageFilter,
    by: &[Dimension],
    limit: u32,
) -> Result<Vec<UsageRow>, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Request).await?;
    Ok(control.store().usage(&visible, filter, by, limit).await?)
}

/// What these used, ever. For lists of things that the actor may see: that was asked when they were listed.
pub async fn totals_of(
    control: &Control,
    kind: TotalsOf,
    ids: &[String],
) -> Result<HashMap<String, Totals>, ControlError> {
    Ok(control.store().totals_of(kind, ids).await?)
}
