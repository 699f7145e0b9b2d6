//! Adding a model: which provider, then what that one needs.

use leptos::prelude::*;

use super::MODELS;
use super::form::fields;
use crate::api::{ModelFormView, new_model_form};
use crate::components::PageHeader;
use crate::kit::{Crumb, Form, load, query};

const POPULAR: [&str; 8] =
    ["openai", "anthropic", "gemini", "groq", "mistral", "deepseek", "openrouter", "hosted_vllm"];

#[component]
pub fn NewModelPage() -> impl IntoView {
    let refused = Form::of_context();
    let chosen = refused.as_ref().map(|form| form.typed("provider")).or_else(|| query().get("provider"));
    view! {
        <Crumb href=MODELS label="Models" />
        <PageHeader title="Add model" purpose="A model that is kept in the database: it can be called at once, without a restart." />
        {load(new_model_form(), move |view| {
            let known = chosen.filter(|name| view.provider(name).is_some());
            match known {
                Some(provider) => view! { <Fields view provider refused /> }.into_any(),
                None => view! { <Choose view /> }.into_any(),
            }
        })}
    }
}

/// The first step. It changes nothing, so it is a question to the same page.
#[component]
fn Choose(view: ModelFormView) -> impl IntoView {
    let popular = POPULAR
        .into_iter()
        .filter(|name| view.provider(name).is_some())
        .map(|name| view! { <a class="button" href=format!("/ui/models/new?provider={name}")>{name}</a> })
        .collect_view();
    let options = view
        .providers
        .iter()
        .map(|provider| view! { <option value=provider.name.clone()>{provider.name.clone()}</option> })
        .collect_view();
    view! {
        <form class="stack form" action="/ui/models/new">
            <div class="field">
                <label for="provider">"Provider"</label>
                <select id="provider" name="provider" aria-describedby="provider-help">{options}</select>
                <p class="field-help" id="provider-help">
                    "For a server of your own that speaks OpenAI's wire format choose hosted_vllm, openai_like or custom_openai."
                </p>
            </div>
            <div class="cluster">
                <button class="button primary" type="submit">"Continue"</button>
                <a class="button quiet" href=MODELS>"Cancel"</a>
            </div>
        </form>
        <section class="stack">
            <h2>"Often chosen"</h2>
            <div class="cluster">{popular}</div>
        </section>
    }
}

#[component]
fn Fields(view: ModelFormView, provider: String, refused: Option<Form>) -> impl IntoView {
    let docs = view.provider(&provider).and_then(|provider| provider.docs.clone()).map(|docs| {
        view! { " · " <a href=docs rel="noreferrer" target="_blank">"Its documentation"</a> }
    });
    let form = refused.unwrap_or_else(|| Form::filled([("provider", provider.clone())]));
    view! {
        <p class="note">
            "Provider: " <strong>{provider}</strong> " · " <a href="/ui/models/new">"Choose another"</a> {docs}
        </p>
        <form class="stack form" method="post" action="/ui/models/create" data-guard="">
            {fields(&form, &view, None)}
            <div class="cluster">
                <button class="button primary" type="submit">"Add model"</button>
                <a class="button quiet" href=MODELS>"Cancel"</a>
            </div>
        </form>
    }
}
