//! SCIM tokens: what an identity provider shows when it comes to say who there is.

use serde::{Deserialize, Serialize};

use crate::actor::Place;
use crate::clock::Timestamp;
use crate::entropy::{Entropy, random_bytes};
use crate::ids::ScimTokenId;
use crate::key::KeyDigest;
use crate::record::{Index, Meta, no_meta, record};
use crate::secret::Secret;

/// Tells them from keys: for scanners of secrets, and for people.
const PREFIX: &str = "scim-";

/// A token as the identity provider holds it. Exists where it is made, shown once, and nowhere else.
#[derive(Clone, Debug)]
pub struct PlainScimToken(Secret);

impl PlainScimToken {
    /// `scim-` and 256 random bits in hexadecimal.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(format!("{PREFIX}{}", hex::encode(random_bytes::<32>(entropy)))))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(self.expose())
    }
}

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScimToken {
    pub id: ScimTokenId,
    pub name: String,
    /// The SHA-256. The token has too many random bits to be guessed, so that a slow hash would buy nothing.
    pub digest: KeyDigest,
    /// The single sign-on (`google`, `microsoft`, `generic`, …) through which those people come whom it brings: whoever
    /// signs in there for the first time is then the one whom it brought.
    #[serde(default)]
    pub provider: Option<String>,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

impl ScimToken {
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.meta.deleted_at.is_none() && self.expires_at.is_none_or(|at| now < at)
    }
}

record!(ScimToken, Settings, |this|
    index Index { name: this.name.clone(), handle: Some(this.digest.to_hex()), ..Index::default() },
    place Place::default());
