//! The snippets of LiteLLM guides that people paste.

use tollgate_domain::limits::BudgetDuration;
use tollgate_domain::money::{Nanos, Picos};
use tollgate_domain::price::{Meter, ServiceTier};

use super::*;

const KEYS: [(&str, &str); 3] = [("OPENAI_API_KEY", "k1"), ("HUGGINGFACE_API_KEY", "k2"), ("PROD_OPENAI_KEY", "k3")];

#[test]
fn budgets() {
    let text = r#"
general_settings:
  budget_duration: 30d # monthly budgets
litellm_settings:
  budgets:
    - budget_id: "engineering-team"
      max_budget: 5000 # $5000/month
      time_period: 30d
      budget_duration: monthly
    - budget_id: "marketing-team"
      max_budget: 2000 # $2000/month
      soft_budget: 1500 # Warning at $1500
      time_period: 30d
    - budget_id: "ml-research"
      max_budget: 25000
      alert_on_budget: 20000
    - budget_id: "customer-support"
      max_budget: 5000
      models: ["gpt-4o-mini", "claude-3-haiku"]
"#;
    let Loaded { config, findings } = load_with(text, &[]);
    assert_eq!(
        told(&findings),
        [
            "0 warning model_list: there is no model to serve [list them under `model_list`, or start without a file for \
         the built-in simulator]",
            "19 warning litellm_settings.budgets[3].models: known, and not enforced yet: nothing is limited or protected \
             by it",
        ]
    );
    let told: Vec<_> = config
        .house
        .teams
        .iter()
        .map(|(team, limits)| {
            let dollars = |amount: Option<Nanos>| amount.map(|amount| amount.0 / 1_000_000_000);
            let every = limits.budget_duration.as_ref().map_or("", BudgetDuration::as_str);
            (team.as_str(), dollars(limits.max_budget), dollars(limits.soft_budget), every)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("customer-support", Some(5000), None, "30d"),
            ("engineering-team", Some(5000), None, "monthly"),
            ("marketing-team", Some(2000), Some(1500), "30d"),
            ("ml-research", Some(25_000), Some(20_000), "30d"),
        ]
    );
}

#[test]
fn custom_prices() {
    let text = r"
model_list:
  - model_name: custom-gpt-4
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY
    model_info:
      input_cost_per_token: 0.00001 # Custom rate
      output_cost_per_token: 0.00003
";
    let Loaded { config, findings } = load_with(text, &KEYS);
    assert_eq!(told(&findings), [""; 0]);
    let price = config.catalog.find("custom-gpt-4")[0].price.clone().unwrap();
    assert_eq!(price.source, "configuration");
    assert_eq!(price.sheet.rate(Meter::Input, ServiceTier::Standard, 0), Some(Picos(10_000_000)));
    assert_eq!(price.sheet.rate(Meter::Output, ServiceTier::Standard, 0), Some(Picos(30_000_000)));
}

#[test]
fn fallbacks_inside_a_model() {
    let text = r"
model_list:
  - model_name: cost-optimized-chat
    litellm_params:
      model: gpt-4o-mini
      api_key: os.environ/OPENAI_API_KEY
      fallbacks:
        - model: claude-3-haiku
          api_key: os.environ/ANTHROPIC_API_KEY
        - model: gemini-1.5-flash
          api_key: os.environ/GOOGLE_API_KEY
  - model_name: production
    litellm_params:
      model: openai/gpt-4o # Full capability
    fallbacks:
      - model: anthropic/claude-3-sonnet # Backup
";
    let Loaded { config, findings } = load_with(text, &KEYS);
    assert_eq!(
        told(&findings),
        [
            "7 notice model_list[0].litellm_params.fallbacks: known, and not acted on yet",
            "15 notice model_list[1].fallbacks: known, and not acted on yet",
        ]
    );
    assert_eq!(config.catalog.find("cost-optimized-chat")[0].provider, "openai");
    assert_eq!(config.catalog.find("production")[0].api_key.as_ref().unwrap().expose(), "k1");
}

#[test]
fn free_and_cheap_models() {
    let text = r"
model_list:
  - model_name: dev-cheap
    litellm_params:
      model: openai/gpt-4o-mini # Cheapest option
  - model_name: dev-free
    litellm_params:
      model: huggingface/microsoft/DialoGPT-medium # Free option
";
    let Loaded { config, findings } = load_with(text, &KEYS);
    assert_eq!(
        told(&findings),
        ["8 notice model_list[1].litellm_params.model: no price is known for `microsoft/DialoGPT-medium` at \
         `huggingface`: its cost can't be told [write `input_cost_per_token` and `output_cost_per_token`, or \
         `model_info.base_model`]",]
    );
    assert_eq!(config.catalog.find("dev-free")[0].upstream_model, "microsoft/DialoGPT-medium");
}

#[test]
fn sign_on_settings() {
    let text = r"
model_list: [{model_name: a, litellm_params: {model: simulator/echo}}]
general_settings:
  ui_access_mode: admin_only
  allow_user_auth: true
environment_variables:
  GOOGLE_CLIENT_ID: your-google-client-id
  GOOGLE_CLIENT_SECRET: your-google-client-secret
  MICROSOFT_CLIENT_ID: your-microsoft-client-id
  MICROSOFT_CLIENT_SECRET: your-microsoft-client-secret
";
    let Loaded { config, findings } = load_with(text, &KEYS);
    assert!(config.general.admin_only_ui && !config.general.no_user_auth);
    // Anybody's directory is nobody's: the tenant has to be named.
    assert_eq!(of(&findings, Severity::Warning).len(), 1);
}

