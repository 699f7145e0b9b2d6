//! Signing in with an e-mail address and a password.

use serde_json::json;
use tollgate_domain::actor::Role;
use tollgate_domain::page::Cursor;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::{User, normalise_email};
use tollgate_store::{LARGEST_PAGE, RecordFilter, RecordOrder};

use super::password::{PasswordError, is_outdated};
use super::second_factor::{Proof, prove};
use super::{LONGEST_PASSWORD, actor, subject};
use crate::change::Change;
use crate::{Control, ControlError, OpContext};

/// Why somebody did not get in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// One text for both, so that nobody learns who has an account.
    #[error("wrong e-mail address or password")]
    Wrong,
    /// Said only to who knew the password.
    #[error("this account is disabled: ask an administrator")]
    Disabled,
    /// Said only to who knew the password.
    #[error("a code of the authenticator app is needed, too")]
    CodeNeeded,
    /// Said only to who knew the password.
    #[error("that is not the code")]
    WrongCode,
    /// Said only to who knew the password.
    #[error("sign in through a provider: passwords are switched off")]
    PasswordsOff,
    #[error("too many failed sign-ins: try again in {} minutes", (retry_after_seconds + 59) / 60)]
    TooMany { retry_after_seconds: i64 },
    #[error("too many people are signing in at the moment: try again in a few seconds")]
    Busy,
    #[error(transparent)]
    Control(#[from] ControlError),
}

/// Somebody who wants in.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    pub email: &'a str,
    pub password: Secret,
    /// Of an authenticator app, or a recovery code.
    pub code: Option<Secret>,
    /// Passwords are switched off, as soon as some administrator came through a provider: until then nobody else could
    /// put right what is wrong with it.
    pub providers_only: bool,
}

/// Signs somebody in by address and password alone.
pub async fn sign_in(control: &Control, op: &OpContext, email: &str, password: Secret) -> Result<User, SignInError> {
    sign_in_with(control, op, Attempt { email, password, code: None, providers_only: false }).await
}

/// Signs somebody in. Every try is in the audit log, but those that [`SignInError::TooMany`] and [`SignInError::Busy`]
/// turn away without a look.
pub async fn sign_in_with(control: &Control, op: &OpContext, attempt: Attempt<'_>) -> Result<User, SignInError> {
    let Attempt { email, password, code, providers_only } = attempt;
    let Some(email) = normalise_email(email) else {
        // Nobody can have such an address, so there is nothing to guess at either.
        return Err(failed(control, op, "", "not_an_address", SignInError::Wrong).await);
    };
    let who = format!("{email} {}", op.address.as_deref().unwrap_or_default());
    let backoff = &control.inner.backoff;
    backoff
        .begin(&who, control.clock().now())
        .map_err(|retry_after_seconds| SignInError::TooMany { retry_after_seconds })?;
    let tried = check(control, &email, password).await;
    if matches!(tried, Err(SignInError::Busy | SignInError::Control(_))) {
        backoff.undo(&who);
    }
    match tried? {
        Checked::Unknown => Err(failed(control, op, &email, "unknown_user", SignInError::Wrong).await),
        Checked::WrongPassword(user) => {
            Err(failed(control, op, user.id.as_str(), "wrong_password", SignInError::Wrong).await)
        }
        Checked::Right { user, .. } if user.disabled => {
            Err(failed(control, op, user.id.as_str(), "disabled", SignInError::Disabled).await)
        }
        Checked::Right { user, hash, renewed } => {
            let change = control.change(op).await?;
            // Hashing takes its time: the account or the password may have gone meanwhile.
            let id = user.id;
            let now = change.read().find::<User>(id.as_str()).await?.filter(|user| !user.disabled);
            let hash_now = change.read().password_hash(&id).await?;
            let same = hash_now.is_some_and(|now| now.expose() == hash.expose());
            let Some(user) = now.filter(|_| same) else {
                drop(change);
                return Err(failed(control, op, id.as_str(), "changed_meanwhile", SignInError::Wrong).await);
            };
            if providers_only && through_providers(&change).await? {
                drop(change);
                backoff.undo(&who);
                return Err(failed(control, op, id.as_str(), "passwords_off", SignInError::PasswordsOff).await);
            }
            let permit = change.by_proof(user.clone());
            // Whoever has the password has a few tries at the code, from however many addresses.
            let of_codes = format!("second factor {id}");
            if code.is_some() {
                backoff
                    .begin(&of_codes, change.now)
                    .map_err(|retry_after_seconds| SignInError::TooMany { retry_after_seconds })?;
            }
            let how = match prove(control, &change, &permit, code.as_ref()).await? {
                Proof::NotNeeded => None,
                Proof::Right(how) => Some(json!({ "second_factor": how })),
                Proof::Missing => {
                    backoff.undo(&who);
                    change.record("sign_in.challenge", subject(id.as_str()), None, None).await?;
                    change.commit().await?;
                    return Err(SignInError::CodeNeeded);
                }
                Proof::Wrong => {
                    drop(change);
                    return Err(failed(control, op, id.as_str(), "wrong_code", SignInError::WrongCode).await);
                }
            };
            backoff.clear(&of_codes);
            backoff.clear(&who);
            change.set_signed_in(&permit).await?;
            if let Some(renewed) = renewed {
                change.renew_password(&permit, &renewed).await?;
            }
            change.record_as(&actor(&user), "sign_in", subject(user.id.as_str()), None, how).await?;
            change.commit().await?;
            Ok(user)
        }
    }
}

