//! The form of a model, new or changed: the fields that its provider needs.

use leptos::prelude::*;
use tollgate_control::models::Provider;
use tollgate_domain::Picos;

use crate::api::{ModelFormView, StoredModelView};
use crate::kit::Form;

/// LiteLLM's kinds of models that can be called.
const MODES: [(&str, &str); 6] = [
    ("", "As the price book says, or chat"),
    ("chat", "Chat"),
    ("completion", "Completion"),
    ("embedding", "Embedding"),
    ("responses", "Responses"),
    ("moderation", "Moderation"),
];

/// The fields of prices, dollars for a million tokens, and LiteLLM's names of them, dollars for one.
pub const PRICES: [(&str, &str); 4] = [
    ("input_price", "input_cost_per_token"),
    ("output_price", "output_cost_per_token"),
    ("cache_read_price", "cache_read_input_token_cost"),
    ("cache_write_price", "cache_creation_input_token_cost"),
];

/// What the control plane calls the form's fields.
pub const LITELLM_NAMES: &[(&str, &str)] = &[
    ("litellm_credential_name", "credential"),
    ("litellm_params.api_base", "api_base"),
    ("litellm_params.api_key", "api_key"),
    ("litellm_params.cache_creation_input_token_cost", "cache_write_price"),
    ("litellm_params.cache_read_input_token_cost", "cache_read_price"),
    ("litellm_params.input_cost_per_token", "input_price"),
    ("litellm_params.model", "model"),
    ("litellm_params.organization", "organization"),
    ("litellm_params.output_cost_per_token", "output_price"),
    ("litellm_params.timeout", "timeout"),
    ("litellm_params.weight", "weight"),
    ("model_info.base_model", "base_model"),
    ("model_info.mode", "mode"),
    ("model_name", "model_name"),
];

/// The provider that a model names, and the rest of its name.
pub fn split_model(stored: &StoredModelView, known: &ModelFormView) -> (String, String) {
    let model = stored.param("model").unwrap_or_default();
    if let Some(provider) = stored.param("custom_llm_provider") {
        let rest = model.strip_prefix(&format!("{provider}/")).unwrap_or(&model).to_owned();
        return (provider, rest);
    }
    match model.split_once('/') {
        Some((provider, rest)) if known.provider(provider).is_some() => (provider.to_owned(), rest.to_owned()),
        _ => (String::new(), model),
    }
}

/// The form of a model as it is. Secrets never come back.
pub fn form_of(stored: &StoredModelView, known: &ModelFormView) -> Form {
    let (provider, model) = split_model(stored, known);
    let param = |name: &str| stored.param(name).unwrap_or_default();
    let price = |name: &str| param(name).parse::<Picos>().map(Picos::per_million).unwrap_or_default();
    let prices = PRICES.map(|(field, name)| (field, price(name)));
    let fields = [
        ("provider", provider),
        ("model_name", stored.model.clone()),
        ("model", model),
        ("credential", stored.credential.clone().unwrap_or_default()),
        ("api_base", param("api_base")),
        ("organization", param("organization")),
        ("weight", param("weight")),
        ("timeout", param("timeout")),
        ("mode", stored.info("mode").unwrap_or_default()),
        ("base_model", stored.info("base_model").unwrap_or_default()),
    ];
    Form::filled(fields.into_iter().chain(prices))
}

/// What is known of a provider; of one that is not, everything is asked.
fn provider_of(form: &Form, view: &ModelFormView) -> Provider {
    let name = form.typed("provider");
    view.provider(&name).cloned().unwrap_or_else(|| Provider { name, ..Provider::default() })
}

