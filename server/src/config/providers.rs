//! The providers that can be called, from the table `providers.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::finding::Report;
use super::suggest::closest;
use super::value::Cursor;
use super::yaml::{self, Value};

/// A provider that speaks OpenAI's wire format.
#[derive(Debug, Default)]
pub(super) struct Provider {
    /// As in `provider/model`.
    pub name: String,
    /// As in the price book.
    pub book_name: String,
    /// `None`: an address must be given.
    pub base_url: Option<String>,
    /// Environment variables that may hold the key.
    pub keys: Vec<String>,
    /// Environment variables that may hold another base address.
    pub bases: Vec<String>,
    /// Put after a base address that was given without a path.
    pub path: Option<String>,
    /// Mostly needs no key.
    pub keyless: bool,
    /// It has a dialect of its own that is not spoken yet.
    pub via: bool,
    pub docs: Option<String>,
}

#[derive(Debug, Default)]
struct Table {
    spoken: BTreeMap<String, Provider>,
    not_yet: BTreeSet<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // The table is part of the program, and a test reads it with every mistake reported.
    let Some(node) = yaml::parse(include_str!("providers.yaml"), 0, &mut Report::default()) else {
        return Table::default();
    };
    let root = Cursor::root(&node);
    let spoken = root.get("spoken");
    let spoken = spoken.iter().flat_map(Cursor::entries).map(|(name, _, row)| (name.to_owned(), provider(name, &row)));
    let not_yet = text(&root, "not_yet").unwrap_or_default();
    Table { spoken: spoken.collect(), not_yet: not_yet.split_whitespace().map(str::to_owned).collect() }
});

fn text<'n>(row: &Cursor<'n>, key: &str) -> Option<&'n str> {
    match &row.get(key)?.node.value {
        Value::Scalar { text, .. } => Some(text),
        _ => None,
    }
}

fn provider(name: &str, row: &Cursor<'_>) -> Provider {
    let upper = name.to_ascii_uppercase().replace('-', "_");
    let words = |key, otherwise: &str| -> Vec<String> {
        text(row, key).unwrap_or(&format!("{upper}{otherwise}")).split_whitespace().map(str::to_owned).collect()
    };
    let owned = |key| text(row, key).map(str::to_owned);
    Provider {
        name: name.to_owned(),
        book_name: owned("same").unwrap_or_else(|| name.to_owned()),
        base_url: owned("base_url"),
        keys: words("keys", "_API_KEY"),
        bases: words("bases", "_API_BASE"),
        path: owned("path"),
        keyless: text(row, "keyless") == Some("true"),
        via: text(row, "via") == Some("true"),
        docs: owned("docs"),
    }
}

/// What is known of a provider's name.
pub(super) enum Known {
    Spoken(&'static Provider),
    /// A provider of LiteLLM's that can't be called yet.
    NotYet,
    Unknown,
}

pub(super) fn find(name: &str) -> Known {
    match TABLE.spoken.get(name) {
        Some(provider) => Known::Spoken(provider),
        None if TABLE.not_yet.contains(name) => Known::NotYet,
        None => Known::Unknown,
    }
}

/// The providers that can be called, by name.
pub(super) fn all() -> impl Iterator<Item = &'static Provider> {
    TABLE.spoken.values()
}

/// What models in the database can be at, for forms: the simulator too.
pub fn offered() -> Vec<tollgate_control::models::Provider> {
    let simulator =
        tollgate_control::models::Provider { name: super::target::SIMULATOR.to_owned(), ..Default::default() };
    let spoken = all().map(|provider| tollgate_control::models::Provider {
        name: provider.name.clone(),
        base_url: provider.base_url.clone(),
        key_variables: provider.keys.clone(),
        keyless: provider.keyless,
        docs: provider.docs.clone(),
    });
    spoken.chain([simulator]).collect()
}

/// The provider that a misspelt name probably means.
pub(super) fn suggest(name: &str) -> Option<&'static str> {
    closest(name, TABLE.spoken.keys().chain(&TABLE.not_yet).map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::finding::Findings;
    use crate::config::keys::table;

    #[test]
    fn the_table_is_sound() {
        let (node, findings) = table(include_str!("providers.yaml"));
        assert_eq!(findings, Findings::default());
        for (name, _, row) in Cursor::root(&node).get("spoken").unwrap().entries() {
            for (key, ..) in row.entries() {
                let known = ["base_url", "keys", "bases", "path", "keyless", "via", "same", "docs"];
                assert!(known.contains(&key), "{name}.{key}");
            }
        }
        for provider in all() {
            assert!(!TABLE.not_yet.contains(&provider.name), "{}", provider.name);
            for address in provider.base_url.iter().chain(&provider.docs) {
                let url = url::Url::parse(address).unwrap();
                let own = url.scheme() == "http" && ["localhost", "127.0.0.1"].contains(&url.host_str().unwrap());
                assert!(url.scheme() == "https" || own && provider.keyless, "{address}");
                assert!(!address.ends_with('/'), "{address}");
            }
            let shouted =
                |name: &String| name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            assert!(!provider.keys.is_empty() && provider.keys.iter().chain(&provider.bases).all(shouted));
        }
    }

    #[test]
    fn well_known_providers_are_there() {
        let base = |name| match find(name) {
            Known::Spoken(provider) => provider.base_url.as_deref(),
            _ => panic!("{name}"),
        };
        assert_eq!(base("openai"), Some("https://api.openai.com/v1"));
        assert_eq!(base("groq"), Some("https://api.groq.com/openai/v1"));
        assert_eq!(base("hosted_vllm"), None);
        for name in "openai groq deepseek mistral together_ai fireworks_ai openrouter xai perplexity cerebras \
            sambanova nvidia_nim deepinfra hosted_vllm vllm openai_like custom_openai lm_studio llamafile ollama \
            moonshot dashscope novita nebius huggingface github litellm_proxy cohere gemini anthropic"
            .split_whitespace()
        {
            assert!(matches!(find(name), Known::Spoken(_)), "{name}");
        }
        for name in ["azure", "bedrock", "vertex_ai", "sagemaker", "databricks", "watsonx", "replicate", "snowflake"] {
            assert!(matches!(find(name), Known::NotYet), "{name}");
        }
        assert!(matches!(find("opnai"), Known::Unknown));
        assert_eq!(suggest("opnai"), Some("openai"));
    }
}
