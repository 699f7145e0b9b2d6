use std::collections::BTreeSet;

use super::*;
use crate::json::{Json, Object};

#[test]
fn the_table_is_sound() {
    let providers = load(include_str!("../../data/providers.yaml")).unwrap();
    assert_eq!(providers, all());
    assert!(providers.len() > 100);
    let mut titles = BTreeSet::new();
    for provider in &providers {
        let name = &provider.name;
        assert_eq!(find(name), Some(provider), "{name}");
        assert!(titles.insert(&provider.title), "{name}: two are called {}", provider.title);
        assert!(find(&provider.price_name).is_some(), "{name}");
        for address in provider.base_url.iter().chain([&provider.docs]) {
            let rest = address.strip_prefix("https://").or(address.strip_prefix("http://localhost:"));
            let rest =
                rest.or(address.strip_prefix("http://127.0.0.1:")).unwrap_or_else(|| panic!("{name}: {address}"));
            assert!(address.starts_with("https://") || provider.keyless, "{name}: {address}");
            assert!(!rest.is_empty() && !address.ends_with('/') && !address.contains(' '), "{name}: {address}");
            assert_eq!(address.matches('{').count(), address.matches('}').count(), "{name}: {address}");
        }
        assert!(!provider.docs.contains('{'), "{name}");
        let shouted = |text: &String| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        assert!(provider.keys.iter().chain(&provider.bases).all(shouted), "{name}");
        for parameter in provider.rename.iter().map(|(old, _)| old).chain(&provider.drop) {
            assert!(!parameter.is_empty() && !["model", "messages", "stream"].contains(&parameter.as_str()), "{name}");
        }
        let renamed: BTreeSet<_> = provider.rename.iter().map(|(old, _)| old).collect();
        assert!(provider.drop.iter().all(|dropped| !renamed.contains(dropped)), "{name}");
        assert!(!provider.serves.is_empty());
    }
}

/// Those that are named among LiteLLM's: its OpenAI-compatible ones, and those that need a dialect or a signature.
#[test]
fn every_provider_that_litellm_names_is_there() {
    for name in "publicai helicone veniceai xiaomi_mimo scaleway synthetic apertis nano-gpt poe zerogpu chutes \
        abliteration llamagate gmi sarvam assemblyai charity_engine aihubmix aiand crusoe darkbloom neosantara \
        tensormesh parasail libertai empiriolabs meta cognition coralbricks cortecs pinstripes scx-ai prism \
        hostinger_router sail reka openinfer inferenceapis refuseless kyma streamlake \
        groq nvidia_nim cerebras baseten sambanova deepseek deepinfra perplexity xai zai together_ai fireworks_ai \
        friendliai github hosted_vllm llamafile lm_studio novita meta_llama featherless_ai nscale nebius dashscope \
        moonshot v0 morph lambda_ai hyperbolic vercel_ai_gateway openrouter wandb cometapi volcengine codestral \
        litellm_proxy openai anthropic azure azure_ai bedrock vertex_ai gemini cohere mistral ollama databricks watsonx \
        sagemaker replicate huggingface cloudflare oci snowflake triton gigachat github_copilot chatgpt deepgram \
        elevenlabs voyage jina_ai stability fal_ai runwayml"
        .split_whitespace()
    {
        assert!(find(name).is_some(), "{name}");
    }
    assert!(find("opnai").is_none());
}

#[test]
fn those_with_a_dialect_of_their_own_say_so() {
    for (name, speaks, auth) in [
        ("anthropic", Speaks::Anthropic, Auth::Header("x-api-key".to_owned())),
        ("gemini", Speaks::Gemini, Auth::Header("x-goog-api-key".to_owned())),
        ("vertex_ai", Speaks::Vertex, Auth::Google),
        ("bedrock", Speaks::Converse, Auth::SigV4),
        ("azure", Speaks::Azure, Auth::Header("api-key".to_owned())),
        ("groq", Speaks::OpenAi, Auth::Authorization("Bearer")),
        ("fal_ai", Speaks::Own, Auth::Authorization("Key")),
    ] {
        let provider = find(name).unwrap();
        assert_eq!((provider.speaks, &provider.auth), (speaks, &auth), "{name}");
    }
}

