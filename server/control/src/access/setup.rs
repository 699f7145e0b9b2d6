//! The first start: a link that works once makes the first administrator. There is no default password.

use serde_json::json;
use sha2::{Digest, Sha256};
use tollgate_domain::actor::{Action, Actor, Resource, Role};
use tollgate_domain::entropy::random_bytes;
use tollgate_domain::ids::UserId;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;

use super::{check_email, check_password, subject};
use crate::change::snapshot;
use crate::{Control, ControlError, OpContext};

const PURPOSE: &str = "setup";

/// How long the link works, in seconds.
const LIFE: i64 = 24 * 3600;

/// Whether there is nobody yet who could sign in. Not a secret: the sign-in page shows it.
pub async fn needs_setup(control: &Control) -> Result<bool, ControlError> {
    Ok(!control.store().has_users().await?)
}

/// The token of a new setup link; links given out before stop working.
pub async fn begin_setup(control: &Control, op: &OpContext) -> Result<Secret, ControlError> {
    let change = control.change(op, Action::Create, Resource::User).await?;
    if change.count_users().await? > 0 {
        return Err(ControlError::conflict("Tollgate is set up already: there is a user"));
    }
    let token = Secret::new(hex::encode(random_bytes::<32>(control.entropy())));
    let now = change.now;
    change.replace_token(&digest(&token), PURPOSE, now, now.plus_seconds(LIFE)).await?;
    change.record("setup.begin", subject(""), None, None).await?;
    change.commit().await?;
    Ok(token)
}

/// Makes the first administrator and uses the link up, both or neither.
pub async fn complete_setup(
    control: &Control,
    op: &OpContext,
    token: Secret,
    email: &str,
    name: Option<String>,
    password: Secret,
) -> Result<User, ControlError> {
    let email = check_email(email)?;
    check_password(&password)?;
    let name = crate::keys::validate_name("name", name)?;
    let digest = digest(&token);
    // Before the work of hashing: anybody can ask for it here.
    if !control.store().token_is_good(&digest, PURPOSE, control.clock().now()).await? {
        return Err(expired());
    }
    let hash = control.inner.passwords.hash(password).await?;
    let change = control.change_by_proof(op).await?;
    if !change.use_token(&digest, PURPOSE, change.now).await? {
        return Err(expired());
    }
    if change.count_users().await? > 0 {
        return Err(ControlError::conflict("Tollgate is set up already: sign in instead"));
    }
    let user = User {
        id: UserId::new(control.clock().as_ref(), control.entropy()),
        email,
        name,
        role: Role::Admin,
        disabled: false,
        created_at: change.now,
        last_sign_in_at: None,
    };
    change.insert_user(&user, Some(hash)).await?;
    let actor = Actor::User { id: user.id, email: user.email.clone(), role: user.role };
    let after = json!({ "by": "setup link", "user": snapshot(&user)? });
    change.record_as(&actor, "setup.complete", subject(&user.id.to_string()), None, Some(after)).await?;
    change.commit().await?;
    Ok(user)
}

fn expired() -> ControlError {
    ControlError::invalid("token", "this link was used before, is older than a day, or was replaced by a newer one")
}

fn digest(token: &Secret) -> String {
    hex::encode(Sha256::digest(token.expose().as_bytes()))
}
