//! Secrets of credentials, models and teams: set, used, never read again; and written anew when the master secret changes.

use std::collections::BTreeMap;

use tollgate_domain::actor::{Action, Place, Resource, Visible};
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::ids::{KeyId, UserId};
use tollgate_domain::key::VirtualKey;
use tollgate_domain::sealed::Sealed;
use tollgate_domain::secret::Secret;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::RecordFilter;

use crate::access::resealed;
use crate::change::Subject;
use crate::keys::place_of_pending;
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

impl HasSecrets for Team {
    fn place_of(&self, name: &str) -> String {
        format!("team/{}/{name}", self.id)
    }

    fn secrets_mut(&mut self) -> &mut BTreeMap<String, Sealed> {
        &mut self.logging.secrets
    }

    fn secrets(&self) -> &BTreeMap<String, Sealed> {
        &self.logging.secrets
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
    let current = control.vault().current_key().ok_or(VaultError::NoKey)?;
    let filter = RecordFilter::default();
    let credentials: Vec<Credential> = control.store().list_all(&Visible::All, &filter, MOST).await?;
    let deployments: Vec<StoredDeployment> = control.store().list_all(&Visible::All, &filter, MOST).await?;
    let teams: Vec<Team> = control.store().list_all(&Visible::All, &filter, MOST).await?;
    let teams: Vec<Team> = teams.into_iter().filter(|team| !team.logging.secrets.is_empty()).collect();
    let keys = keys_with_secrets(control).await?;
    let factors = control.store().second_factors(MOST as u64).await?;
    let total = credentials.len() + deployments.len() + teams.len() + keys.len() + factors.len();
    let mut progress = Progress { total, ..Progress::default() };
    let mut done = |changed: bool| {
        progress.changed += usize::from(changed);
        progress.done += 1;
        tell(progress);
    };
    let old = |secrets: &BTreeMap<String, Sealed>| secrets.values().any(|sealed| sealed.key_id != current);
    for credential in credentials {
        done(old(&credential.values) && renew::<Credential>(control, op, credential.id.as_str()).await?);
    }
    for deployment in deployments {
        done(old(&deployment.secrets) && renew::<StoredDeployment>(control, op, deployment.id.as_str()).await?);
    }
    for team in teams {
        done(old(&team.logging.secrets) && renew::<Team>(control, op, team.id.as_str()).await?);
    }
    for (id, sealed) in keys {
        done(sealed.key_id != current && renew_key(control, op, id).await?);
    }
    for (user, text) in factors {
        let old = resealed(control, &user, &text)?.is_some();
        done(old && renew_second_factor(control, op, &user).await?);
    }
    Ok(progress)
}

/// Keys whose new text waits to be collected.
async fn keys_with_secrets(control: &Control) -> Result<Vec<(KeyId, Sealed)>, ControlError> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let keys = control.store().keys_with_rotation(after).await?;
        let Some(last) = keys.last() else { return Ok(all) };
        after = Some(last.id);
        all.extend(keys.into_iter().filter_map(|key| Some((key.id, key.rotation?.pending?))));
    }
}

/// `false`: it was deleted meanwhile, and its secrets with it.
async fn renew<T: Managed + HasSecrets>(control: &Control, op: &OpContext, id: &str) -> Result<bool, ControlError> {
    let mut change = control.change(op).await?;
    let mut permit = match change.open::<T>(Action::Update, id, None).await {
        Err(ControlError::NotFound { .. }) => return Ok(false),
        opened => opened?,
    };
    for (name, secret) in open_all(control.vault(), &permit.after)? {
        let sealed = control.vault().seal(control.entropy(), &permit.after.place_of(&name), &secret)?;
        permit.after.secrets_mut().insert(name, sealed);
    }
    change.save_unchecked(permit, &format!("{}.reencrypt", T::KIND)).await?;
    change.commit().await?;
    Ok(true)
}

/// `false`: it was taken away meanwhile.
async fn renew_second_factor(control: &Control, op: &OpContext, user: &UserId) -> Result<bool, ControlError> {
    let change = control.change(op).await?;
    let Some(found) = change.read().find::<User>(user.as_str()).await? else { return Ok(false) };
    let Some(text) = change.second_factor(user).await? else { return Ok(false) };
    let Some(text) = resealed(control, user, &text)? else { return Ok(false) };
    let permit = change.by_proof(found);
    change.set_second_factor(&permit, Some(&text)).await?;
    change.record("second_factor.reencrypt", Subject { kind: "user", id: user.as_str() }, None, None).await?;
    change.commit().await?;
    Ok(true)
}

/// `false`: it was deleted or collected meanwhile.
async fn renew_key(control: &Control, op: &OpContext, id: KeyId) -> Result<bool, ControlError> {
    let mut change = control.change(op).await?;
    let mut permit = match change.open::<VirtualKey>(Action::Update, &id.to_string(), None).await {
        Err(ControlError::NotFound { .. }) => return Ok(false),
        opened => opened?,
    };
    let place = place_of_pending(permit.before());
    let Some(pending) = permit.after.rotation.as_mut().and_then(|rotation| rotation.pending.as_mut()) else {
        return Ok(false);
    };
    let secret = control.vault().open(&place, pending)?;
    *pending = control.vault().seal(control.entropy(), &place, &secret)?;
    change.save_unchecked(permit, "key.reencrypt").await?;
    change.commit().await?;
    Ok(true)
}
