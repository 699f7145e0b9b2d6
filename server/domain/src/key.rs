//! Virtual keys: what a caller shows, and what it may do.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::actor::Place;
use crate::choice;
use crate::clock::Timestamp;
use crate::entropy::{Entropy, random_bytes};
use crate::ids::{AccessGroupId, BudgetId, KeyId, OrganisationId, TeamId, UserId};
use crate::limits::Limits;
use crate::model::ModelPattern;
use crate::record::Meta;
use crate::sealed::Sealed;
use crate::secret::Secret;
use crate::team::Team;

/// What every key starts with. Never change it: callers' keys, scanners and LiteLLM's tools know it.
pub const KEY_PREFIX: &str = "sk-";

/// The shortest key that an administrator may choose, as in LiteLLM.
pub const SHORTEST_CUSTOM_KEY: usize = 16;

/// A key as the caller holds it. Exists where it is made, shown once, and nowhere else.
#[derive(Clone, Debug)]
pub struct PlainKey(Secret);

impl PlainKey {
    /// `sk-` and 256 random bits in hexadecimal.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Secret::new(format!("{KEY_PREFIX}{}", hex::encode(random_bytes::<32>(entropy)))))
    }

    /// A key of the administrator's own choice: `sk-` and at least 16 characters in all, printable ASCII.
    pub fn custom(text: &str) -> Result<Self, KeyTextError> {
        if !text.starts_with(KEY_PREFIX) {
            return Err(KeyTextError::Prefix);
        }
        if text.len() < SHORTEST_CUSTOM_KEY {
            return Err(KeyTextError::Short);
        }
        if text.len() > 512 || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(KeyTextError::Characters);
        }
        Ok(Self(Secret::new(text.to_owned())))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(self.expose())
    }

    /// What may be shown afterwards: `sk-...abcd`.
    pub fn hint(&self) -> String {
        let text = self.expose();
        format!("{KEY_PREFIX}...{}", &text[text.len() - 4..])
    }
}

/// Why a text can't be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    #[error("a key must start with `sk-`")]
    Prefix,
    #[error("a key must have at least {SHORTEST_CUSTOM_KEY} characters")]
    Short,
    #[error("a key must have at most 512 characters, all printable ASCII")]
    Characters,
}

/// The SHA-256 of a key: what is stored and looked up. The keys have too many random bits to be guessed, so a slow
/// hash would buy nothing; LiteLLM stores the same digest, so its keys go on working.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    pub fn parse_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Compares in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyDigest({}…)", &self.to_hex()[..8])
    }
}

impl Serialize for KeyDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for KeyDigest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_hex(&text).ok_or_else(|| serde::de::Error::custom("not a SHA-256 in hexadecimal"))
    }
}

/// What a key is for (LiteLLM's `key_type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyType {
    /// Calls models, and manages what its owner may manage.
    #[default]
    Default,
    /// Calls models only.
    LlmApi,
    /// Manages only.
    Management,
    /// Reads what its owner may read, and calls nothing.
    ReadOnly,
}

impl KeyType {
    pub const ALL: [Self; 4] = [Self::Default, Self::LlmApi, Self::Management, Self::ReadOnly];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::LlmApi => "llm_api",
            Self::Management => "management",
            Self::ReadOnly => "read_only",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == text)
    }
}

/// When a key is exchanged by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Seconds between two exchanges.
    pub interval_seconds: i64,
    pub next_at: Timestamp,
    /// Seconds that the old text goes on working after an exchange.
    pub grace_seconds: i64,
    /// The new text, until somebody collects it: whoever holds the old one, or may change the key.
    #[serde(default)]
    pub pending: Option<Sealed>,
}

impl Rotation {
    /// Every so many seconds from now on. The old text works for half of that, at most a week.
    pub fn every(interval_seconds: i64, now: Timestamp) -> Self {
        Self {
            interval_seconds,
            next_at: now.plus_seconds(interval_seconds),
            grace_seconds: (interval_seconds / 2).min(7 * 86_400),
            pending: None,
        }
    }
}

