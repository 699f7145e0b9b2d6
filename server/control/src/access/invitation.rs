//! Invitations: a link that works once, by which somebody chooses a password.

use serde_json::json;
use sha2::{Digest, Sha256};
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::entropy::random_bytes;
use tollgate_domain::ids::UserId;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;

use super::{actor, check_password, subject};
use crate::{Control, ControlError, OpContext};

/// How long the link works, in seconds.
const LIFE: i64 = 7 * 86_400;

fn purpose(user: &UserId) -> String {
    format!("invitation {user}")
}

fn digest(token: &Secret) -> String {
    hex::encode(Sha256::digest(token.expose().as_bytes()))
}

/// The token of a link for somebody who has an address; an earlier link of theirs stops working.
pub async fn invite(control: &Control, op: &OpContext, user: &UserId) -> Result<Secret, ControlError> {
    control
        .watched(
            op,
            user.as_str(),
            Box::pin(async {
                let change = control.change(op).await?;
                let permit = change.open::<User>(Action::Update, user.as_str(), None).await?;
                // Otherwise whoever may change somebody a little could become them.
                op.authorise(Action::Create, Resource::User, &tollgate_domain::actor::Place::default())?;
                if permit.after.email.is_none() {
                    return Err(ControlError::conflict("who signs in with a password needs an e-mail address"));
                }
                if permit.after.disabled {
                    return Err(ControlError::conflict("this user is disabled: enable them first"));
                }
                let token = Secret::new(hex::encode(random_bytes::<32>(control.entropy())));
                change.replace_token(&digest(&token), &purpose(user), change.now.plus_seconds(LIFE)).await?;
                change.record("user.invite", subject(user.as_str()), None, None).await?;
                change.commit().await?;
                Ok(token)
            }),
        )
        .await
}

/// Whom a link invites, if it still does.
pub async fn invited(control: &Control, token: &Secret) -> Result<Option<User>, ControlError> {
    let purpose = control.store().token_purpose(&digest(token), control.clock().now()).await?;
    let id = purpose.as_deref().and_then(|purpose| purpose.strip_prefix("invitation ")).and_then(UserId::parse);
    match id {
        Some(id) => super::user(control, &id).await,
        None => Ok(None),
    }
}

/// Sets the password, signs in and uses the link up, all or nothing.
pub async fn accept_invitation(
    control: &Control,
    op: &OpContext,
    token: &Secret,
    password: Secret,
) -> Result<User, ControlError> {
    check_password(&password)?;
    // Before the work of hashing: anybody can ask for it here.
    let user = invited(control, token).await?.ok_or_else(expired)?;
    let hash = control.inner.passwords.hash(password).await?;
    let change = control.change(op).await?;
    if !change.use_token(&digest(token), &purpose(&user.id)).await? {
        return Err(expired());
    }
    let found = change.read().find::<User>(user.id.as_str()).await?.filter(|user| !user.disabled);
    let permit = change.by_proof(found.ok_or_else(expired)?);
    change.set_password(&permit, &hash).await?;
    change.end_sessions(&permit, None).await?;
    change.set_signed_in(&permit).await?;
    let after = json!({ "by": "invitation" });
    change.record_as(&actor(&user), "user.accept_invitation", subject(user.id.as_str()), None, Some(after)).await?;
    change.commit().await?;
    Ok(permit.after)
}

fn expired() -> ControlError {
    ControlError::invalid("token", "this link was used before, is older than a week, or was replaced by a newer one")
}
