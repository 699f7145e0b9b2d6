//! The first start: a link that works once makes the first administrator. There is no default password.

use serde_json::json;
use sha2::{Digest, Sha256};
use tollgate_domain::actor::{Action, Place, Resource, Role};
use tollgate_domain::entropy::random_bytes;
use tollgate_domain::ids::UserId;
use tollgate_domain::record::Meta;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;

use super::{actor, check_email, check_password, subject};
use crate::redact::snapshot;
use crate::rules::{check_name, has_admin};
use crate::{Control, ControlError, OpContext};

const PURPOSE: &str = "setup";

/// How long the link works, in seconds.
const LIFE: i64 = 24 * 3600;

/// Whether there is nobody yet who could sign in and let others in. Not a secret: the sign-in page shows it.
pub async fn needs_setup(control: &Control) -> Result<bool, ControlError> {
    if control.store().has_passwords().await? {
        return Ok(false);
    }
    if !control.store().has_identities().await? {
        return Ok(true);
    }
    // Who came through a provider may all be people without rights.
    let op = OpContext::system("setup");
    let change = control.change(&op).await?;
    Ok(!has_admin(&change, None).await?)
}

/// The token of a new setup link; links given out before stop working.
pub async fn begin_setup(control: &Control, op: &OpContext) -> Result<Secret, ControlError> {
    control.authorise(op, Action::Create, Resource::User, &Place::default(), "").await?;
    let change = control.change(op).await?;
    if has_admin(&change, None).await? {
        return Err(ControlError::conflict("Tollgate is set up already: there is an administrator"));
    }
    let token = Secret::new(hex::encode(random_bytes::<32>(control.entropy())));
    change.replace_token(&digest(&token), PURPOSE, change.now.plus_seconds(LIFE)).await?;
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
    let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    if let Some(name) = &name {
        check_name("name", name)?;
    }
    let digest = digest(&token);
    // Before the work of hashing: anybody can ask for it here.
    if !control.store().token_is_good(&digest, PURPOSE, control.clock().now()).await? {
        return Err(expired());
    }
    let hash = control.inner.passwords.hash(password).await?;
    let mut change = control.change(op).await?;
    if !change.use_token(&digest, PURPOSE).await? {
        return Err(expired());
    }
    if has_admin(&change, None).await? {
        return Err(ControlError::conflict("Tollgate is set up already: sign in instead"));
    }
    let id = UserId::new(control.clock().as_ref(), control.entropy());
    let by = id.to_string();
    let user = User { name, ..User::new(id, Some(email), Role::Admin, Meta::new(change.now, by)) };
    change.add_by_proof(&user).await?;
    let permit = change.by_proof(user.clone());
    change.set_password(&permit, &hash).await?;
    // The link signs in, too.
    change.set_signed_in(&permit).await?;
    let after = json!({ "by": "setup link", "user": snapshot(&user)? });
    change.record_as(&actor(&user), "setup.complete", subject(user.id.as_str()), None, Some(after)).await?;
    change.commit().await?;
    Ok(user)
}

fn expired() -> ControlError {
    ControlError::invalid("token", "this link was used before, is older than a day, or was replaced by a newer one")
}

fn digest(token: &Secret) -> String {
    hex::encode(Sha256::digest(token.expose().as_bytes()))
}
