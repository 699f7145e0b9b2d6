//! Models (what a caller asks for), deployments (one upstream that serves one), and how a name finds them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::price::PriceSheet;
use crate::secret::Secret;

/// A model's name or a pattern with one `*`: `gpt-4o`, `openai/*`, `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModelPattern(String);

impl ModelPattern {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_wildcard(&self) -> bool {
        self.0.contains('*')
    }

    /// The part of `name` that the `*` stands for; the empty text for an exact match.
    pub fn capture<'a>(&self, name: &'a str) -> Option<&'a str> {
        match self.0.split_once('*') {
            None => (self.0 == name).then_some(""),
            Some((before, after)) => name.strip_prefix(before)?.strip_suffix(after),
        }
    }

    pub fn matches(&self, name: &str) -> bool {
        self.capture(name).is_some()
    }
}

/// The wire format that a provider's server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Wire {
    /// OpenAI's: chat completions, completions, embeddings. Most others' too.
    #[default]
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// Google's `generateContent`, with an API key.
    Gemini,
    /// Amazon Bedrock's Converse.
    Bedrock,
    /// OpenAI's, at Azure: with deployments in the path. The version of the interface is the address's query
    /// (`https://host?api-version=2024-10-21`); without one it is the interface that has the deployment in the body.
    Azure,
}

/// Who answers a deployment's calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// A provider's server.
    Server {
        wire: Wire,
        /// Without a slash at the end; with the version where the wire format has it there:
        /// `https://api.openai.com/v1`, `https://api.anthropic.com`.
        base_url: String,
    },
    /// The built-in simulator: no provider, no money.
    Simulator,
}

impl Upstream {
    /// A server that speaks as OpenAI's does.
    pub fn open_ai(base_url: impl Into<String>) -> Self {
        Self::Server { wire: Wire::OpenAi, base_url: base_url.into() }
    }

    /// Where it is; `None`: nowhere.
    pub fn base_url(&self) -> Option<&str> {
        match self {
            Self::Server { base_url, .. } => Some(base_url),
            Self::Simulator => None,
        }
    }
}

/// Where a deployment was configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Origin {
    File {
        path: String,
        line: u64,
    },
    CommandLine,
    BuiltIn,
    /// Kept in the database, under the deployment's id.
    Database,
}

/// A price sheet and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcedPrice {
    pub sheet: PriceSheet,
    /// For people: `configuration`, `price book: openai/gpt-4o (https://…, 2026-11-20)`.
    pub source: String,
}

/// Time limits of a deployment's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// From the request's first byte to the whole answer, streamed or not.
    pub total: Duration,
    /// Between two pieces of a stream, the first included.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(600), idle: Duration::from_secs(120) }
    }
}

/// Who signs a deployment's calls at Amazon.
#[derive(Clone, Debug)]
pub struct AwsLogin {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// Of temporary credentials.
    pub session_token: Option<Secret>,
    /// `eu-central-1`
    pub region: String,
}

/// One upstream that serves a model.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// `model_info.id` of the configuration, or derived from what the deployment is: stable over restarts.
    pub id: String,
    /// What callers ask for.
    pub model: ModelPattern,
    pub provider: String,
    /// The provider's own name for the model; a `*` stands for what the caller's name had in its place.
    pub upstream_model: String,
    pub upstream: Upstream,
    pub api_key: Option<Secret>,
    /// Signs in place of a key.
    pub aws: Option<AwsLogin>,
    /// Sent with every call: `OpenAI-Organization` and what the configuration adds.
    pub headers: Vec<(String, Secret)>,
    pub timeouts: Timeouts,
    /// Relative share of the model's calls.
    pub weight: u32,
    /// The price, where it does not depend on a wildcard's match.
    pub price: Option<SourcedPrice>,
    /// The name under which a wildcard's or an unpriced model is looked up in the price book (`base_model`).
    pub base_model: Option<String>,
    /// Calls to loopback and private addresses are allowed because the administrator wrote such an address.
    pub origin: Origin,
    /// `chat`, `embedding`, …, where known.
    pub mode: Option<String>,
    pub max_input_tokens: Option<u64>,
    pub max_output_tokens: Option<u64>,
    /// What may be spent on it and how fast, whoever calls (`max_budget`, `rpm`, `tpm`, …).
    pub limits: Limits,
}

