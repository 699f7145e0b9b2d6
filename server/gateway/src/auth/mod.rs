//! Who calls: the key in the request, and what is known of it.

mod credentials;
mod principals;
mod tokens;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use tollgate_domain::Timestamp;
use tollgate_domain::charge::CallKey;
use tollgate_domain::ids::KeyId;
use tollgate_domain::principal::{KeyDenial, Principal};

use crate::openai::error::CallError;
use crate::openai::request::cut;
use crate::payers::{Chains, Payer};
pub use credentials::present_key;
pub use principals::{Lookup, Principals};
pub use tokens::{TokenCallers, TokenRules};

tokio::task_local! {
    /// Who sent the request that is answered.
    static CLIENT: IpAddr;
}

/// Answers a request of somebody at this address. Outside of it no address is known, and whoever may only call from
/// some may not call.
pub async fn from_client<F: Future>(address: IpAddr, answer: F) -> F::Output {
    CLIENT.scope(address, answer).await
}

/// A caller that proved who it is.
#[derive(Clone, Debug)]
pub enum Caller {
    MasterKey,
    Key(Arc<Payer>),
}

impl Caller {
    /// `None` for the master key.
    pub fn key_id(&self) -> Option<KeyId> {
        self.principal().map(|principal| principal.key.id)
    }

    pub fn call_key(&self) -> CallKey {
        self.key_id().map_or(CallKey::Master, CallKey::Virtual)
    }

    /// Whom its calls are put down to beside its key; 0: nobody.
    pub fn ownership_id(&self) -> i64 {
        self.principal().map_or(0, |principal| principal.ownership_id)
    }

    /// The tags that each of its calls has: its key's, then its team's.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.principal()
            .into_iter()
            .flat_map(|principal| principal.key.tags.iter().chain(principal.team.iter().flat_map(|team| &team.tags)))
            .map(String::as_str)
    }

    /// Whether the caller may do anything at all now.
    pub fn check(&self, now: Timestamp) -> Result<(), CallError> {
        let Some(principal) = self.principal() else { return Ok(()) };
        principal.check(now).map_err(|denial| match denial {
            KeyDenial::Blocked => CallError::blocked_key(),
            KeyDenial::Expired(at) => CallError::expired_key(&principal.key.hint, &at.to_rfc3339(), &now.to_rfc3339()),
            KeyDenial::Deleted => CallError::unknown_key(),
            KeyDenial::UserDisabled => {
                CallError::disabled_user(principal.key.user_id.as_ref().map_or("", |user| user.as_str()))
            }
            KeyDenial::TeamBlocked(team) => CallError::blocked_team(team.as_str()),
            KeyDenial::OrganisationBlocked(organisation) => CallError::blocked_organisation(organisation.as_str()),
        })?;
        self.check_address()
    }

    /// Whether it may call from where the request comes from.
    fn check_address(&self) -> Result<(), CallError> {
        let Self::Key(payer) = self else { return Ok(()) };
        if payer.networks.is_empty() {
            return Ok(());
        }
        let address = CLIENT.try_get().ok();
        if payer.networks.iter().all(|networks| networks.admits(address)) {
            return Ok(());
        }
        Err(CallError::address_denied(address))
    }

    /// Whether the caller may ask for `path`, in the data plane.
    pub fn check_route(&self, path: &str) -> Result<(), CallError> {
        match self.principal() {
            Some(principal) if !principal.key.may_use_route(path) => Err(CallError::route_denied(&principal.key, path)),
            _ => Ok(()),
        }
    }

    /// What `model` stands for with this caller.
    pub fn resolve_alias<'a>(&'a self, model: &'a str) -> &'a str {
        self.principal().map_or(model, |principal| principal.resolve_alias(model))
    }

    /// The names that it alone may use for models: its key's and its team's.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.principal()
            .into_iter()
            .flat_map(|principal| {
                let team = principal.team.iter().flat_map(|team| &team.model_aliases);
                principal.key.model_aliases.iter().chain(team)
            })
            .map(|(name, model)| (name.as_str(), model.as_str()))
    }

    /// Whether the caller may call `model`, what it asked for resolved by [`Self::resolve_alias`].
    pub fn check_model(&self, model: &str) -> Result<(), CallError> {
        let Some(principal) = self.principal() else { return Ok(()) };
        principal.check_model(model).map_err(|level| CallError::model_denied(level, model))
    }

    /// Whether a client of it that leaves takes its call with it; `None`: as the gateway has it.
    pub fn cancels(&self) -> Option<bool> {
        let principal = self.principal()?;
        principal.key.cancels().or_else(|| principal.team.as_ref()?.cancels())
    }

    /// What is called instead of `model` when its part of a budget is used up: as the key says, or else its team.
    pub fn budget_fallbacks(&self, model: &str) -> Vec<String> {
        let Some(principal) = self.principal() else { return Vec::new() };
        let own = principal.key.budget_fallbacks(model);
        let team = principal.team.as_ref().filter(|_| own.is_empty());
        team.map_or(own, |team| team.budget_fallbacks(model))
    }

    /// `None`: the master key.
    pub fn principal(&self) -> Option<&Principal> {
        match self {
            Self::MasterKey => None,
            Self::Key(payer) => Some(&payer.principal),
        }
    }

    /// The chains of accounts that were made of it; `None`: the master key.
    pub fn chains(&self) -> Option<&Chains> {
        match self {
            Self::MasterKey => None,
            Self::Key(payer) => Some(&payer.chains),
        }
    }
}

/// The most tags that a call has; those of the key come first.
const MAX_TAGS: usize = 20;

/// A longer tag is cut, in characters.
const MAX_TAG: usize = 100;

/// Tags as the ledger keeps them: trimmed, sorted, each once.
pub fn collect_tags<'a>(tags: impl Iterator<Item = Cow<'a, str>>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        let tag = tag.trim();
        let tag = cut(tag, MAX_TAG).trim_end();
        if !tag.is_empty() && !tag.contains(char::is_control) && !kept.iter().any(|known| known == tag) {
            kept.push(tag.to_owned());
            if kept.len() == MAX_TAGS {
                break;
            }
        }
    }
    kept.sort_unstable();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_few_and_tidy() {
        let collect = |tags: &[&str]| collect_tags(tags.iter().map(|tag| Cow::Borrowed(*tag)));
        assert_eq!(collect(&[" b ", "a", "b", "", "  ", "x\ny"]), ["a", "b"]);
        assert_eq!(collect(&["é".repeat(101).as_str()]), ["é".repeat(100)]);
        let many: Vec<String> = (0..30).map(|i| format!("t{i:02}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(collect(&many).len(), 20);
    }
}
