//! Reports: what was used, by whom and of what; from sums, so that a year is read as fast as a day.

use std::collections::{BTreeSet, HashMap};

use tollgate_domain::Nanos;
use tollgate_domain::actor::{Action, Resource, Visible};
use tollgate_domain::ids::UserId;
use tollgate_domain::ledger::Needed;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::Record;
use tollgate_domain::report::{Dimension, MOST_DIMENSIONS, Totals, TotalsOf, UsageFilter, UsageRow};
use tollgate_domain::team::Team;

use tollgate_store::{MASTER_KEY, MASTER_KEY_LABEL, RecordFilter, Table};

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

/// What these accounts spent in these windows, in the same order. For things that the actor may see: that was asked when
/// they were looked up.
pub async fn spent(control: &Control, needed: &[Needed]) -> Result<Vec<Nanos>, ControlError> {
    Ok(control.store().spent(needed).await?)
}

/// The most names that are looked up at once.
const MOST_NAMES: usize = 1000;

/// What people call those that a report tells apart: whoever may see a call may see whose it was. Who has no name but an
/// id, or is gone, is missing.
pub async fn names(control: &Control, by: Dimension, ids: &[String]) -> Result<HashMap<String, String>, ControlError> {
    let ids: BTreeSet<&str> = ids.iter().map(String::as_str).filter(|id| !id.is_empty()).take(MOST_NAMES).collect();
    Ok(match by {
        Dimension::Key => {
            let mut names = control.store().key_labels(ids.iter().copied()).await?;
            if ids.contains(MASTER_KEY) {
                names.insert(MASTER_KEY.to_owned(), MASTER_KEY_LABEL.to_owned());
            }
            names
        }
        Dimension::User => {
            let ids: Vec<UserId> = ids.into_iter().filter_map(UserId::parse).collect();
            let labels = crate::people::labels(control, &ids).await?;
            labels.into_iter().map(|(id, label)| (id.to_string(), label)).collect()
        }
        Dimension::Team => called::<Team>(control, ids).await?,
        Dimension::Organisation => called::<Organisation>(control, ids).await?,
        Dimension::Day | Dimension::Model | Dimension::Provider | Dimension::Customer | Dimension::Tag => {
            HashMap::new()
        }
    })
}

async fn called<T: Table>(control: &Control, ids: BTreeSet<&str>) -> Result<HashMap<String, String>, ControlError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = ids.into_iter().map(str::to_owned).collect();
    let filter = RecordFilter { ids: Some(ids), ..RecordFilter::default() };
    let found: Vec<T> = control.store().list_all(&Visible::All, &filter, MOST_NAMES).await?;
    Ok(found.into_iter().map(|one| (Record::id(&one).to_owned(), Record::index(&one).name)).collect())
}
