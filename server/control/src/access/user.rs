//! Whose session it is.

use tollgate_domain::ids::UserId;
use tollgate_domain::user::User;

use crate::{Control, ControlError};

/// The user that a session names, as the user is now; nobody, if deleted or disabled meanwhile.
pub async fn user(control: &Control, id: &UserId) -> Result<Option<User>, ControlError> {
    let found = control.store().find::<User>(id.as_str()).await?;
    Ok(found.filter(|user| user.meta.deleted_at.is_none() && !user.disabled))
}

/// What people call the one behind a `created_by` or an audit line's actor.
pub async fn label(control: &Control, who: &str) -> Result<Option<String>, ControlError> {
    let found = control.store().find::<User>(who).await?;
    Ok(found.map(|user| user.label().to_owned()))
}