/// The fields. `secrets` is what is set already, where a model is changed.
pub fn fields(form: &Form, view: &ModelFormView, stored: Option<&StoredModelView>) -> impl IntoView + use<> {
    let provider = provider_of(form, view);
    let simulated = provider.name == "simulator";
    let name = form
        .text("model_name", "Name for callers")
        .placeholder("gpt-4o")
        .required()
        .help("What applications ask for. Several models of the same name share its calls. One * stands for any text: openai/*.");
    let model = form
        .text("model", "Provider's model")
        .required()
        .help("As the provider calls it, without the provider's name before it. A * stands for what the name above has in its place.");
    let reach = (!simulated).then(|| reach(form, view, &provider, stored));
    let prices = prices(form);
    let weight = form
        .number("weight", "Weight", 0, 1_000_000)
        .help("Its share of the calls among models of the same name. Empty: 1. 0: none.");
    let timeout = form.number("timeout", "Time limit", 1, 86_400).help("Seconds for a whole answer. Empty: 600.");
    let mode = form.select("mode", "Mode", MODES);
    let base = form
        .text("base_model", "Base model")
        .help("Whose prices and sizes count in the price book, where the provider's name does not tell: azure/gpt-4o.");
    view! {
        {form.whole()}
        <input type="hidden" name="provider" value=provider.name.clone() />
        {name.view()}
        {model.view()}
        {reach}
        {prices}
        <details class="more-fields" open=opened(form, &["weight", "timeout", "mode", "base_model"])>
            <summary>"Weight, time limit, mode, base model"</summary>
            <div class="stack">
                <div class="cluster form-row">{weight.view()} {timeout.view()}</div>
                {mode.view()}
                {base.view()}
            </div>
        </details>
    }
}

/// Whether something is typed in or wrong with one of these.
fn opened(form: &Form, names: &[&str]) -> bool {
    names.iter().any(|name| form.get(name).is_some() || !form.problem(name).is_empty())
}

/// How the provider is reached: address, key, credential.
fn reach(
    form: &Form,
    view: &ModelFormView,
    provider: &Provider,
    stored: Option<&StoredModelView>,
) -> impl IntoView + use<> {
    let set = stored.and_then(|stored| stored.secrets.iter().find(|secret| secret.name == "api_key"));
    let variables = provider.key_variables.join(" or ");
    let without = match (provider.keyless, variables.is_empty()) {
        (true, _) => "Without one, calls go without a key, which such servers mostly accept.".to_owned(),
        (false, true) => String::new(),
        (false, false) => format!("Without one, {variables} of the server's environment is used, where it is set."),
    };
    let key_help = match set {
        Some(secret) => {
            format!("Set, fingerprint {}…; leave this empty to keep it. It is never shown.", secret.fingerprint)
        }
        None => format!("Encrypted, used for calls, and never shown again. {without}"),
    };
    let key = form.password("api_key", "API key").help(key_help);
    let remove = set.map(|_| form.check("remove_api_key", "Remove the key that is set").view());
    let names = view.credentials.iter().filter(|(_, of)| of.as_ref().is_none_or(|of| *of == provider.name));
    let mut options = vec![(String::new(), "None: the key below, or the server's environment".to_owned())];
    options.extend(names.map(|(name, _)| (name.clone(), name.clone())));
    let chosen = form.typed("credential");
    if !options.iter().any(|(name, _)| *name == chosen) {
        options.push((chosen.clone(), chosen));
    }
    let credential = form
        .select("credential", "Credential", options)
        .help("A key that several models share. What is written here wins over what the credential says.");
    let base = match &provider.base_url {
        Some(url) => form.url("api_base", "Base address").help(format!("Empty: {url}, or the credential's.")),
        None => form.url("api_base", "Base address").placeholder("https://host:8000/v1").help(
            "Up to and with the version: what stands before /chat/completions. May come from the credential instead.",
        ),
    };
    let organization = (provider.name == "openai")
        .then(|| form.text("organization", "Organization").help("OpenAI's id of it: org-…. Optional.").view());
    view! {
        {credential.view()}
        {key.view()}
        {remove}
        {base.view()}
        {organization}
    }
}

fn prices(form: &Form) -> impl IntoView + use<> {
    let dollars = |name, label| form.dollars(name, label).view();
    view! {
        <details class="more-fields" open=opened(form, &PRICES.map(|(field, _)| field))>
            <summary>"Prices, where the price book's do not hold"</summary>
            <div class="stack">
                <p class="field-help">"Dollars for a million tokens. Once one is given, the price book's are not used."</p>
                <div class="cluster form-row">{dollars("input_price", "Input")} {dollars("output_price", "Output")}</div>
                <div class="cluster form-row">
                    {dollars("cache_read_price", "Cached input")} {dollars("cache_write_price", "Written to the cache")}
                </div>
            </div>
        </details>
    }
}
