//! The form of a credential: what it holds is typed, and never comes back.

use leptos::prelude::*;

use crate::api::{CredentialView, SecretView};
use crate::kit::Form;

/// The values that have a field of their own.
const VALUES: [(&str, &str); 3] =
    [("api_key", "API key"), ("api_base", "Base address"), ("organization", "Organization")];

pub fn form_of(credential: &CredentialView) -> Form {
    Form::filled([
        ("provider", credential.provider.clone().unwrap_or_default()),
        ("description", credential.description.clone().unwrap_or_default()),
    ])
}

/// The fields. `set` are the values that are there already, where a credential is changed.
pub fn fields(form: &Form, providers: Vec<String>, set: &[SecretView]) -> impl IntoView + use<> {
    let mut options = vec![(String::new(), "Any".to_owned())];
    options.extend(providers.into_iter().map(|name| (name.clone(), name)));
    let chosen = form.typed("provider");
    if !options.iter().any(|(name, _)| *name == chosen) {
        options.push((chosen.clone(), chosen));
    }
    let provider =
        form.select("provider", "Provider", options).help("Models of this provider are offered the credential.");
    let description =
        form.text("description", "Description").help("Whose account it is, for those who come after you. Optional.");
    let values = VALUES
        .into_iter()
        .map(|(name, label)| {
            let help = match set.iter().find(|secret| secret.name == name) {
                Some(secret) => format!("Set, fingerprint {}…; leave this empty to keep it.", secret.fingerprint),
                None if name == "api_key" => "What the provider gave you.".to_owned(),
                None if name == "api_base" => "Where the provider is, if not at its usual address.".to_owned(),
                None => "OpenAI's id of it: org-…. Optional.".to_owned(),
            };
            form.password(name, label).help(help).view()
        })
        .collect_view();
    let other_name = form.text("other_name", "Another value: its name").placeholder("api_version");
    let other_value = form.password("other_value", "Another value: what it is");
    let removable = set
        .iter()
        .map(|secret| {
            let checked = form.all("remove").contains(&secret.name);
            view! {
                <label class="check">
                    <input type="checkbox" name="remove" value=secret.name.clone() checked=checked />
                    <span class="mono">{secret.name.clone()}</span>
                </label>
            }
        })
        .collect_view();
    let remove = (!set.is_empty()).then(|| {
        view! {
            <fieldset class="field choices">
                <legend>"Take away"</legend>
                <div class="choice-list">{removable}</div>
            </fieldset>
        }
    });
    view! {
        {provider.view()}
        {description.view()}
        <p class="field-help">"What you type below is encrypted, used for calls, and never shown again: not here, not in the API, not in the audit log."</p>
        {values}
        <div class="cluster form-row">{other_name.view()} {other_value.view()}</div>
        {remove}
    }
}
