//! What becomes of `model_list`.

use std::time::Duration;

use tollgate_domain::ledger::{Period, RateKind};
use tollgate_domain::limits::{BudgetDuration, Limits, RateLimit};
use tollgate_domain::model::{Deployment, Upstream, Wire};
use tollgate_domain::money::Nanos;

use super::*;

fn one(params: &str, variables: &[(&str, &str)]) -> (Deployment, Vec<String>) {
    let text = format!("model_list:\n  - model_name: m\n    litellm_params: {{{params}}}\n");
    let Loaded { config, findings } = load_with(&text, variables);
    let [deployment] = config.catalog.deployments() else { panic!("{findings}") };
    (Deployment::clone(deployment), told(&findings))
}

fn address(deployment: &Deployment) -> &str {
    match &deployment.upstream {
        Upstream::Server { base_url, .. } => base_url,
        Upstream::Simulator => "simulator",
    }
}

fn key(deployment: &Deployment) -> Option<&str> {
    deployment.api_key.as_ref().map(Secret::expose)
}

#[test]
fn the_provider_is_the_models_first_part_or_known_from_the_price_book() {
    let keys =
        [("OPENAI_API_KEY", "a"), ("ANTHROPIC_API_KEY", "b"), ("GEMINI_API_KEY", "c"), ("TOGETHERAI_API_KEY", "d")];
    for (model, provider, upstream, api_key) in [
        ("openai/gpt-4o", "openai", "gpt-4o", "a"),
        ("gpt-4o", "openai", "gpt-4o", "a"),
        ("ft:gpt-4o-2024-08-06:org::id", "openai", "ft:gpt-4o-2024-08-06:org::id", "a"),
        ("text-completion-openai/gpt-3.5-turbo-instruct", "openai", "gpt-3.5-turbo-instruct", "a"),
        ("claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5", "b"),
        ("gemini-2.5-pro", "gemini", "gemini-2.5-pro", "c"),
        ("gemini/gemini-2.5-pro", "gemini", "gemini-2.5-pro", "c"),
        (
            "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "together_ai",
            "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "d",
        ),
    ] {
        let (deployment, _) = one(&format!("model: \"{model}\""), &keys);
        assert_eq!(
            (deployment.provider.as_str(), deployment.upstream_model.as_str(), key(&deployment)),
            (provider, upstream, Some(api_key)),
            "{model}"
        );
    }
    let (deployment, _) = one("model: gpt-4o, custom_llm_provider: openrouter, api_key: k", &[]);
    assert_eq!((deployment.provider.as_str(), deployment.upstream_model.as_str()), ("openrouter", "gpt-4o"));
}

#[test]
fn each_provider_is_spoken_to_in_its_own_dialect() {
    for (model, wire) in [
        ("claude-sonnet-4-5", Wire::Anthropic),
        ("gemini/gemini-2.5-pro", Wire::Gemini),
        ("groq/openai/gpt-oss-20b", Wire::OpenAi),
    ] {
        let (deployment, told) = one(&format!("model: {model}, api_key: k"), &[]);
        assert_eq!(told, [""; 0]);
        assert!(matches!(deployment.upstream, Upstream::Server { wire: its, .. } if its == wire), "{model}");
    }
}

#[test]
fn amazon_is_signed_for_or_has_a_key() {
    let model = "model: bedrock/eu-west-1/amazon.nova-lite-v1:0";
    let keys = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_SESSION_TOKEN", "token")];
    let (deployment, told) = one(model, &keys);
    assert_eq!(told, [""; 0]);
    assert_eq!(address(&deployment), "https://bedrock-runtime.eu-west-1.amazonaws.com");
    assert_eq!(deployment.upstream_model, "amazon.nova-lite-v1:0");
    let aws = deployment.aws.as_ref().unwrap();
    assert_eq!(
        (aws.access_key_id.as_str(), aws.secret_access_key.expose(), aws.region.as_str()),
        ("AKID", "secret", "eu-west-1")
    );
    assert_eq!(aws.session_token.as_ref().unwrap().expose(), "token");
    let (deployment, _) = one(
        "model: bedrock/amazon.nova-lite-v1:0, aws_region_name: us-east-1, aws_access_key_id: OWN, aws_secret_access_key: s",
        &keys,
    );
    let aws = deployment.aws.as_ref().unwrap();
    assert_eq!(
        (aws.access_key_id.as_str(), aws.region.as_str(), aws.session_token.is_none()),
        ("OWN", "us-east-1", true)
    );
    // A key goes before a signature.
    let (deployment, told) = one(model, &[("AWS_BEARER_TOKEN_BEDROCK", "abc"), keys[0], keys[1]]);
    assert_eq!((key(&deployment), deployment.aws.is_none(), told), (Some("abc"), true, Vec::new()));
    // The environment's keys are for Amazon's own address.
    let (deployment, told) = one(&format!("{model}, api_base: http://mine"), &keys);
    assert!(deployment.aws.is_none() && told[0].contains("no key for `bedrock`"), "{told:?}");
}

