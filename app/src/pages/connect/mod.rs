//! The lines to change in a program so that it calls the gateway, for each client that people use.

use leptos::prelude::*;

use crate::api::{ConnectView, get_connect};
use crate::clients::{CLIENTS, Call, Client};
use crate::components::{CodeBlock, CopyField, Icon, IconName, Notice, PageHeader, Tone};
use crate::kit::{Query, load, query};

pub const CONNECT: &str = "/ui/connect";

/// What nobody calls a model; longer names are cut.
const LONGEST: usize = 200;

#[component]
pub fn ConnectPage() -> impl IntoView {
    let query = query();
    view! {
        <PageHeader title="Connect" purpose="The two lines to change, a base URL and a key, for each client.">
            <a class="button primary" href="/ui/keys/new"><Icon name=IconName::Add />"Create key"</a>
        </PageHeader>
        {load(get_connect(), move |view| view! { <Content view query /> })}
    }
}

#[component]
fn Content(view: ConnectView, query: Query) -> impl IntoView {
    let ConnectView { base_url, models } = view;
    let client = Client::named(query.get("client").as_deref());
    let asked = query.get("model").map(|model| model.trim().chars().take(LONGEST).collect::<String>());
    let asked = asked.filter(|model| !model.is_empty());
    let no_model = (asked.is_none() && models.is_empty()).then(|| {
        view! {
            <Notice tone=Tone::Warning>
                "No model is configured yet: put your own model's name into the examples, or "
                <a href="/ui/models">"look at the models"</a> "."
            </Notice>
        }
    });
    let model = asked.clone().or_else(|| models.first().cloned()).unwrap_or_else(|| "gpt-4o".to_owned());
    let href = |name: &str| {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        pairs.append_pair("client", name);
        if let Some(model) = &asked {
            pairs.append_pair("model", model);
        }
        format!("{CONNECT}?{}", pairs.finish())
    };
    let tabs = CLIENTS
        .iter()
        .map(|one| {
            let current = (one.name == client.name).then_some("page");
            view! { <a href=href(one.name) aria-current=current>{one.label}</a> }
        })
        .collect_view();
    let call = Call { base_url: &base_url, key: "YOUR_KEY", model: &model };
    let blocks = client
        .examples
        .iter()
        .map(|example| view! { <CodeBlock label=example.label code=example.filled(call) /> })
        .collect_view();
    let offers = models.into_iter().map(|model| view! { <option value=model></option> }).collect_view();
    view! {
        {no_model}
        <div class="stack created">
            <CopyField label="Base URL" id="base-url" value=base_url.clone() />
            <form action=CONNECT class="filters">
                <input type="hidden" name="client" value=client.name />
                <label>
                    <span>"Model"</span>
                    <input type="text" name="model" list="connect-models" value=model maxlength=LONGEST.to_string() autocomplete="off" spellcheck="false" />
                </label>
                <datalist id="connect-models">{offers}</datalist>
                <button class="button" type="submit">"Show"</button>
            </form>
        </div>
        <nav class="tabs" aria-label="Clients">{tabs}</nav>
        <section class="stack created" aria-label=client.label>
            <p>
                {format!("It speaks {} dialect. {} ", client.dialect, client.note)}
                <a href=client.docs rel="noreferrer">"Its documentation"</a>
            </p>
            {blocks}
            <p class="note">
                "YOUR_KEY is a virtual key of yours: " <a href="/ui/keys">"Keys"</a>
                ". Every call stands in " <a href="/ui/requests">"Requests"</a> " a moment later, with what it cost."
            </p>
        </section>
    }
    .into_any()
}
