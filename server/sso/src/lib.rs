//! Single sign-on with OpenID Connect: authorisation code, PKCE, state and nonce, against Google, Microsoft and any
//! other provider.
//!
//! This crate speaks with providers and verifies what they say. It may know the domain's types, and nothing of people,
//! sessions, pages or the database: what it gives back is a [`Proven`](tollgate_domain::sso::Proven), or a [`Failure`].

mod access_token;
#[cfg(test)]
mod access_token_tests;
mod claims;
mod config;
mod exchange;
mod fetch;
mod graph;
mod logout;
mod provider;
#[cfg(any(test, feature = "test-provider"))]
pub mod test_provider;
#[cfg(test)]
mod tests;
mod verify;

use std::fmt;
use std::sync::Arc;

use tollgate_domain::Clock;
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::{Entropy, SystemEntropy};
use tollgate_domain::sso::Fault;

pub use access_token::{AccessTokens, KeySource, TokenIssuer, VerifiedToken, looks_like_token};
pub use config::{ClaimNames, Endpoints, Flavour, ProviderConfig, Tenants};
pub use exchange::{Callback, Pending};
pub use logout::EndedThere;

use provider::Provider;

/// Why it failed: for people and the audit log, and in detail for administrators. Neither holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}: {detail}")]
pub struct Failure {
    pub fault: Fault,
    pub detail: String,
}

impl Failure {
    pub(crate) fn new(fault: Fault, detail: impl Into<String>) -> Self {
        let detail: String = detail.into();
        // Some of it is what a provider or a browser sent.
        Self { fault, detail: detail.chars().filter(|c| !c.is_control()).take(300).collect() }
    }
}

/// A provider that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    pub issuer: String,
    /// How many keys it signs with, or did.
    pub keys: usize,
}

/// The providers through which one signs in. Cheap to clone.
#[derive(Clone)]
pub struct Sso {
    inner: Arc<Inner>,
}

struct Inner {
    providers: Vec<Provider>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    answered: exchange::Answered,
}

impl fmt::Debug for Sso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.providers().map(|(name, _)| name)).finish()
    }
}

impl Default for Sso {
    /// No provider.
    fn default() -> Self {
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let answered = exchange::Answered::default();
        Self { inner: Arc::new(Inner { providers: Vec::new(), clock, entropy, answered }) }
    }
}

impl Sso {
    /// `client` is used for all that is asked of providers: it must follow no redirects and have time limits.
    pub fn new(
        providers: Vec<ProviderConfig>,
        client: reqwest::Client,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let fetch = fetch::Fetch::new(client);
        let providers = providers.into_iter().map(|config| Provider::new(config, fetch.clone())).collect();
        Self { inner: Arc::new(Inner { providers, clock, entropy, answered: exchange::Answered::default() }) }
    }

    /// Name and label, in the order of the configuration.
    pub fn providers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.inner.providers.iter().map(|provider| (provider.config.name.as_str(), provider.config.label.as_str()))
    }

    pub fn is_empty(&self) -> bool {
        self.inner.providers.is_empty()
    }

    /// Asks a provider for its metadata and keys, as a sign-in would.
    pub async fn check(&self, name: &str) -> Result<Reached, Failure> {
        let known = self.provider(name)?.known(self.inner.clock.now()).await?;
        Ok(Reached { issuer: known.metadata.issuer.clone(), keys: known.keys.keys().len() })
    }

    fn provider(&self, name: &str) -> Result<&Provider, Failure> {
        let found = self.inner.providers.iter().find(|provider| provider.config.name == name);
        found.ok_or_else(|| Failure::new(Fault::UnknownProvider, "no provider of that name is configured"))
    }
}
