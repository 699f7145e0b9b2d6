//! A key's look at itself.

use tollgate_domain::ids::KeyId;
use tollgate_domain::summary::KeyRow;

use crate::{Control, ControlError};

/// The key that asks, with what it used. Whoever holds a key may always see it; the caller has checked that it is held.
pub async fn own(control: &Control, id: KeyId) -> Result<KeyRow, ControlError> {
    let found = control.store().find_key(id).await?;
    let rows = control.store().key_rows(found.into_iter().collect(), control.clock().now()).await?;
    rows.into_iter().next().ok_or_else(|| ControlError::not_found("the key"))
}
