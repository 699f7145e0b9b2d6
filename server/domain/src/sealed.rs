//! Secrets as they are kept: encrypted under a key that is not in the database.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An encrypted text. Only `control`'s vault makes and opens it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Which key it was encrypted with.
    pub key_id: String,
    /// AES-256-GCM's nonce, 12 bytes in hexadecimal.
    pub nonce: String,
    /// Ciphertext and tag in hexadecimal.
    pub text: String,
    /// A keyed digest of the plain text: tells whether two secrets are the same, and stands for them in the audit log.
    pub fingerprint: String,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.fingerprint)
    }
}
