//! `/key/*`

mod bulk;
mod change;
mod generate;
mod info;
mod list;
mod shape;

use tollgate_control::ControlError;
use tollgate_control::keys::KeyRef;
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::{KEY_PREFIX, KeyDigest};

use super::body::{Fields, invalid};

pub use bulk::{bulk_update, team_bulk_update};
pub use change::{block, delete, regenerate, regenerate_named, unblock, update};
pub use generate::{create, generate, service_account};
pub use info::{health, info, info_many};
pub use list::{aliases, describe_all, list};
pub use shape::{access_groups, apply};

/// A key as its plain text, its SHA-256, or its id at `/api/v1`.
pub fn key_ref(given: &str) -> KeyRef {
    if !given.starts_with(KEY_PREFIX) {
        if let Some(digest) = KeyDigest::parse_hex(given) {
            return KeyRef::Digest(digest);
        }
        if let Some(id) = KeyId::parse(given) {
            return KeyRef::Id(id);
        }
    }
    KeyRef::Digest(KeyDigest::of(given))
}

/// Which key a change is about: `key`, or else `key_alias`.
fn pointed_out(fields: &mut Fields) -> Result<(String, KeyRef), ControlError> {
    if let Some(given) = fields.text("key")?.value() {
        let reference = key_ref(&given);
        return Ok((given, reference));
    }
    match fields.text("key_alias")?.value() {
        Some(alias) => Ok((alias.clone(), KeyRef::Alias(alias))),
        None => Err(invalid("key", "is needed, or `key_alias`: which key")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_text_its_digest_and_its_id() {
        let digest = KeyDigest::of("sk-1234");
        assert_eq!(key_ref("sk-1234"), KeyRef::Digest(digest));
        assert_eq!(key_ref(&digest.to_hex()), KeyRef::Digest(digest));
        let id = "0193a2b4-0000-7000-8000-000000000000";
        assert_eq!(key_ref(id), KeyRef::Id(KeyId::parse(id).unwrap()));
    }
}
