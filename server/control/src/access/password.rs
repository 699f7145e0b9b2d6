//! Hashing passwords: slow on purpose, so only two at a time and no long queue.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tollgate_domain::secret::Secret;

use crate::ControlError;

/// Each takes 19 MiB while it runs.
const AT_ONCE: usize = 2;

/// How many may run or wait.
const QUEUE: usize = 32;

/// How long one may wait.
const WAIT: Duration = Duration::from_secs(5);

/// OWASP's choice: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What the password of somebody unknown is checked against, so that it takes as long as anybody's. Nobody knows the
/// password that it was made from.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$dG9sbGdhdGUtbm9ib2R5$Zs2Wl5ZVAkQEGP0kPmHzHS6dnJvXDWfLd4OEoTMsZ2k";

pub struct Passwords {
    running: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { running: Arc::new(Semaphore::new(AT_ONCE)), queue: Arc::new(Semaphore::new(QUEUE)) }
    }
}

/// Why a password was not hashed.
#[derive(Debug)]
pub enum PasswordError {
    /// Too many others are being hashed.
    Busy,
    Failed(String),
}

impl From<PasswordError> for ControlError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::Unavailable,
            PasswordError::Failed(text) => Self::Internal(text.into()),
        }
    }
}

impl Passwords {
    /// The hash in PHC form.
    pub async fn hash(&self, password: Secret) -> Result<Secret, PasswordError> {
        self.run(move || {
            let hash = hasher()?.hash_password(password.expose().as_bytes()).map_err(|error| error.to_string())?;
            Ok(Secret::new(hash.to_string()))
        })
        .await
    }

    /// Whether the password is the one that was hashed; `None` (nobody, or somebody without a password) never is, and
    /// takes as long.
    pub async fn verify(&self, password: Secret, hash: Option<Secret>) -> Result<bool, PasswordError> {
        self.run(move || {
            let expected = hash.as_ref().map_or(NOBODY, Secret::expose);
            let parsed = PasswordHash::new(expected).map_err(|error| error.to_string())?;
            let matches = hasher()?.verify_password(password.expose().as_bytes(), &parsed).is_ok();
            Ok(matches && hash.is_some())
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let turn = tokio::time::timeout(WAIT, Arc::clone(&self.running).acquire_owned()).await;
        let turn: OwnedSemaphorePermit =
            turn.map_err(|_| PasswordError::Busy)?.map_err(|error| PasswordError::Failed(error.to_string()))?;
        // The permits go with the work: it runs on when whoever waits for it goes away.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((turn, place));
            result
        });
        done.await.map_err(|error| PasswordError::Failed(error.to_string()))?.map_err(PasswordError::Failed)
    }
}

/// Whether a hash was made otherwise than new ones are, and should be made again.
pub fn is_outdated(hash: &Secret) -> bool {
    let Ok(parsed) = PasswordHash::new(hash.expose()) else { return true };
    let Ok(params) = Params::try_from(&parsed) else { return true };
    parsed.algorithm != Algorithm::Argon2id.ident()
        || (params.m_cost(), params.t_cost(), params.p_cost()) != (MEMORY_KIB, PASSES, LANES)
}

fn hasher() -> Result<Argon2<'static>, String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| error.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_fits_its_password_alone() {
        let passwords = Passwords::default();
        let secret = |text: &str| Secret::new(text.to_owned());
        let hash = passwords.hash(secret("correct horse battery")).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.verify(secret("correct horse battery"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(secret("wrong horse battery"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(secret("correct horse battery"), None).await.unwrap());
        assert!(!is_outdated(&hash));
        assert!(!is_outdated(&secret(NOBODY)));
        assert!(is_outdated(&secret(
            "$argon2id$v=19$m=4096,t=3,p=1$dG9sbGdhdGU$Zs2Wl5ZVAkQEGP0kPmHzHS6dnJvXDWfLd4OEoTMsZ2k"
        )));
    }

    #[tokio::test]
    async fn a_full_queue_is_said_to_be_busy() {
        let passwords = Passwords::default();
        let _all = Arc::clone(&passwords.queue).try_acquire_many_owned(u32::try_from(QUEUE).unwrap()).unwrap();
        assert!(matches!(passwords.hash(Secret::new("x".to_owned())).await, Err(PasswordError::Busy)));
    }
}
