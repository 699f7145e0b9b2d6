//! Tokens: issued by administrators, shown by clients. They are listed and revoked like every record.

use std::sync::Arc;

use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Actor, Place, Resource, Visible};
use tollgate_domain::ids::ScimTokenId;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::record::no_meta;
use tollgate_domain::scim::{PlainScimToken, ScimToken};
use tollgate_domain::sso::Admission;

use super::Provisioner;
use crate::{Control, ControlError, OpContext, records};

/// A token that is used is noted so often, in seconds.
const NOTED_SECONDS: i64 = 300;

/// The most tokens that live at once.
const MOST: u64 = 100;

/// What a new token shall be.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    pub name: String,
    pub provider: Option<String>,
    pub expires_at: Option<Timestamp>,
}

/// A new token, and its text, which is shown once.
#[derive(Clone, Debug)]
pub struct Issued {
    pub token: ScimToken,
    pub plain: PlainScimToken,
}

/// Issues a token with which an identity provider says who there is.
pub async fn issue(control: &Control, op: &OpContext, new: NewToken) -> Result<Issued, ControlError> {
    control.authorise(op, Action::Create, Resource::Settings, &Place::default(), "").await?;
    let now = control.clock().now();
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(ControlError::invalid("expires_at", "must be in the future"));
    }
    if control.store().count::<ScimToken>(&Visible::All, &records::Filter::default()).await? >= MOST {
        return Err(ControlError::conflict(format!("there are {MOST} tokens: revoke one first")));
    }
    let plain = PlainScimToken::generate(control.entropy());
    let token = ScimToken {
        id: ScimTokenId::new(control.clock().as_ref(), control.entropy()),
        name: new.name.trim().to_owned(),
        digest: plain.digest(),
        provider: new.provider.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()),
        expires_at: new.expires_at,
        last_used_at: None,
        meta: no_meta(),
    };
    Ok(Issued { token: records::create(control, op, token).await?, plain })
}

/// The client that shows a token with this digest; `None`: it is none, or none any more. `op`: the request, which is
/// nobody's so far.
pub async fn authenticate(
    control: &Control,
    op: OpContext,
    digest: KeyDigest,
    admission: &Arc<Admission>,
    base: String,
) -> Result<Option<Provisioner>, ControlError> {
    let now = control.clock().now();
    let found = control.store().find_by_handle::<ScimToken>(&digest.to_hex()).await?;
    let Some(token) = found.filter(|token| token.is_good(now)) else { return Ok(None) };
    let op = OpContext { actor: Actor::System, on_behalf_of: Some(format!("SCIM: {}", token.name)), ..op };
    if token.last_used_at.is_none_or(|at| at.plus_seconds(NOTED_SECONDS) <= now) {
        let mut change = control.change(&op).await?;
        // It may have been revoked meanwhile.
        let Some(token) = change.read().find::<ScimToken>(token.id.as_str()).await? else { return Ok(None) };
        let mut permit = change.by_proof(token);
        permit.after.last_used_at = Some(now);
        change.save_by_proof(permit).await?;
        change.commit().await?;
    }
    let admission = Arc::clone(admission);
    Ok(Some(Provisioner { control: control.clone(), op, provider: token.provider, admission, base }))
}
