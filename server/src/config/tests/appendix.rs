//! A representative `config.yaml` of LiteLLM's.

use std::time::Duration;

use tollgate_domain::limits::BudgetDuration;
use tollgate_domain::model::{Alias, Origin, Upstream, Wire};
use tollgate_domain::money::Nanos;

use super::*;

pub(super) const CONFIG: &str = r#"model_list:
  - model_name: gpt-4o
    litellm_params: {model: azure/gpt-4o-eu, api_base: os.environ/AZ_BASE, api_key: os.environ/AZ_KEY, api_version: "2024-10-21", rpm: 600, tpm: 100000, weight: 3, tags: ["eu"]}
    model_info: {id: az-eu, base_model: azure/gpt-4o, access_groups: ["std"]}
  - model_name: gpt-4o
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY, timeout: 60, stream_timeout: 10, max_retries: 1}
  - model_name: "anthropic/*"
    litellm_params: {model: "anthropic/*", api_key: os.environ/ANTHROPIC_API_KEY}
  - model_name: local
    litellm_params: {model: hosted_vllm/qwen3, api_base: http://vllm:8000/v1, input_cost_per_token: 0, output_cost_per_token: 0}
litellm_settings:
  drop_params: true
  num_retries: 2
  request_timeout: 600
  fallbacks: [{"gpt-4o": ["anthropic/claude-sonnet-4-5"]}]
  context_window_fallbacks: [{"local": ["gpt-4o"]}]
  default_fallbacks: ["local"]
  cache: true
  cache_params: {type: redis, host: os.environ/REDIS_HOST, ttl: 600, namespace: "gw"}
  callbacks: ["prometheus", "otel"]
  max_budget: 100
  budget_duration: 30d
router_settings:
  routing_strategy: simple-shuffle
  model_group_alias: {"gpt-4": "gpt-4o", "hidden": {"model": "gpt-4o", "hidden": true}}
  allowed_fails: 3
  cooldown_time: 30
  enable_pre_call_checks: true
  enable_tag_filtering: true
  retry_policy: {TimeoutErrorRetries: 2, RateLimitErrorRetries: 3}
  provider_budget_config: {openai: {budget_limit: 100, time_period: 1d}}
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: os.environ/DATABASE_URL
  store_model_in_db: true
  alerting: ["slack"]
  alerting_threshold: 300
  proxy_batch_write_at: 10
  maximum_spend_logs_retention_period: "30d"
environment_variables: {REDIS_HOST: "redis"}
"#;

pub(super) const VARIABLES: [(&str, &str); 6] = [
    ("AZ_BASE", "https://eu.openai.azure.com/"),
    ("AZ_KEY", "azure-value"),
    ("OPENAI_API_KEY", "sk-openai-value"),
    ("ANTHROPIC_API_KEY", "sk-ant-value"),
    ("LITELLM_MASTER_KEY", "sk-master-0123456789"),
    ("DATABASE_URL", "postgresql://u:p@db/gw"),
];

#[test]
fn it_loads() {
    let Loaded { config, findings } = load_with(CONFIG, &VARIABLES);
    assert!(!findings.has_errors());
    assert_eq!(config.master_key.unwrap().expose(), "sk-master-0123456789");
    assert_eq!(config.database_url.unwrap().expose(), "postgresql://u:p@db/gw");
    let catalog = &config.catalog;
    assert_eq!(catalog.names(), ["anthropic/*", "gpt-4", "gpt-4o", "local"]);
    assert_eq!(catalog.aliases()["hidden"], Alias { model: "gpt-4o".to_owned(), hidden: true });
    let [azure, openai] = catalog.find("gpt-4") else { panic!("two of them") };
    let base_url = "https://eu.openai.azure.com/?api-version=2024-10-21".to_owned();
    assert_eq!(azure.upstream, Upstream::Server { wire: Wire::Azure, base_url });
    assert_eq!((azure.provider.as_str(), azure.upstream_model.as_str(), azure.weight), ("azure", "gpt-4o-eu", 3));
    assert_eq!((openai.provider.as_str(), openai.upstream_model.as_str()), ("openai", "gpt-4o"));
    assert_eq!(openai.upstream, Upstream::open_ai("https://api.openai.com/v1"));
    assert_eq!(openai.api_key.as_ref().unwrap().expose(), "sk-openai-value");
    assert_eq!((openai.timeouts.total, openai.timeouts.idle), (Duration::from_mins(1), Duration::from_secs(10)));
    assert_eq!(openai.origin, Origin::File { path: "config.yaml".to_owned(), line: 5 });
    assert_eq!(openai.mode.as_deref(), Some("chat"));
    assert_eq!((openai.max_input_tokens, openai.max_output_tokens), (Some(128_000), Some(16_384)));
    assert!(openai.price.as_ref().unwrap().source.starts_with("price book: gpt-4o at openai"));

    let [claude] = catalog.find("anthropic/claude-sonnet-4-5") else { panic!() };
    assert_eq!(claude.upstream_model_for("anthropic/claude-sonnet-4-5"), "claude-sonnet-4-5");
    assert_eq!((claude.provider.as_str(), claude.price.as_ref()), ("anthropic", None));
    assert_eq!(claude.timeouts.total, Duration::from_mins(10));

    let [local] = catalog.find("local") else { panic!() };
    assert_eq!(local.upstream, Upstream::open_ai("http://vllm:8000/v1"));
    let price = local.price.as_ref().unwrap();
    assert_eq!((price.source.as_str(), price.sheet.rates().len()), ("configuration", 2));
    assert!(local.api_key.is_none());

    let house = &config.house;
    assert_eq!(house.gateway.max_budget, Some(Nanos(100_000_000_000)));
    assert_eq!(house.gateway.budget_duration, BudgetDuration::parse("30d"));
    assert_eq!(house.providers["openai"].max_budget, Some(Nanos(100_000_000_000)));
}

#[test]
fn everything_that_is_not_acted_on_is_told_with_its_line() {
    let findings = load_with(CONFIG, &VARIABLES).findings;
    assert_eq!(findings.to_string(), include_str!("appendix.txt"));
}