#[test]
fn azures_addresses_have_a_version() {
    let base = |more: &str| {
        let (deployment, _) =
            one(&format!("model: azure/gpt, api_key: k, api_base: https://x.openai.azure.com{more}"), &[]);
        address(&deployment).to_owned()
    };
    assert_eq!(base(""), "https://x.openai.azure.com/?api-version=2024-10-21");
    assert_eq!(
        base("/openai/deployments/gpt, api_version: 2025-01-01-preview"),
        "https://x.openai.azure.com/?api-version=2025-01-01-preview"
    );
    assert_eq!(base(", api_version: v1"), "https://x.openai.azure.com");
}

#[test]
fn addresses_are_made_whole() {
    for (params, expected) in [
        ("model: openai/x, api_base: \"http://host:1234/v1/\"", "http://host:1234/v1"),
        ("model: openai/x, api_base: http://host", "http://host"),
        ("model: openai/x, base_url: https://host/a", "https://host/a"),
        ("model: ollama/x", "http://localhost:11434/v1"),
        ("model: ollama_chat/x, api_base: http://box:11434", "http://box:11434/v1"),
        ("model: anthropic/x, api_base: https://api.anthropic.com/v1", "https://api.anthropic.com"),
        ("model: anthropic/x, api_base: https://host/a/v1/messages", "https://host/a"),
        ("model: gemini/x, api_base: https://host/v1beta", "https://host"),
        ("model: groq/x", "https://api.groq.com/openai/v1"),
        ("model: perplexity/x", "https://api.perplexity.ai"),
    ] {
        assert_eq!(address(&one(params, &[]).0), expected, "{params}");
    }
    let (deployment, _) = one("model: hosted_vllm/x", &[("HOSTED_VLLM_API_BASE", "http://gpu:8000/v1")]);
    assert_eq!(address(&deployment), "http://gpu:8000/v1");
    assert_eq!(deployment.provider, "hosted_vllm");
}

#[test]
fn a_providers_key_goes_to_the_provider_only() {
    let variables = [("OPENAI_API_KEY", "secret-of-openai")];
    let (deployment, told) = one("model: openai/x, api_base: http://other/v1", &variables);
    assert_eq!(key(&deployment), None);
    assert!(told[0].contains("calls go without a key: `OPENAI_API_KEY` is sent to the provider's own address only"));
    let (deployment, _) =
        one("model: openai/x, api_base: http://other/v1, api_key: os.environ/OPENAI_API_KEY", &variables);
    assert_eq!(key(&deployment), Some("secret-of-openai"));
    // An address from the environment is the provider's own as far as the administrator is concerned.
    let variables = [("OPENAI_API_KEY", " k\n"), ("OPENAI_BASE_URL", "https://eu.api.openai.com/v1")];
    let (deployment, _) = one("model: openai/x", &variables);
    assert_eq!((address(&deployment), key(&deployment)), ("https://eu.api.openai.com/v1", Some("k")));
}

#[test]
fn a_missing_key_is_told() {
    let (_, told) = one("model: groq/openai/gpt-oss-20b", &[]);
    assert_eq!(
        told,
        ["3 warning model_list[0].litellm_params.model: no key for `groq`: its calls will be refused [set \
         `GROQ_API_KEY`, or write `api_key: os.environ/NAME` beside `model`]"]
    );
    assert_eq!(one("model: groq/openai/gpt-oss-20b, api_key: \"\"", &[]).1, [""; 0]);
}

