//! The command line, and nothing at all.

use tollgate_domain::model::Origin;

use super::*;

#[test]
fn nothing_at_all_is_the_simulator() {
    let Loaded { config, findings } = default_config(&env(&[])).unwrap();
    assert_eq!(told(&findings), [""; 0]);
    assert_eq!(config.catalog.names(), [SIMULATOR_MODEL]);
    let simulator = &config.catalog.find("simulator/echo")[0];
    assert_eq!((simulator.provider.as_str(), &simulator.origin), ("simulator", &Origin::BuiltIn));
    assert_eq!(simulator.price.as_ref().unwrap().source, "simulated: no money is spent");
    assert!(config.master_key.is_none() && config.database_url.is_none());
}

#[test]
fn keys_in_the_environment_are_providers() {
    let variables =
        [("OPENAI_API_KEY", "a"), ("ANTHROPIC_API_KEY", "b"), ("COHERE_API_KEY", "c"), ("DATABASE_URL", "sqlite:x.db")];
    let Loaded { config, findings } = default_config(&env(&variables)).unwrap();
    assert_eq!(config.catalog.names(), ["anthropic/*", "cohere/*", "openai/*", SIMULATOR_MODEL]);
    let openai = &config.catalog.find("openai/gpt-4o")[0];
    assert_eq!((openai.upstream_model_for("openai/gpt-4o").as_str(), openai.provider.as_str()), ("gpt-4o", "openai"));
    assert_eq!(openai.api_key.as_ref().unwrap().expose(), "a");
    assert_eq!(of(&findings, Severity::Notice).len(), 3);
    assert_eq!(config.database_url.unwrap().expose(), "sqlite:x.db");
}

#[test]
fn one_model_on_the_command_line() {
    let Loaded { config, findings } =
        from_command_line("gpt-4o", None, true, &env(&[("OPENAI_API_KEY", "a")])).unwrap();
    assert_eq!(config.catalog.names(), ["gpt-4o", SIMULATOR_MODEL]);
    let model = &config.catalog.find("gpt-4o")[0];
    assert_eq!((model.provider.as_str(), &model.origin), ("openai", &Origin::CommandLine));
    assert!(model.price.is_some());
    assert!(config.general.drop_params);
    assert_eq!(findings.to_string(), "");
    let loaded = from_command_line("hosted_vllm/qwen3", Some("http://gpu:8000/v1"), false, &env(&[])).unwrap();
    assert_eq!(loaded.config.catalog.names(), ["hosted_vllm/qwen3", SIMULATOR_MODEL]);
}

#[test]
fn a_mistake_on_the_command_line() {
    let error = |model, base| from_command_line(model, base, false, &env(&[])).unwrap_err().to_string();
    assert_eq!(error("opnai/gpt-4o", None), {
        "error: --model: unknown provider `opnai`\n  help: did you mean `openai/gpt-4o`?\n"
    });
    assert!(error("openai/x", Some("host:8000")).starts_with("error: --api_base: an address must begin with"));
    assert!(error("sagemaker/x", None).contains("error: --model: there is no other model to serve"));
}

#[test]
fn the_environments_master_key_is_checked() {
    let key = |name, value| default_config(&env(&[(name, value)]));
    let loaded = key("LITELLM_MASTER_KEY", "sk-0123456789abcdef").unwrap();
    assert_eq!(loaded.config.master_key.unwrap().expose(), "sk-0123456789abcdef");
    let error = key("TOLLGATE_MASTER_KEY", "sk-1234").unwrap_err().to_string();
    assert!(error.starts_with("error: TOLLGATE_MASTER_KEY: the master key of LiteLLM's examples"), "{error}");
}
