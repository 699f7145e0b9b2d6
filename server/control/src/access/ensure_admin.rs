//! The administrator that the environment names.

use tollgate_domain::actor::{Action, Place, Resource, Role};
use tollgate_domain::ids::UserId;
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;

use super::{check_email, check_password};
use crate::{Control, ControlError, OpContext};

/// What had to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ensured {
    Created,
    /// The password, the role or both were not the wanted ones, or the user was disabled.
    Updated,
    Unchanged,
}

/// Sees to it that this user exists, is an administrator and has this password.
pub async fn ensure_admin(
    control: &Control,
    op: &OpContext,
    email: &str,
    password: Secret,
) -> Result<Ensured, ControlError> {
    control.authorise(op, Action::Create, Resource::User, &Place::default(), "").await?;
    let email = check_email(email)?;
    check_password(&password)?;
    let passwords = &control.inner.passwords;
    let right_password = match control.store().find_user_by_email(&email).await? {
        Some((user, hash)) => {
            let right = passwords.verify(password.clone(), hash).await?;
            if right && user.role == Role::Admin && !user.disabled {
                return Ok(Ensured::Unchanged);
            }
            right
        }
        None => false,
    };
    let hash = passwords.hash(password).await?;
    let mut change = control.change(op).await?;
    let Some(before) = change.read().user_by_email(&email).await? else {
        let id = UserId::new(control.clock().as_ref(), control.entropy());
        let user = change.add(User::new(id, Some(email), Role::Admin, no_meta()), "user.create").await?;
        let permit = change.open::<User>(Action::Update, user.id.as_str(), None).await?;
        change.set_password(&permit, &hash).await?;
        change.commit().await?;
        return Ok(Ensured::Created);
    };
    let mut permit = change.open::<User>(Action::Update, before.id.as_str(), None).await?;
    permit.after.role = Role::Admin;
    permit.after.disabled = false;
    if !right_password {
        change.set_password(&permit, &hash).await?;
    }
    let action = if right_password { "user.update" } else { "user.set_password" };
    change.save(permit, action).await?;
    change.commit().await?;
    Ok(Ensured::Updated)
}
