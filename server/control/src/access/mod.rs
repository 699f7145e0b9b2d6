//! Who may come in: the first administrator, signing in, signing out.

mod backoff;
mod ensure_admin;
mod invitation;
mod password;
mod preview;
mod second_factor;
mod sessions;
mod setup;
mod sign_in;
mod sign_out;
mod sso;
mod totp;
mod user;

use tollgate_domain::actor::Actor;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::{SHORTEST_PASSWORD, User, normalise_email};

use crate::ControlError;
use crate::change::Subject;

pub(crate) use backoff::Backoff;
pub use ensure_admin::{Ensured, ensure_admin};
pub use invitation::{accept_invitation, invite, invited};
pub(crate) use password::Passwords;
pub use preview::{Foreseen, preview};
pub(crate) use second_factor::resealed;
pub use second_factor::{
    Enrolment, SecondFactorState, begin_second_factor, confirm_second_factor, remove_second_factor, second_factor,
};
pub use sessions::{end_sessions, sessions, signed_out_there};
pub use setup::{begin_setup, complete_setup, needs_setup};
pub use sign_in::{Attempt, SignInError, sign_in, sign_in_with};
pub use sign_out::sign_out;
pub(crate) use sso::join;
pub use sso::{SsoError, sign_in_through, sso_failed};
pub use user::{label, signed_in, user};

/// The longest password that is accepted, in bytes: hashing more would only be work for nothing.
const LONGEST_PASSWORD: usize = 1024;

fn subject(id: &str) -> Subject<'_> {
    Subject { kind: "user", id }
}

/// Somebody who just showed who they are.
fn actor(user: &User) -> Actor {
    Actor::User { id: user.id.clone(), label: user.label().to_owned(), role: user.role, via: None }
}

fn check_email(text: &str) -> Result<String, ControlError> {
    normalise_email(text).ok_or_else(|| ControlError::invalid("email", "that is not an e-mail address"))
}

pub(crate) fn check_password(password: &Secret) -> Result<(), ControlError> {
    if password.expose().chars().count() < SHORTEST_PASSWORD {
        return Err(ControlError::invalid("password", format!("at least {SHORTEST_PASSWORD} characters")));
    }
    if password.expose().len() > LONGEST_PASSWORD {
        return Err(ControlError::invalid("password", format!("at most {LONGEST_PASSWORD} bytes")));
    }
    Ok(())
}
