//! The administrator that the environment names.

use tollgate_domain::actor::{Action, Resource, Role};
use tollgate_domain::ids::UserId;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;

use super::{check_email, check_password, subject};
use crate::change::{difference, snapshot};
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
    op.authorise(Action::Create, Resource::User)?;
    op.authorise(Action::Update, Resource::User)?;
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
    let change = control.change(op, Action::Update, Resource::User).await?;
    let Some((before, _)) = change.find_user_by_email(&email).await? else {
        let user = User {
            id: UserId::new(control.clock().as_ref(), control.entropy()),
            email,
            name: None,
            role: Role::Admin,
            disabled: false,
            created_at: change.now,
            last_sign_in_at: None,
        };
        change.insert_user(&user, Some(hash)).await?;
        change.record("user.create", subject(&user.id.to_string()), None, Some(snapshot(&user)?)).await?;
        change.commit().await?;
        return Ok(Ensured::Created);
    };
    let after = User { role: Role::Admin, disabled: false, ..before.clone() };
    change.set_role(after.id, after.role, after.disabled).await?;
    if !right_password {
        change.set_password_hash(after.id, &hash).await?;
    }
    let (old, mut new) = difference(&before, &after)?;
    if let Some(fields) = new.as_object_mut() {
        fields.insert("password_changed".to_owned(), (!right_password).into());
    }
    change.record("user.update", subject(&after.id.to_string()), Some(old), Some(new)).await?;
    change.commit().await?;
    Ok(Ensured::Updated)
}
