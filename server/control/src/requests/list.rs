//! A page of requests.

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::page::{Cursor, Page};
use tollgate_domain::summary::{RequestFilter, RequestRow};

use crate::{Control, ControlError, OpContext};

/// Requests, newest first; at most 1,000 in a page.
pub async fn list(
    control: &Control,
    op: &OpContext,
    filter: &RequestFilter,
    cursor: Option<Cursor>,
    limit: u32,
) -> Result<Page<RequestRow>, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Request).await?;
    Ok(control.store().list_requests(&visible, filter, cursor.as_ref(), limit).await?)
}
