//! The vault: secrets are encrypted before they reach the database, under keys that are not in it.
//!
//! AES-256-GCM with the secret's place as associated data, so that a ciphertext moved to another row does not open. From
//! one master secret a key is derived for each purpose (HKDF-SHA256). Each ciphertext names the key it was made with:
//! after the master secret was exchanged, old ones still open while the old secret is given too, until
//! [`crate::secrets::reencrypt`] has written them anew.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{hkdf, hmac};
use tollgate_domain::entropy::{Entropy, random_bytes};
use tollgate_domain::sealed::Sealed;
use tollgate_domain::secret::Secret;

/// The longest secret that is kept, in bytes: certificates and service accounts fit.
const LONGEST: usize = 64 * 1024;

/// Why a secret could not be kept or had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    #[error("secrets can't be kept: set TOLLGATE_SALT_KEY (or a master key) to a long random text, and start again")]
    NoKey,
    #[error("a secret has at most {LONGEST} bytes")]
    TooLong,
    #[error(
        "the secret was encrypted with the key `{0}`, which is not at hand: give the old TOLLGATE_SALT_KEY as \
             TOLLGATE_SALT_KEY_PREVIOUS"
    )]
    UnknownKey(String),
    #[error("the secret can't be decrypted: the row was changed, or belongs elsewhere")]
    Damaged,
}

struct Key {
    id: String,
    cipher: LessSafeKey,
    fingerprints: hmac::Key,
}

/// Encrypts and decrypts. Without a master secret it refuses to.
#[derive(Default)]
pub struct Vault {
    /// The current one first.
    keys: Vec<Key>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|key| key.id.as_str()).collect();
        f.debug_struct("Vault").field("keys", &ids).finish()
    }
}

impl Vault {
    /// A vault with a current master secret and those that came before it.
    pub fn new(current: Option<&Secret>, previous: &[Secret]) -> Self {
        Self { keys: current.into_iter().chain(previous).filter_map(Key::derive).collect() }
    }

    /// The id of the key that secrets are encrypted with now.
    pub fn current_key(&self) -> Option<&str> {
        self.keys.first().map(|key| key.id.as_str())
    }

    /// Encrypts a secret for a place: `credential/NAME/api_key`.
    pub fn seal(&self, entropy: &dyn Entropy, place: &str, secret: &Secret) -> Result<Sealed, VaultError> {
        let key = self.keys.first().ok_or(VaultError::NoKey)?;
        let text = secret.expose();
        if text.len() > LONGEST {
            return Err(VaultError::TooLong);
        }
        let nonce: [u8; NONCE_LEN] = random_bytes(entropy);
        let mut bytes = text.as_bytes().to_vec();
        key.cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.as_bytes()), &mut bytes)
            .map_err(|_| VaultError::Damaged)?;
        let fingerprint = hmac::sign(&key.fingerprints, text.as_bytes());
        Ok(Sealed {
            key_id: key.id.clone(),
            nonce: hex::encode(nonce),
            text: hex::encode(bytes),
            fingerprint: hex::encode(&fingerprint.as_ref()[..8]),
        })
    }

    /// Decrypts what was encrypted for this place.
    pub fn open(&self, place: &str, sealed: &Sealed) -> Result<Secret, VaultError> {
        let key = self.keys.iter().find(|key| key.id == sealed.key_id);
        let key = key.ok_or_else(|| VaultError::UnknownKey(sealed.key_id.clone()))?;
        let mut nonce = [0; NONCE_LEN];
        hex::decode_to_slice(&sealed.nonce, &mut nonce).map_err(|_| VaultError::Damaged)?;
        let mut bytes = hex::decode(&sealed.text).map_err(|_| VaultError::Damaged)?;
        let plain = key
            .cipher
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(place.as_bytes()), &mut bytes)
            .map_err(|_| VaultError::Damaged)?;
        String::from_utf8(plain.to_vec()).map(Secret::new).map_err(|_| VaultError::Damaged)
    }
}

/// Lengths for [`hkdf`].
struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

impl Key {
    fn derive(master: &Secret) -> Option<Self> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"tollgate vault");
        let root = salt.extract(master.expose().as_bytes());
        let derive = |purpose: &[u8]| {
            let mut bytes = [0_u8; 32];
            root.expand(&[purpose], Length).ok()?.fill(&mut bytes).ok()?;
            Some(bytes)
        };
        Some(Self {
            id: hex::encode(&derive(b"key id")?[..6]),
            cipher: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derive(b"encryption")?).ok()?),
            fingerprints: hmac::Key::new(hmac::HMAC_SHA256, &derive(b"fingerprints")?),
        })
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::entropy::SeededEntropy;

    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_secret_opens_only_where_it_belongs() {
        let vault = Vault::new(Some(&secret("master")), &[]);
        let sealed = vault.seal(&SeededEntropy::new(1), "credential/a/api_key", &secret("sk-provider")).unwrap();
        assert_eq!(vault.open("credential/a/api_key", &sealed).unwrap().expose(), "sk-provider");
        assert_eq!(vault.open("credential/b/api_key", &sealed).unwrap_err(), VaultError::Damaged);
        let stored = serde_json::to_string(&sealed).unwrap();
        assert!(!stored.contains("sk-provider") && !format!("{sealed:?} {vault:?}").contains("sk-provider"));
        let mut bent = sealed.clone();
        bent.text.replace_range(0..1, if bent.text.starts_with('0') { "1" } else { "0" });
        assert_eq!(vault.open("credential/a/api_key", &bent).unwrap_err(), VaultError::Damaged);
    }

    #[test]
    fn an_exchanged_master_secret_opens_what_the_old_one_closed() {
        let old = Vault::new(Some(&secret("old")), &[]);
        let sealed = old.seal(&SeededEntropy::new(1), "x", &secret("s")).unwrap();
        let alone = Vault::new(Some(&secret("new")), &[]);
        assert_eq!(alone.open("x", &sealed).unwrap_err(), VaultError::UnknownKey(sealed.key_id.clone()));
        let both = Vault::new(Some(&secret("new")), &[secret("old")]);
        assert_eq!(both.open("x", &sealed).unwrap().expose(), "s");
        let again = both.seal(&SeededEntropy::new(2), "x", &secret("s")).unwrap();
        assert_ne!((&again.key_id, &again.text), (&sealed.key_id, &sealed.text));
        assert_eq!(Vault::default().seal(&SeededEntropy::new(1), "x", &secret("s")).unwrap_err(), VaultError::NoKey);
    }

    #[test]
    fn the_same_secret_has_the_same_fingerprint_and_another_text() {
        let vault = Vault::new(Some(&secret("master")), &[]);
        let entropy = SeededEntropy::new(1);
        let (a, b) =
            (vault.seal(&entropy, "x", &secret("s")).unwrap(), vault.seal(&entropy, "x", &secret("s")).unwrap());
        assert_eq!(a.fingerprint, b.fingerprint);
        assert_ne!(a.text, b.text);
    }
}