/// Whether some administrator can come in through a provider: has done so.
async fn through_providers(change: &Change<'_>) -> Result<bool, ControlError> {
    let filter = RecordFilter { blocked: Some(false), order: RecordOrder::OldestFirst, ..RecordFilter::default() };
    let mut cursor = None;
    loop {
        let page = change.read().page::<User>(&filter, cursor.as_ref(), LARGEST_PAGE).await?;
        for user in page.items.iter().filter(|user| user.role == Role::Admin) {
            if change.has_any_identity(&user.id).await? {
                return Ok(true);
            }
        }
        cursor = page.next.as_deref().and_then(Cursor::decode);
        if cursor.is_none() {
            return Ok(false);
        }
    }
}

enum Checked {
    Unknown,
    WrongPassword(User),
    /// With the password's hash, and made anew where that was made in an older way.
    Right {
        user: User,
        hash: Secret,
        renewed: Option<Secret>,
    },
}

async fn check(control: &Control, email: &str, password: Secret) -> Result<Checked, SignInError> {
    let passwords = &control.inner.passwords;
    let found = control.store().find_user_by_email(email).await.map_err(ControlError::from)?;
    let (user, hash) = match found {
        Some((user, hash)) => (Some(user), hash),
        None => (None, None),
    };
    let outdated = hash.as_ref().is_some_and(is_outdated);
    // What can't be anybody's password is not hashed: a caller chooses how long it is.
    let right = password.expose().len() <= LONGEST_PASSWORD
        && passwords.verify(password.clone(), hash.clone()).await.map_err(busy)?;
    match (user, hash) {
        (None, _) => Ok(Checked::Unknown),
        (Some(user), Some(hash)) if right => {
            let renewed = if outdated { Some(passwords.hash(password).await.map_err(busy)?) } else { None };
            Ok(Checked::Right { user, hash, renewed })
        }
        (Some(user), _) => Ok(Checked::WrongPassword(user)),
    }
}

fn busy(error: PasswordError) -> SignInError {
    match error {
        PasswordError::Busy => SignInError::Busy,
        PasswordError::Failed(_) => SignInError::Control(error.into()),
    }
}

/// Records a failure and gives back what to say about it.
async fn failed(control: &Control, op: &OpContext, id: &str, reason: &str, error: SignInError) -> SignInError {
    let recorded = async {
        let change = control.change(op).await?;
        change.record("sign_in.failed", subject(id), None, Some(json!({ "reason": reason }))).await?;
        change.commit().await
    };
    match recorded.await {
        Ok(()) => error,
        Err(error) => SignInError::Control(error),
    }
}
