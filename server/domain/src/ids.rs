//! Identifiers, one type for each kind of thing.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::clock::{Clock, Timestamp};
use crate::entropy::{Entropy, random_bytes};

/// A UUIDv7: sorts by the time it was made, to the microsecond.
pub fn new_uuid(clock: &dyn Clock, entropy: &dyn Entropy) -> Uuid {
    uuid_of(clock.now(), entropy)
}

/// The UUIDv7 of a moment that is not now: of the call that began then.
pub fn uuid_of(at: Timestamp, entropy: &dyn Entropy) -> Uuid {
    let mut low = random_bytes::<10>(entropy);
    // Within its millisecond it sorts by the microsecond: twelve bits for a fraction, RFC 9562, 6.2, method 3.
    let fraction = at.0.rem_euclid(1000) * 4096 / 1000;
    low[..2].copy_from_slice(&u16::try_from(fraction).unwrap_or_default().to_be_bytes());
    Builder::from_unix_timestamp_millis(millis(at), &low).into_uuid()
}

/// Not greater than any UUIDv7 of this millisecond or a later one, and greater than all of earlier ones: for turning
/// stretches of time into stretches of ids.
pub fn smallest_uuid_of(at: Timestamp) -> Uuid {
    Uuid::from_u128(u128::from(millis(at)) << 80)
}

/// Since 1970, which ids can't go before; UUIDs have 48 bits for them.
fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.0.div_euclid(1000)).unwrap_or_default().min((1 << 48) - 1)
}

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            pub fn new(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(new_uuid(clock, entropy))
            }

            /// One whose place in the order of ids is that of `at`.
            pub fn of(at: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(uuid_of(at, entropy))
            }

            /// Reads the hyphenated or plain hexadecimal form.
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

uuid_ids! {
    /// A virtual key's id. It never changes, whatever is rotated.
    KeyId;
    /// A line of the ledger: one attempt at a provider.
    ChargeId;
    /// A line of the audit log.
    AuditId;
}

/// The longest id that somebody may choose, in characters.
pub const LONGEST_ID: usize = 200;

/// In `created_by` and the audit log these stand for what has no id of its own: nobody may be called so.
const RESERVED: [&str; 3] = ["anonymous", "master_key", "system"];

/// Whether a text can be an id: 1 to 200 printable characters, no space around them, none of the reserved words.
pub fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text.chars().count() <= LONGEST_ID
        && !text.chars().any(char::is_control)
        && !RESERVED.contains(&text)
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// A new one: a UUIDv7.
            pub fn new(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(new_uuid(clock, entropy).to_string().into())
            }

            /// One that somebody chose, if [`is_id`] lets it pass.
            pub fn parse(text: &str) -> Option<Self> {
                is_id(text).then(|| Self(text.into()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom("an id has 1 to 200 printable characters"))
            }
        }
    )*};
}

/// Of a membership, made of what it joins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MembershipId(Arc<str>);

impl MembershipId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Of two ids: longer than what anybody may choose.
    pub(crate) fn parse_long(text: &str) -> Option<Self> {
        (text.chars().count() <= 3 * LONGEST_ID && !text.chars().any(char::is_control)).then(|| Self(text.into()))
    }
}

text_ids! {
    /// A person, as the gateway or whoever brought it in named it.
    UserId;
    OrganisationId;
    TeamId;
    /// A reusable budget.
    BudgetId;
    /// An end customer: what applications send as `user`.
    CustomerId;
    /// A tag's name is its id.
    TagId;
    /// A group of models that is given access to as a whole; its name is its id.
    AccessGroupId;
    /// A deployment that is kept in the database.
    DeploymentId;
    /// A provider credential's name is its id.
    CredentialId;
    /// A request for an increase of a limit.
    IncreaseRequestId;
    /// A token that an identity provider shows.
    ScimTokenId;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn the_order_of_ids_is_that_of_time() {
        let entropy = SeededEntropy::new(1);
        let now = Timestamp(1_795_170_600_123_456);
        for _ in 0..100 {
            let id = uuid_of(now, &entropy);
            assert!(smallest_uuid_of(now) <= id && id < smallest_uuid_of(Timestamp(now.0 + 1000)));
            // As texts, too: that is how they are kept.
            assert!(smallest_uuid_of(now).to_string() <= id.to_string());
            assert!(id.to_string() < smallest_uuid_of(Timestamp(now.0 + 1000)).to_string());
            assert!(id < uuid_of(Timestamp(now.0 + 1), &entropy), "the next microsecond");
        }
        for odd in [i64::MIN, -1, 0, i64::MAX] {
            assert!(smallest_uuid_of(Timestamp(odd)) <= uuid_of(Timestamp(odd), &entropy));
        }
    }
}
