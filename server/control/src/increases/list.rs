//! Requests that one asked, and those that one may decide.

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::increase::{IncreaseRequest, IncreaseState};
use tollgate_domain::page::{Cursor, Page};
use tollgate_store::RecordFilter;

use super::IncreaseRow;
use crate::{Control, ControlError, OpContext};

/// The most open requests that an inbox is counted from.
const MOST: usize = 1000;

/// Whose requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// All that the actor may see.
    #[default]
    All,
    /// Those that the actor asked.
    Own,
    /// Those that wait for the actor.
    ToDecide,
}

/// Which requests: all conditions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncreaseFilter {
    pub whose: Whose,
    pub state: Option<IncreaseState>,
}

/// A page of requests, newest first, at most 1,000; it may have fewer than asked for though there is a next one.
pub async fn list(
    control: &Control,
    op: &OpContext,
    filter: &IncreaseFilter,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Page<IncreaseRow>, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::IncreaseRequest).await?;
    let mut records = RecordFilter::default();
    match filter.whose {
        Whose::All => {}
        // Who is no person asked nothing.
        Whose::Own => match op.actor.user_id() {
            Some(user) => records.user_id = Some(user.to_string()),
            None => return Ok(Page { items: Vec::new(), next: None }),
        },
        Whose::ToDecide => records.blocked = Some(false),
    }
    match filter.state {
        Some(IncreaseState::Open) => records.blocked = Some(false),
        // An open one may have expired.
        None | Some(IncreaseState::Expired) => {}
        Some(_) if filter.whose == Whose::ToDecide => return Ok(Page { items: Vec::new(), next: None }),
        Some(_) => records.blocked = Some(true),
    }
    let page: Page<IncreaseRequest> = control.store().list(&visible, &records, cursor, limit).await?;
    let now = control.clock().now();
    let mut items = Vec::new();
    for request in page.items {
        let row = IncreaseRow::of(request, op, control.store(), now).await?;
        let wanted = filter.state.is_none_or(|state| state == row.state);
        if wanted && (filter.whose != Whose::ToDecide || row.may_decide) {
            items.push(row);
        }
    }
    Ok(Page { items, next: page.next })
}

/// How many requests wait for the actor, at most 1,000.
pub async fn waiting(control: &Control, op: &OpContext) -> Result<usize, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::IncreaseRequest).await?;
    let filter = RecordFilter { blocked: Some(false), ..RecordFilter::default() };
    let open: Vec<IncreaseRequest> = control.store().list_all(&visible, &filter, MOST).await?;
    let now = control.clock().now();
    let mut count = 0;
    for request in open {
        count += usize::from(IncreaseRow::of(request, op, control.store(), now).await?.may_decide);
    }
    Ok(count)
}