#[test]
fn headers_limits_and_weights() {
    let (deployment, told) = one(
        "model: openai/gpt-4o, api_key: k, organization: org-1, weight: 3, timeout: 1.5, stream_timeout: \"2\", \
         extra_headers: {X-Team: os.environ/TEAM, x-two: b}",
        &[("TEAM", "red")],
    );
    assert_eq!(told, [""; 0]);
    let headers: Vec<_> = deployment.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    assert_eq!(headers, [("OpenAI-Organization", "org-1"), ("X-Team", "red"), ("x-two", "b")]);
    assert_eq!(deployment.weight, 3);
    assert_eq!(
        (deployment.timeouts.total, deployment.timeouts.idle),
        (Duration::from_millis(1500), Duration::from_secs(2))
    );
}

#[test]
fn the_gateways_time_limits_hold_where_a_deployment_has_none() {
    let text = "router_settings: {timeout: 30, stream_timeout: 5}\nlitellm_settings: {request_timeout: 99}\nmodel_list:\n\
        - {model_name: a, litellm_params: {model: simulator/echo}}\n\
        - {model_name: b, litellm_params: {model: simulator/echo, timeout: 60}}\n";
    let catalog = load_with(text, &[]).config.catalog;
    let limits = |name: &str| {
        let timeouts = catalog.find(name)[0].timeouts;
        (timeouts.total.as_secs(), timeouts.idle.as_secs())
    };
    assert_eq!((limits("a"), limits("b")), ((30, 5), (60, 60)));
}

#[test]
fn what_the_model_info_says_goes_before_the_price_book() {
    let text = "model_list:\n- model_name: m\n  litellm_params: {model: openai/my-gpt, api_key: k}\n  \
        model_info: {base_model: gpt-4o, mode: responses, max_tokens: 10, max_input_tokens: 20}\n";
    let Loaded { config, findings } = load_with(text, &[]);
    assert_eq!(told(&findings), [""; 0]);
    let deployment = &config.catalog.deployments()[0];
    assert_eq!(deployment.mode.as_deref(), Some("responses"));
    assert_eq!((deployment.max_input_tokens, deployment.max_output_tokens), (Some(20), Some(10)));
    assert_eq!(deployment.base_model.as_deref(), Some("gpt-4o"));
    assert!(deployment.price.as_ref().unwrap().source.starts_with("price book: gpt-4o at openai"));
}

#[test]
fn ids_are_stable_and_different() {
    let item = "- {model_name: m, litellm_params: {model: openai/gpt-4o, api_key: KEY}}\n";
    let ids = |text: &str| -> Vec<String> {
        load_with(text, &[]).config.catalog.deployments().iter().map(|d| d.id.clone()).collect()
    };
    let once = ids(&format!("model_list:\n{item}"));
    assert_eq!(once[0].len(), 32);
    let thrice = ids(&format!("model_list:\n{item}{item}{item}"));
    assert_eq!(thrice[0], once[0]);
    assert!(thrice[0] != thrice[1] && thrice[1] != thrice[2] && thrice[0] != thrice[2]);
    // Nothing secret goes into an id, and what the deployment is does.
    assert_eq!(ids(&format!("model_list:\n{}", item.replace("KEY", "OTHER"))), once);
    assert_ne!(ids(&format!("model_list:\n{}", item.replace("gpt-4o", "gpt-4o-mini"))), once);
    assert_eq!(
        ids("model_list: [{model_name: m, litellm_params: {model: simulator/echo}, model_info: {id: own}}]"),
        ["own"]
    );
}

#[test]
fn wildcards() {
    let keys = [("OPENAI_API_KEY", "a"), ("GROQ_API_KEY", "b")];
    let text = "model_list:\n- {model_name: \"*\", litellm_params: {model: \"*\"}}\n";
    let Loaded { config, findings } = load_with(text, &keys);
    assert_eq!(config.catalog.names(), ["groq/*", "openai/*"]);
    assert!(
        told(&findings)[0].contains("stands for the providers whose key is in the environment: `groq/*`, `openai/*`")
    );

    let text = "model_list:\n- {model_name: \"gpt-*\", litellm_params: {model: \"openai/gpt-*\", input_cost_per_token: 1e-6}}\n\
        - {model_name: \"all/*\", litellm_params: {model: openai/gpt-4o}}\n";
    let catalog = load_with(text, &keys).config.catalog;
    let first = &catalog.find("gpt-5")[0];
    assert_eq!(first.upstream_model_for("gpt-5"), "gpt-5");
    assert_eq!(first.price.as_ref().unwrap().source, "configuration");
    let second = &catalog.find("all/x")[0];
    assert_eq!(second.upstream_model_for("all/x"), "gpt-4o");
    assert!(second.price.is_some());
}

