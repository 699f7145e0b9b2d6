//! The providers that can be called: those of the dialects' table whose dialect is spoken and whose login is known.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use tollgate_dialects::providers::{self, Auth, Speaks};
use tollgate_domain::model::Wire;

use super::suggest::closest;

/// A provider that can be called.
#[derive(Debug)]
pub(super) struct Provider {
    known: &'static providers::Provider,
    pub wire: Wire,
}

impl std::ops::Deref for Provider {
    type Target = providers::Provider;

    fn deref(&self) -> &Self::Target {
        self.known
    }
}

impl Provider {
    /// Where it is for everybody; `None`: an address must be given, or made of what the account says.
    pub fn address(&self) -> Option<&str> {
        self.base_url.as_deref().filter(|url| !url.contains('{'))
    }
}

/// Names of LiteLLM's that are no provider of the table: tools of its own, and what has no documented interface.
const ELSEWHERE: &str = "aiohttp_openai auto_router aws_textract azure_speech bespoke bigmodel clf_ai_gateway cursor \
     custom databricks_agent eu_jev gdc langflow laya microsoft_365_copilot nace nadir opencode_go petals \
     qwen_ai_platform qwencloud reducto sagemaker_nova scaledown strands_decider text-completion-inception transcribe \
     typesafe";

static SPOKEN: LazyLock<BTreeMap<&'static str, Provider>> = LazyLock::new(|| {
    let spoken =
        |known: &'static providers::Provider| Some((known.name.as_str(), Provider { known, wire: wire(known)? }));
    providers::all().iter().filter_map(spoken).collect()
});

/// What it is spoken to in; `None`: it can't be called yet.
fn wire(provider: &providers::Provider) -> Option<Wire> {
    let wire = match provider.speaks {
        Speaks::OpenAi => Wire::OpenAi,
        Speaks::Anthropic => Wire::Anthropic,
        Speaks::Gemini => Wire::Gemini,
        Speaks::Converse => Wire::Bedrock,
        Speaks::Azure => Wire::Azure,
        _ => return None,
    };
    let signs = provider.auth == Auth::SigV4 && wire == Wire::Bedrock;
    (signs || matches!(provider.auth, Auth::Authorization(_) | Auth::Header(_))).then_some(wire)
}

/// What is known of a provider's name.
pub(super) enum Known {
    Spoken(&'static Provider),
    /// A provider of LiteLLM's that can't be called yet.
    NotYet,
    Unknown,
}

pub(super) fn find(name: &str) -> Known {
    match SPOKEN.get(name) {
        Some(provider) => Known::Spoken(provider),
        None if not_yet().any(|known| known == name) => Known::NotYet,
        None => Known::Unknown,
    }
}

fn not_yet() -> impl Iterator<Item = &'static str> {
    let listed = providers::all().iter().map(|provider| provider.name.as_str());
    listed.filter(|name| !SPOKEN.contains_key(name)).chain(ELSEWHERE.split_whitespace())
}

/// The providers that can be called, by name.
pub(super) fn all() -> impl Iterator<Item = &'static Provider> {
    SPOKEN.values()
}

/// What models in the database can be at, for forms: the simulator too.
pub fn offered() -> Vec<tollgate_control::models::Provider> {
    let simulator =
        tollgate_control::models::Provider { name: super::target::SIMULATOR.to_owned(), ..Default::default() };
    let spoken = all().map(|provider| tollgate_control::models::Provider {
        name: provider.name.clone(),
        base_url: provider.address().map(str::to_owned),
        key_variables: provider.keys.clone(),
        keyless: provider.keyless,
        docs: Some(provider.docs.clone()),
    });
    spoken.chain([simulator]).collect()
}

/// The provider that a misspelt name probably means.
pub(super) fn suggest(name: &str) -> Option<&'static str> {
    closest(name, SPOKEN.keys().copied().chain(not_yet()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_dialects() {
        assert!(SPOKEN.len() >= 115, "{}", SPOKEN.len());
        for name in ELSEWHERE.split_whitespace() {
            assert!(providers::find(name).is_none(), "{name} is in the table");
        }
    }

    #[test]
    fn well_known_providers_are_there() {
        let base = |name| match find(name) {
            Known::Spoken(provider) => provider.address(),
            _ => panic!("{name}"),
        };
        assert_eq!(base("openai"), Some("https://api.openai.com/v1"));
        assert_eq!(base("groq"), Some("https://api.groq.com/openai/v1"));
        assert_eq!(base("anthropic"), Some("https://api.anthropic.com"));
        assert_eq!(base("hosted_vllm"), None);
        assert_eq!(base("cloudflare"), None);
        for name in "openai groq deepseek mistral together_ai fireworks_ai openrouter xai perplexity cerebras \
            sambanova nvidia_nim deepinfra hosted_vllm vllm openai_like custom_openai lm_studio llamafile ollama \
            moonshot dashscope novita nebius huggingface github litellm_proxy cohere gemini anthropic databricks \
            snowflake azure_ai bytez amazon_nova bedrock azure"
            .split_whitespace()
        {
            assert!(matches!(find(name), Known::Spoken(_)), "{name}");
        }
        for name in ["vertex_ai", "sagemaker", "watsonx", "replicate", "auto_router"] {
            assert!(matches!(find(name), Known::NotYet), "{name}");
        }
        assert!(matches!(find("opnai"), Known::Unknown));
        assert_eq!(suggest("opnai"), Some("openai"));
    }
}
