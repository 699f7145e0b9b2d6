//! A second factor for those who sign in with a password: codes of an authenticator app, and recovery codes for the day
//! on which it is gone.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::entropy::random_bytes;
use tollgate_domain::ids::UserId;
use tollgate_domain::sealed::Sealed;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;

use super::subject;
use super::totp::{SECRET_BYTES, base32, matching_step};
use crate::change::{Change, Permit};
use crate::{Control, ControlError, OpContext};

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;

/// Random bytes of each: sixteen letters.
const RECOVERY_BYTES: usize = 10;

/// The second factor as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SecondFactor {
    secret: Sealed,
    /// A code was typed: only then is it asked for.
    confirmed: bool,
    /// The step of the last code that was used.
    last_step: i64,
    /// Of the codes that are left: they have too many random bits to be guessed.
    recovery: Vec<String>,
}

/// What an authenticator app needs. Shown while it is set up, and never again.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// In base32, for typing.
    pub secret: Secret,
    /// `otpauth://…`
    pub uri: Secret,
}

/// How somebody stands with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorState {
    Off,
    /// Begun, and no code was typed yet.
    Begun,
    On {
        recovery_codes: usize,
    },
}

/// What came of a code.
pub(super) enum Proof {
    /// None is asked for.
    NotNeeded,
    Missing,
    Wrong,
    Right(&'static str),
}

fn place_of(user: &UserId) -> String {
    format!("second-factor/{user}")
}

fn digest(code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    hex::encode(Sha256::digest(plain.to_ascii_uppercase().as_bytes()))
}

impl SecondFactor {
    async fn read(change: &Change<'_>, user: &UserId) -> Result<Option<Self>, ControlError> {
        let text = change.second_factor(user).await?;
        let read = text.map(|text| serde_json::from_str(&text)).transpose();
        read.map_err(|error| ControlError::Internal(Box::new(error)))
    }

    async fn keep(self, change: &Change<'_>, user: &Permit<User>) -> Result<(), ControlError> {
        let text = serde_json::to_string(&self).map_err(|error| ControlError::Internal(Box::new(error)))?;
        change.set_second_factor(user, Some(&text)).await
    }