#[test]
fn rate_limits_by_user_and_team_wherever_they_stand() {
    let limits = r#"
  user_rate_limits:
    "john.doe@company.com":
      requests_per_minute: 50
      tokens_per_day: 100000
  team_rate_limits:
    "engineering":
      requests_per_minute: 200
      monthly_budget: 10000
"#;
    let model = "model_list: [{model_name: a, litellm_params: {model: simulator/echo}}]\n";
    let flat = format!("{model}litellm_settings:\ngeneral_settings:\n  max_parallel_requests: 100{limits}");
    let nested = format!("{model}litellm_settings:\n  general_settings:\n    max_parallel_requests: 100{limits}");
    let below = limits.replace('\n', "\n  ");
    let deep = format!("{model}litellm_settings:\n  general_settings:\n    max_parallel_requests: 100{below}");
    for text in [&flat, &nested, &deep] {
        let Loaded { config, findings } = load_with(text, &[]);
        assert_eq!(told(&findings), [""; 0], "{text}");
        let house = config.house;
        assert_eq!(house.gateway.max_parallel_requests, Some(100));
        let john = &house.users["john.doe@company.com"];
        assert_eq!((john.rpm_limit, john.tpd_limit), (Some(50), Some(100_000)));
        let team = &house.teams["engineering"];
        assert_eq!(team.rpm_limit, Some(200));
        let window = (team.windows[0].duration.as_str(), team.windows[0].max_budget);
        assert_eq!(window, ("monthly", Nanos(10_000_000_000_000)));
    }
    let misspelt = flat.replace("tokens_per_day", "token_per_day");
    let warnings = of(&load_with(&misspelt, &[]).findings, Severity::Warning);
    assert!(warnings.iter().any(|w| w.ends_with("[did you mean `tokens_per_day`?]")), "{warnings:?}");
    assert!(
        warnings.iter().any(|w| w.contains(r#"user_rate_limits["john.doe@company.com"].token_per_day"#)),
        "{warnings:?}"
    );
}

const ENVIRONMENTS: &str = r"
# Production environment
production:
  model_list:
    - model_name: prod-gpt-4
      litellm_params:
        model: openai/gpt-4o
        api_key: ${PROD_OPENAI_KEY}
        rpm: 6000 # Rate limit
        tpm: 1000000 # Token limit
# Staging environment
staging:
  model_list:
    - model_name: staging-gpt-4
      litellm_params:
        model: openai/gpt-4o-mini
        api_key: ${STAGING_OPENAI_KEY}
        rpm: 1000
        tpm: 100000
";

#[test]
fn one_file_for_several_environments() {
    let Loaded { config, findings } = load_with(ENVIRONMENTS, &KEYS);
    assert_eq!(config.catalog.names(), ["prod-gpt-4"]);
    assert_eq!(config.catalog.find("prod-gpt-4")[0].api_key.as_ref().unwrap().expose(), "k3");
    let limits = &config.catalog.find("prod-gpt-4")[0].limits;
    assert_eq!((limits.rpm_limit, limits.tpm_limit), (Some(6000), Some(1_000_000)));
    assert_eq!(
        told(&findings),
        [
            "3 notice production: this environment is used: `TOLLGATE_ENVIRONMENT` chooses another one",
            "12 notice staging: this environment is not used",
        ]
    );

    let staging = [("TOLLGATE_ENVIRONMENT", "staging"), ("STAGING_OPENAI_KEY", "k4")];
    assert_eq!(load_with(ENVIRONMENTS, &staging).config.catalog.names(), ["staging-gpt-4"]);

    let findings = load_text("c", ENVIRONMENTS, &env(&[("TOLLGATE_ENVIRONMENT", "stagging")])).unwrap_err();
    assert_eq!(
        of(&findings, Severity::Error),
        ["3 error production: the environment that `TOLLGATE_ENVIRONMENT` names is not in the file [the file has \
         `production`, `staging`: did you mean `staging`?]",]
    );
    let text = ENVIRONMENTS.replace("production:", "blue:");
    let findings = load_text("c", &text, &env(&KEYS)).unwrap_err();
    assert_eq!(
        of(&findings, Severity::Error),
        ["3 error blue: several environments (`blue`, `staging`), and none is chosen [set `TOLLGATE_ENVIRONMENT` to \
         one of them]",]
    );
}

#[test]
fn values_of_the_helm_chart() {
    let text = r"
litellm:
  replicas: 3
  resources:
    requests:
      cpu: 100m
      memory: 256Mi
  config:
    models:
      - model_name: gpt-4o
        litellm_params:
          model: openai/gpt-4o
          api_key: os.environ/OPENAI_API_KEY
";
    let Loaded { config, findings } = load_with(text, &KEYS);
    assert_eq!(config.catalog.names(), ["gpt-4o"]);
    assert_eq!(
        told(&findings),
        [
            "9 notice litellm: values of a Helm chart: only `litellm.config` is read, as a configuration",
            "10 notice litellm.config.models: read as `model_list`",
        ]
    );
}
