//! A page of keys.

use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::page::{Cursor, Page};
use tollgate_domain::summary::KeyRow;
use tollgate_store::KeyFilter;

use crate::{Control, ControlError, OpContext};

/// Keys that the actor may see, newest first, with what they used; at most 1,000 in a page.
pub async fn list(
    control: &Control,
    op: &OpContext,
    filter: &KeyFilter,
    cursor: Option<Cursor>,
    limit: u32,
) -> Result<Page<KeyRow>, ControlError> {
    let visible = control.visible(op, Action::Read, Resource::Key).await?;
    Ok(control.store().list_keys(&visible, filter, cursor.as_ref(), limit, control.clock().now()).await?)
}