impl Deployment {
    /// What the upstream is asked for when the caller asked for `requested`.
    pub fn upstream_model_for(&self, requested: &str) -> String {
        match self.model.capture(requested) {
            Some(part) if self.upstream_model.contains('*') => self.upstream_model.replacen('*', part, 1),
            _ => self.upstream_model.clone(),
        }
    }
}

/// Every model that can be asked for: an immutable snapshot, replaced as a whole.
#[derive(Debug, Default)]
pub struct Catalog {
    deployments: Vec<Arc<Deployment>>,
    exact: HashMap<String, Vec<Arc<Deployment>>>,
    /// Longest pattern first: the most exact one wins.
    wildcards: Vec<(ModelPattern, Vec<Arc<Deployment>>)>,
    aliases: HashMap<String, Alias>,
}

/// Another name of a model (`model_group_alias`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    pub model: String,
    /// Not listed by `/v1/models`.
    pub hidden: bool,
}

impl Catalog {
    pub fn new(deployments: Vec<Deployment>, aliases: HashMap<String, Alias>) -> Self {
        let deployments: Vec<_> = deployments.into_iter().map(Arc::new).collect();
        let mut exact: HashMap<String, Vec<Arc<Deployment>>> = HashMap::new();
        let mut wildcards: Vec<(ModelPattern, Vec<Arc<Deployment>>)> = Vec::new();
        for deployment in &deployments {
            if !deployment.model.is_wildcard() {
                exact.entry(deployment.model.as_str().to_owned()).or_default().push(Arc::clone(deployment));
            } else if let Some((_, group)) = wildcards.iter_mut().find(|(pattern, _)| *pattern == deployment.model) {
                group.push(Arc::clone(deployment));
            } else {
                wildcards.push((deployment.model.clone(), vec![Arc::clone(deployment)]));
            }
        }
        wildcards.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.as_str().len()));
        Self { deployments, exact, wildcards, aliases }
    }

    pub fn deployments(&self) -> &[Arc<Deployment>] {
        &self.deployments
    }

    pub fn aliases(&self) -> &HashMap<String, Alias> {
        &self.aliases
    }

    /// The name behind an alias, or the name itself.
    pub fn resolve<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, |alias| alias.model.as_str())
    }

    /// The deployments that serve `name`, aliases followed once; none if the name is unknown.
    pub fn find(&self, name: &str) -> &[Arc<Deployment>] {
        let name = self.resolve(name);
        if let Some(group) = self.exact.get(name) {
            return group;
        }
        self.wildcards.iter().find(|(pattern, _)| pattern.matches(name)).map_or(&[], |(_, group)| group)
    }

    /// Every name that a caller may be shown, sorted: exact names, visible aliases, and wildcards as they are written.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .exact
            .keys()
            .map(String::as_str)
            .chain(self.wildcards.iter().map(|(pattern, _)| pattern.as_str()))
            .chain(self.aliases.iter().filter(|(_, alias)| !alias.hidden).map(|(name, _)| name.as_str()))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(model: &str, upstream_model: &str) -> Deployment {
        Deployment {
            id: format!("{model}->{upstream_model}"),
            model: ModelPattern::new(model),
            provider: "openai".to_owned(),
            upstream_model: upstream_model.to_owned(),
            upstream: Upstream::Simulator,
            api_key: None,
            aws: None,
            headers: Vec::new(),
            timeouts: Timeouts::default(),
            weight: 1,
            price: None,
            base_model: None,
            origin: Origin::BuiltIn,
            mode: None,
            max_input_tokens: None,
            max_output_tokens: None,
            limits: Limits::default(),
        }
    }

    #[test]
    fn exact_names_win_over_wildcards_and_longer_wildcards_over_shorter() {
        let alias = Alias { model: "gpt-4o".to_owned(), hidden: true };
        let catalog = Catalog::new(
            vec![
                deployment("*", "*"),
                deployment("openai/*", "*"),
                deployment("gpt-4o", "gpt-4o-2024"),
                deployment("openai/ft-*", "ft:*"),
            ],
            HashMap::from([("gpt-4".to_owned(), alias)]),
        );
        let first = |name: &str| catalog.find(name)[0].upstream_model_for(catalog.resolve(name));
        assert_eq!(first("gpt-4o"), "gpt-4o-2024");
        assert_eq!(first("gpt-4"), "gpt-4o-2024");
        assert_eq!(first("openai/o3"), "o3");
        assert_eq!(first("openai/ft-x"), "ft:x");
        assert_eq!(first("anything"), "anything");
        assert_eq!(catalog.names(), ["*", "gpt-4o", "openai/*", "openai/ft-*"]);
    }
}