    /// The secret's bytes, in hexadecimal while they are sealed.
    fn secret(&self, control: &Control, user: &UserId) -> Result<Vec<u8>, ControlError> {
        let opened = control.vault().open(&place_of(user), &self.secret)?;
        hex::decode(opened.expose()).map_err(|error| ControlError::Internal(Box::new(error)))
    }
}

/// The same text under the current key, if it is under another. For when the master secret changes.
pub(crate) fn resealed(control: &Control, user: &UserId, text: &str) -> Result<Option<String>, ControlError> {
    let internal = |error: serde_json::Error| ControlError::Internal(Box::new(error));
    let mut factor: SecondFactor = serde_json::from_str(text).map_err(internal)?;
    if control.vault().current_key() == Some(factor.secret.key_id.as_str()) {
        return Ok(None);
    }
    let place = place_of(user);
    let opened = control.vault().open(&place, &factor.secret)?;
    factor.secret = control.vault().seal(control.entropy(), &place, &opened)?;
    serde_json::to_string(&factor).map(Some).map_err(internal)
}

/// Looks at a code during a sign-in, and uses it up.
pub(super) async fn prove(
    control: &Control,
    change: &Change<'_>,
    user: &Permit<User>,
    code: Option<&Secret>,
) -> Result<Proof, ControlError> {
    let id = &user.after.id;
    let Some(mut factor) = SecondFactor::read(change, id).await?.filter(|factor| factor.confirmed) else {
        return Ok(Proof::NotNeeded);
    };
    let Some(code) = code.map(Secret::expose).filter(|code| !code.trim().is_empty()) else {
        return Ok(Proof::Missing);
    };
    if let Some(step) = matching_step(&factor.secret(control, id)?, code, change.now, factor.last_step) {
        factor.last_step = step;
        factor.keep(change, user).await?;
        return Ok(Proof::Right("code"));
    }
    let digest = digest(code);
    let Some(at) = factor.recovery.iter().position(|left| *left == digest) else { return Ok(Proof::Wrong) };
    factor.recovery.remove(at);
    factor.keep(change, user).await?;
    Ok(Proof::Right("recovery code"))
}

/// Whoever is signed in, as a person who is there.
async fn oneself(change: &Change<'_>, op: &OpContext) -> Result<Permit<User>, ControlError> {
    let denied = || ControlError::Denied { action: Action::Update, resource: Resource::User };
    // Not through a key: whoever finds one could lock its owner out.
    let (Some(id), true) = (op.actor.user_id(), op.actor.is_signed_in()) else { return Err(denied()) };
    let found = change.read().find::<User>(id.as_str()).await?;
    Ok(change.by_proof(found.ok_or_else(denied)?))
}

/// How oneself stands with it.
pub async fn second_factor(control: &Control, op: &OpContext) -> Result<SecondFactorState, ControlError> {
    let Some(user) = op.actor.user_id() else { return Ok(SecondFactorState::Off) };
    let change = control.change(op).await?;
    Ok(match SecondFactor::read(&change, user).await? {
        None => SecondFactorState::Off,
        Some(factor) if factor.confirmed => SecondFactorState::On { recovery_codes: factor.recovery.len() },
        Some(_) => SecondFactorState::Begun,
    })
}

/// Begins to set it up for oneself: a new secret, which counts for nothing before a code was typed. A conflict, if there
/// is one already.
pub async fn begin_second_factor(control: &Control, op: &OpContext) -> Result<Enrolment, ControlError> {
    let change = control.change(op).await?;
    let permit = oneself(&change, op).await?;
    let user = &permit.after;
    if SecondFactor::read(&change, &user.id).await?.is_some_and(|factor| factor.confirmed) {
        return Err(ControlError::conflict("a second factor is set up already: take it away first"));
    }
    let bytes = random_bytes::<SECRET_BYTES>(control.entropy());
    let sealed = control.vault().seal(control.entropy(), &place_of(&user.id), &Secret::new(hex::encode(bytes)))?;
    let factor = SecondFactor { secret: sealed, confirmed: false, last_step: 0, recovery: Vec::new() };
    let secret = base32(&bytes);
    let label = user.email.as_deref().unwrap_or(user.id.as_str());
    let uri = format!("otpauth://totp/Tollgate:{}?secret={secret}&issuer=Tollgate", escaped(label));
    factor.keep(&change, &permit).await?;
    change.record("second_factor.begin", subject(permit.after.id.as_str()), None, None).await?;
    change.commit().await?;
    Ok(Enrolment { secret: Secret::new(secret), uri: Secret::new(uri) })
}

/// The first code was typed: from now on it is asked for. Recovery codes, which are shown once.
pub async fn confirm_second_factor(
    control: &Control,
    op: &OpContext,
    code: &Secret,
) -> Result<Vec<Secret>, ControlError> {
    let change = control.change(op).await?;
    let permit = oneself(&change, op).await?;
    let id = permit.after.id.clone();
    let found = SecondFactor::read(&change, &id).await?.filter(|factor| !factor.confirmed);
    let mut factor = found.ok_or_else(|| ControlError::conflict("nothing was begun: begin again"))?;
    let who = format!("second factor {id}");
    too_many(control.inner.backoff.begin(&who, change.now))?;
    let step = matching_step(&factor.secret(control, &id)?, code.expose(), change.now, factor.last_step);
    let Some(step) = step else {
        return Err(ControlError::invalid("code", "that is not the code which the app shows at the moment"));
    };
    control.inner.backoff.clear(&who);
    let codes: Vec<Secret> = (0..RECOVERY_CODES)
        .map(|_| {
            let text = base32(&random_bytes::<RECOVERY_BYTES>(control.entropy()));
            Secret::new(text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-"))
        })
        .collect();
    factor.confirmed = true;
    factor.last_step = step;
    factor.recovery = codes.iter().map(|code| digest(code.expose())).collect();
    factor.keep(&change, &permit).await?;
    change.record("second_factor.confirm", subject(id.as_str()), None, None).await?;
    change.commit().await?;
    Ok(codes)
}

/// Takes it away: one's own by a code, somebody else's by the right to change users.
pub async fn remove_second_factor(
    control: &Control,
    op: &OpContext,
    user: &UserId,
    code: Option<&Secret>,
) -> Result<(), ControlError> {
    let own = op.actor.user_id() == Some(user);
    if !own {
        let place = Place { owner: Some(user.clone()), ..Place::default() };
        control.authorise(op, Action::Update, Resource::User, &place, user.as_str()).await?;
    }
    let change = control.change(op).await?;
    let permit = if own {
        oneself(&change, op).await?
    } else {
        let found = change.read().find::<User>(user.as_str()).await?;
        change.by_proof(found.ok_or_else(|| ControlError::not_found("the user"))?)
    };
    let on = SecondFactor::read(&change, user).await?;
    let Some(factor) = on else { return Ok(()) };
    if own && factor.confirmed {
        let who = format!("second factor {user}");
        too_many(control.inner.backoff.begin(&who, change.now))?;
        if !matches!(prove(control, &change, &permit, code).await?, Proof::Right(_)) {
            return Err(ControlError::invalid("code", "a code of the app, or a recovery code, is needed"));
        }
        control.inner.backoff.clear(&who);
    }
    change.set_second_factor(&permit, None).await?;
    let how = json!({ "by": if own { "a code" } else { "an administrator" } });
    change.record("second_factor.remove", subject(user.as_str()), None, Some(how)).await?;
    change.commit().await
}

fn too_many(tried: Result<(), i64>) -> Result<(), ControlError> {
    tried.map_err(|seconds| {
        ControlError::conflict(format!("too many wrong codes: try again in {} minutes", (seconds + 59) / 60))
    })
}

fn escaped(label: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~@".contains(&b);
    label.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