#[test]
fn what_is_not_supported_yet_or_blocked_is_left_out() {
    let text = "model_list:\n\
        - {model_name: a, litellm_params: {model: vertex_ai/gemini-2.5-pro, api_key: os.environ/NOT_SET}}\n\
        - {model_name: b, litellm_params: {model: sagemaker/jumpstart-dft-meta-textgeneration}}\n\
        - {model_name: c, litellm_params: {model: simulator/echo}, model_info: {blocked: true}}\n\
        - {model_name: d, litellm_params: {model: simulator/echo}}\n\
        router_settings: {model_group_alias: {old: a}}\n";
    let Loaded { config, findings } = load_with(text, &[]);
    assert_eq!(config.catalog.names(), ["d"]);
    let told = told(&findings);
    assert!(told[0].starts_with(
        "2 warning model_list[0].litellm_params.model: `vertex_ai` is not supported yet: this deployment is left out"
    ));
    assert!(told[1].starts_with("3 warning model_list[1].litellm_params.model: `sagemaker` is not supported yet"));
    assert_eq!(told[2], "4 notice model_list[2]: blocked by its `model_info`: it is left out");
    assert!(told[3].starts_with("6 warning router_settings.model_group_alias.old: `a` was left out"));
    assert_eq!(told.len(), 4);
}

#[test]
fn a_file_has_the_simulator_only_when_it_names_it() {
    let text = "model_list: [{model_name: try, litellm_params: {model: simulator/echo}}]\n";
    let catalog = load_with(text, &[]).config.catalog;
    let deployment = &catalog.find("try")[0];
    assert_eq!((address(deployment), deployment.upstream_model.as_str()), ("simulator", "echo"));
    assert_eq!(deployment.price.as_ref().unwrap().source, "simulated: no money is spent");
    let disabled = format!("{text}general_settings: {{disable_simulator: true}}\n");
    let Loaded { config, findings } = load_with(&disabled, &[]);
    assert!(config.catalog.deployments().is_empty());
    assert_eq!(of(&findings, Severity::Warning).len(), 2, "{findings}");
    let other = "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o}}]\n";
    assert_eq!(load_with(other, &[]).config.catalog.names(), ["a"]);
}

#[test]
fn a_deployment_has_limits_of_its_own() {
    let (deployment, findings) = one(
        "model: simulator/echo, max_budget: 2.5, budget_duration: 1d, rpm: 1, tpm: 2, rpd: 3, tpd: 4, itpm: 5, otpm: 6, \
         max_parallel_requests: 7",
        &[],
    );
    assert_eq!(findings, [""; 0]);
    let rate = |kind, limit| RateLimit { kind, period: Period::Minute, limit };
    let expected = Limits {
        max_budget: Some(Nanos(2_500_000_000)),
        budget_duration: BudgetDuration::parse("1d"),
        rpm_limit: Some(1),
        tpm_limit: Some(2),
        rpd_limit: Some(3),
        tpd_limit: Some(4),
        rates: vec![rate(RateKind::InputTokens, 5), rate(RateKind::OutputTokens, 6)],
        max_parallel_requests: Some(7),
        ..Limits::default()
    };
    assert_eq!(deployment.limits, expected);
    let beside = "model_list:\n  - {model_name: m, rpm: 9, litellm_params: {model: simulator/echo}}\n";
    assert_eq!(load_with(beside, &[]).config.catalog.find("m")[0].limits.rpm_limit, Some(9));
    let (_, findings) = one("model: simulator/echo, budget_duration: 1d", &[]);
    assert_eq!(findings, ["3 notice model_list[0].litellm_params.budget_duration: there is no budget that it is for"]);
}