#[test]
fn mistakes_are_told_with_their_line() {
    for (text, expected) in [
        ("a:\n  title: A\n", "line 1: `docs` is missing"),
        ("a:\n  title: A\n  docs: x\n  colour: red\n", "line 4: there is no field `colour`"),
        ("a:\n  title: A\n  docs: x\n  quirks: shy\n", "line 4: `quirks` has no `shy`"),
        ("a:\n  title: A\n  docs: x\n  auth: smile\n", "line 4: `auth` is unknown"),
        ("a:\n  title: A\n  docs: x\n  keyless: maybe\n", "line 4: `keyless` is true or false"),
        ("a:\n  title: A\n  docs: x\n  rename: b\n", "line 4: `rename` is of pairs `from=to`"),
        ("a:\n  title: A\n  title: B\n", "line 3: `title` comes twice"),
        ("a:\n  title: A\n  docs: x\na:\n  title: B\n  docs: y\n", "line 4: `a` comes twice"),
        ("a: b\n", "line 1: `a` must have fields"),
        ("a:\n  title: [x]\n", "line 2: fields are text"),
    ] {
        assert_eq!(load(text).unwrap_err().to_string(), expected);
    }
    assert!(load("a: [").is_err());
}

fn applied(name: &str, body: &'static str) -> (String, Vec<String>) {
    let body = Json::parse(body.as_bytes()).unwrap().into_object().unwrap();
    let (out, lost) = quirks::apply(find(name).unwrap(), body);
    (out.to_string(), lost.iter().map(|lost| format!("{:?} {}", lost.weight, lost.field)).collect())
}

#[test]
fn mistral_has_words_of_its_own() {
    let (out, lost) = applied(
        "mistral",
        r#"{"model":"m","messages":[{"role":"developer","content":"Short."},{"role":"assistant","tool_calls":[{"id":"call_abcdef","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"abcDEF123"}]},{"role":"tool","tool_call_id":"call_abcdef","content":"1"}],"max_completion_tokens":5,"seed":1,"tool_choice":"required","user":"u","logit_bias":{"1":1},"service_tier":null}"#,
    );
    let out: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&out["max_tokens"], &out["random_seed"], &out["tool_choice"]), (&5.into(), &1.into(), &"any".into()));
    assert_eq!(out["messages"][0]["role"], "system");
    let id = out["messages"][1]["tool_calls"][0]["id"].as_str().unwrap();
    assert_eq!(id.len(), 9);
    assert_eq!(out["messages"][2]["tool_call_id"], id);
    assert_eq!(out["messages"][1]["tool_calls"][1]["id"], "abcDEF123");
    assert_eq!(lost, ["Hint user", "Parameter logit_bias"]);
}

#[test]
fn both_names_of_a_limit_are_one() {
    let (out, _) = applied("together_ai", r#"{"max_tokens":3,"max_completion_tokens":5}"#);
    assert_eq!(out, r#"{"max_tokens":3}"#);
}

#[test]
fn pictures_and_parts() {
    let body = r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://a.example/b.png"}},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},{"type":"text","text":"b"}]}],"tool_choice":"none","tools":[]}"#;
    let (out, lost) = applied("ollama", body);
    assert!(!out.contains("https") && out.contains("data:image/png") && !out.contains("tool"));
    assert_eq!(lost, ["Content messages[0].content[1]"]);
    let (out, lost) = applied("deepseek", body);
    assert!(out.contains(r#""content":"a\nb""#), "{out}");
    assert_eq!(lost.len(), 2);
}

#[test]
fn who_wants_turns_gets_them() {
    let (out, _) = applied(
        "perplexity",
        r#"{"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"},{"role":"user","content":"c"},{"role":"assistant","content":"d"}]}"#,
    );
    assert_eq!(
        out,
        r#"{"messages":[{"role":"system","content":"a"},{"role":"user","content":"b\n\nc"},{"role":"assistant","content":"d"}]}"#
    );
}

#[test]
fn bodies_of_any_form_are_left_alone() {
    for body in [r#"{"messages":"x"}"#, r#"{"messages":[1,{"content":[1]},{"tool_calls":3}]}"#, "{}"] {
        for provider in all() {
            let object: Object<'_> = Json::parse(body.as_bytes()).unwrap().into_object().unwrap();
            quirks::apply(provider, object);
        }
    }
}