/// A virtual key as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VirtualKey {
    pub id: KeyId,
    pub digest: KeyDigest,
    /// `sk-...abcd`
    pub hint: String,
    pub alias: Option<String>,
    /// What it may call; empty means every model that its team, user and organisation may.
    pub models: Vec<ModelPattern>,
    pub blocked: bool,
    pub expires_at: Option<Timestamp>,
    /// The person whose it is; `None` with a team: a service account's.
    pub user_id: Option<UserId>,
    pub team_id: Option<TeamId>,
    /// Where the key has no team: whom it is charged to.
    pub organisation_id: Option<OrganisationId>,
    pub key_type: KeyType,
    /// Routes or groups of routes that it may use; empty means those of its type.
    pub allowed_routes: Vec<String>,
    pub access_groups: Vec<AccessGroupId>,
    /// Added to each of its calls.
    pub tags: Vec<String>,
    /// Names that it may use for other models.
    pub model_aliases: BTreeMap<String, String>,
    pub budget_id: Option<BudgetId>,
    pub limits: Limits,
    pub rotation: Option<Rotation>,
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// LiteLLM's other fields, kept and returned as they were given.
    pub settings: serde_json::Map<String, serde_json::Value>,
    pub meta: Meta,
}

impl VirtualKey {
    /// Whose it is. A team's key is its organisation's, whatever the key itself says: otherwise an organisation's
    /// administrators could reach into any team by naming their organisation beside it.
    pub fn place(&self, team: Option<&Team>) -> Place {
        Place {
            owner: self.user_id.clone(),
            team: self.team_id.clone(),
            organisation: match &self.team_id {
                Some(_) => team.and_then(|team| team.organisation_id.clone()),
                None => self.organisation_id.clone(),
            },
            key: Some(self.id),
            delegated: false,
        }
    }
}

/// What a key's state allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    Active,
    Blocked,
    Expired,
    Deleted,
}

impl KeyStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Blocked => "blocked",
            Self::Expired => "expired",
            Self::Deleted => "deleted",
        }
    }
}

impl VirtualKey {
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        if self.meta.deleted_at.is_some() {
            KeyStatus::Deleted
        } else if self.blocked {
            KeyStatus::Blocked
        } else if self.expires_at.is_some_and(|at| at <= now) {
            KeyStatus::Expired
        } else {
            KeyStatus::Active
        }
    }

    /// Whether the key may call `model`. LiteLLM's `all-proxy-models` and `all-team-models` mean every model;
    /// `no-default-models` means none.
    pub fn allows_model(&self, model: &str) -> bool {
        self.models.is_empty()
            || self.models.iter().any(|pattern| match pattern.as_str() {
                "all-proxy-models" | "all-team-models" => true,
                "no-default-models" => false,
                _ => pattern.matches(model),
            })
    }

    /// Its budget slows it down instead of refusing, where the gateway says by how much.
    pub fn throttles(&self) -> bool {
        self.settings.get(choice::THROTTLE).and_then(serde_json::Value::as_bool).unwrap_or(false)
    }

    /// Whether a client that leaves takes its call with it; `None`: as the team or the gateway has it.
    pub fn cancels(&self) -> Option<bool> {
        let said = self.settings.get(choice::CANCEL).or_else(|| self.metadata.get(choice::CANCEL));
        said.and_then(serde_json::Value::as_bool)
    }

    /// All of these as they are for this key.
    pub fn choices(&self) -> choice::Choices {
        choice::Choices { cancel: self.cancels(), ..choice::Choices::of(&self.settings) }
    }

    /// Sets them. What stood in the metadata for want of a better place is taken out, for else it would go on counting.
    pub fn choose(&mut self, choices: choice::Choices) {
        if choices == self.choices() {
            return;
        }
        self.metadata.remove(choice::CANCEL);
        choices.write(&mut self.settings);
    }

    /// What is called instead of `model` when its part of a budget is used up, in this order.
    pub fn budget_fallbacks(&self, model: &str) -> Vec<String> {
        choice::fallbacks(self.settings.get(choice::FALLBACKS), model)
    }

    /// What people call it: the alias, or the hint.
    pub fn label(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn a_key_is_never_printed() {
        let key = PlainKey::generate(&SeededEntropy::new(1));
        assert_eq!(key.expose().len(), 67);
        assert!(!format!("{key:?}").contains(&key.expose()[3..]));
        assert!(!format!("{:?}", key.digest()).contains(&key.digest().to_hex()));
        assert_eq!(key.hint(), format!("sk-...{}", &key.expose()[63..]));
    }

    #[test]
    fn the_digest_is_litellms() {
        assert_eq!(
            KeyDigest::of("sk-1234").to_hex(),
            "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b"
        );
    }

    #[test]
    fn custom_keys_are_checked() {
        assert_eq!(PlainKey::custom("pk-0123456789abcdef").unwrap_err(), KeyTextError::Prefix);
        assert_eq!(PlainKey::custom("sk-short").unwrap_err(), KeyTextError::Short);
        assert_eq!(PlainKey::custom("sk-with spaces in it").unwrap_err(), KeyTextError::Characters);
        assert!(PlainKey::custom("sk-0123456789abcdef").is_ok());
    }
}
