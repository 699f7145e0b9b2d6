//! Who is signed in where, and ending it.

use serde_json::json;
use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::ids::UserId;
use tollgate_domain::user::User;
use tollgate_store::SessionRow;

use super::subject;
use crate::{Control, ControlError, OpContext};

/// The sessions of somebody: one's own, or anybody's for those who may see users.
pub async fn sessions(control: &Control, op: &OpContext, user: &UserId) -> Result<Vec<SessionRow>, ControlError> {
    control.authorise(op, Action::Read, Resource::User, &place(user), user.as_str()).await?;
    Ok(control.store().sessions_of(user, control.clock().now()).await?)
}

/// Ends a session of somebody, or all of them: one's own, or anybody's for those who may change users. How many ended.
pub async fn end_sessions(
    control: &Control,
    op: &OpContext,
    user: &UserId,
    digest: Option<&str>,
) -> Result<u64, ControlError> {
    if op.actor.user_id() != Some(user) {
        control.authorise(op, Action::Update, Resource::User, &place(user), user.as_str()).await?;
    }
    let change = control.change(op).await?;
    let found = change.read().find::<User>(user.as_str()).await?;
    let permit = change.by_proof(found.ok_or_else(|| ControlError::not_found("the user"))?);
    let ended = change.end_sessions(&permit, digest).await?;
    if ended > 0 {
        change.record("session.end", subject(user.as_str()), None, Some(json!({ "sessions": ended }))).await?;
    }
    change.commit().await?;
    Ok(ended)
}

/// Ends the sessions that began by an identity, because its provider says that it signed out there. How many ended.
pub async fn signed_out_there(
    control: &Control,
    op: &OpContext,
    provider: &str,
    issuer: &str,
    identity: &str,
    session: Option<&str>,
) -> Result<usize, ControlError> {
    let change = control.change(op).await?;
    let users = change.end_sessions_by(issuer, identity, session).await?;
    let ended = users.len();
    // One row, and nobody else's: an identity is one person's.
    if let Some(user) = users.first() {
        let after = json!({ "sessions": ended, "provider": provider });
        change.record("session.end", subject(user.as_str()), None, Some(after)).await?;
    }
    change.commit().await?;
    Ok(ended)
}

fn place(user: &UserId) -> Place {
    Place { owner: Some(user.clone()), ..Place::default() }
}
