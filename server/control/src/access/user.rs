//! Whose session it is.

use tollgate_domain::ids::UserId;
use tollgate_domain::user::User;

use crate::{Control, ControlError};

/// The user that a session names, as the user is now; nobody, if deleted or disabled meanwhile.
pub async fn user(control: &Control, id: UserId) -> Result<Option<User>, ControlError> {
    Ok(control.store().find_user(id).await?.filter(|user| !user.disabled))
}
