//! Secrets of credentials and models: set, used, never read again; and written anew when the master secret changes.

use std::collections::BTreeMap;

use tollgate_domain::actor::{Action, Place, Resource, Visible};
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::sealed::Sealed;
use tollgate_domain::secret::Secret;
use tollgate_store::RecordFilter;

use crate::vault::{Vault, VaultError};
use crate::{Control, ControlError, Managed, OpContext};

/// The most records that can hold secrets.
const MOST: usize = 100_000;

/// Names of `litellm_params` that are secret, wherever they are given.
pub fn is_secret_param(name: &str) -> bool {
    let name = name.to_lowercase();
    name == "api_key"
        || name == "vertex_credentials"
        || name == "extra_headers"
        || ["secret", "password", "token", "credentials"].iter().any(|word| name.contains(word))
        || name.ends_with("_key") && !name.starts_with("cache") && name != "aws_access_key"
}

/// Something with secrets in it.
pub trait HasSecrets {
    /// Where the secret of this name belongs.
    fn place_of(&self, name: &str) -> String;

    fn secrets_mut(&mut self) -> &mut BTreeMap<String, Sealed>;

    fn secrets(&self) -> &BTreeMap<String, Sealed>;
}

impl HasSecrets for Credential {
    fn place_of(&self, name: &str) -> String {
        format!("credential/{}/{name}", self.id)
    }

    fn secrets_mut(&mut self) -> &mut BTreeMap<String, Sealed> {
        &mut self.values
    }

    fn secrets(&self) -> &BTreeMap<String, Sealed> {
        &self.values
    }
}

impl HasSecrets for StoredDeployment {
    fn place_of(&self, name: &str) -> String {
        format!("deployment/{}/{name}", self.id)
    }

    fn secrets_mut(&mut self) -> &mut BTreeMap<String, Sealed> {
        &mut self.secrets
    }

    fn secrets(&self) -> &BTreeMap<String, Sealed> {
        &self.secrets
    }
}

impl From<VaultError> for ControlError {
    fn from(error: VaultError) -> Self {
        Self::conflict(error.to_string())
    }
}

impl Control {
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// Puts a secret into something, encrypted. The same secret again changes nothing.
    pub fn put_secret(&self, thing: &mut impl HasSecrets, name: &str, secret: &Secret) -> Result<(), ControlError> {
        let place = thing.place_of(name);
        let sealed = self.vault().seal(self.entropy(), &place, secret)?;
        let known = thing.secrets().get(name);
        let same = known.is_some_and(|known| known.key_id == sealed.key_id && known.fingerprint == sealed.fingerprint);
        if !same {
            thing.secrets_mut().insert(name.to_owned(), sealed);
        }
        Ok(())
    }
}

/// Every secret of something, opened.
pub fn open_all(vault: &Vault, thing: &impl HasSecrets) -> Result<BTreeMap<String, Secret>, VaultError> {
    thing
        .secrets()
        .iter()
        .map(|(name, sealed)| Ok((name.clone(), vault.open(&thing.place_of(name), sealed)?)))
        .collect()
}

/// How far re-encryption is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub done: usize,
    pub changed: usize,
    pub total: usize,
}

/// Writes every secret anew that was encrypted with an earlier key, each record in a transaction of its own with its
/// audit row: stopped in the middle, it goes on where it was.
pub async fn reencrypt(
    control: &Control,
    op: &OpContext,
    mut tell: impl FnMut(Progress),
) -> Result<Progress, ControlError> {
    control.authorise(op, Action::Update, Resource::Credential, &Place::default(), "").await?;
    if control.vault().current_key().is_none() {
        return Err(VaultError::NoKey.into());
    }
    let filter = RecordFilter::default();
    let credentials: Vec<Credential> = control.store().list_all(&Visible::All, &filter, MOST).await?;
    let deployments: Vec<StoredDeployment> = control.store().list_all(&Visible::All, &filter, MOST).await?;
    let mut progress = Progress { total: credentials.len() + deployments.len(), ..Progress::default() };
    for credential in credentials {
        progress.changed += usize::from(renew(control, op, &credential).await?);
        progress.done += 1;
        tell(progress);
    }
    for deployment in deployments {
        progress.changed += usize::from(renew(control, op, &deployment).await?);
        progress.done += 1;
        tell(progress);
    }
    Ok(progress)
}

async fn renew<T: Managed + HasSecrets>(control: &Control, op: &OpContext, seen: &T) -> Result<bool, ControlError> {
    let current = control.vault().current_key().unwrap_or_default();
    if seen.secrets().values().all(|sealed| sealed.key_id == current) {
        return Ok(false);
    }
    let mut change = control.change(op).await?;
    let mut permit = change.open::<T>(Action::Update, &seen.subject_id(), None).await?;
    let secrets = open_all(control.vault(), &permit.after)?;
    for (name, secret) in secrets {
        let place = permit.after.place_of(&name);
        let sealed = control.vault().seal(control.entropy(), &place, &secret)?;
        permit.after.secrets_mut().insert(name, sealed);
    }
    change.save(permit, &format!("{}.reencrypt", T::KIND)).await?;
    change.commit().await?;
    Ok(true)
}
