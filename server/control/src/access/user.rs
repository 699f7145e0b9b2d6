//! Whose session it is.

use tollgate_domain::Timestamp;
use tollgate_domain::ids::UserId;
use tollgate_domain::user::User;

use crate::{Control, ControlError};

/// The user that a session names, as the user is now; nobody, if deleted or disabled meanwhile.
pub async fn user(control: &Control, id: &UserId) -> Result<Option<User>, ControlError> {
    let found = control.store().find::<User>(id.as_str()).await?;
    Ok(found.filter(|user| user.meta.deleted_at.is_none() && !user.disabled))
}

/// The same for somebody who signed in at `since`: nobody, if the password was changed after that, or if it was somebody
/// who had the id before.
pub async fn signed_in(control: &Control, id: &UserId, since: Timestamp) -> Result<Option<User>, ControlError> {
    let Some(found) = user(control, id).await?.filter(|user| user.meta.created_at <= since) else { return Ok(None) };
    let changed_at = control.store().password_changed_at(id).await?;
    Ok(changed_at.is_none_or(|changed_at| changed_at <= since).then_some(found))
}

/// What people call the one behind a `created_by` or an audit line's actor.
pub async fn label(control: &Control, who: &str) -> Result<Option<String>, ControlError> {
    let found = control.store().find::<User>(who).await?;
    Ok(found.map(|user| user.label().to_owned()))
}
