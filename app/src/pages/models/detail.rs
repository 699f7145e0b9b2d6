//! One model: who answers, how it does, what it costs; and, where the database keeps it, the ways to change it.

use leptos::prelude::*;
use tollgate_control::TestOutcome;
use tollgate_domain::summary::ModelRow;

use super::form::{fields, form_of};
use super::health::HealthCell;
use super::list::AnsweredBy;
use super::price::PriceList;
use super::{MODELS, SAID, model_href};
use crate::api::{ModelDetailView, ModelFormView, StoredModelView, get_model};
use crate::components::{Badge, CopyField, Icon, IconName, Moment, Notice, Tone, count_text};
use crate::kit::{
    DetailPage, Fact, Facts, Form, NoticeFromAddress, OptionalFact, Query, load_titled, path_id, segment,
};
use crate::pages::audit_of_thing;

const PURPOSE: &str = "Who answers this model, how it does, what it costs, and where it is configured.";

/// Parameters that the facts tell in words of their own.
const TOLD: [&str; 11] = [
    "api_base",
    "cache_creation_input_token_cost",
    "cache_read_input_token_cost",
    "custom_llm_provider",
    "input_cost_per_token",
    "litellm_credential_name",
    "model",
    "organization",
    "output_cost_per_token",
    "timeout",
    "weight",
];

/// What came of a test: the handler puts it into the page's context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested(pub TestOutcome);

#[component]
pub fn ModelPage() -> impl IntoView {
    let (refused, tested) = (Form::of_context(), use_context::<Tested>());
    load_titled("Model", PURPOSE, get_model(path_id()), move |view| view! { <Detail view refused tested /> })
}

#[component]
fn Detail(view: ModelDetailView, refused: Option<Form>, tested: Option<Tested>) -> impl IntoView {
    let ModelDetailView { item, now, may_change, form, others, created_by, updated_by } = view;
    let (id, model) = (item.id().to_owned(), item.model().to_owned());
    let blocked = item.stored.as_ref().is_some_and(|stored| stored.blocked);
    let actions = {
        let id = id.clone();
        move || may_change.then(|| view! { <Actions id=id.clone() blocked /> })
    };
    let change =
        item.stored.clone().filter(|_| may_change).map(|stored| view! { <EditForm stored view=form refused /> });
    let read_only = item.stored.is_none().then(|| {
        let origin = item.row.as_ref().map(|row| row.origin.clone()).unwrap_or_default();
        view! {
            <Notice tone=Tone::Info>
                "This model is configured in " <span class="mono">{origin}</span> ". To change it, change it there and start again."
            </Notice>
        }
    });
    let uncalled = (item.row.is_none() && !blocked).then(|| {
        view! {
            <Notice tone=Tone::Bad>"It can't be called as it is written, and gets no calls. Test it to see why, then change it."</Notice>
        }
    });
    let health =
        item.row.clone().map(|row| view! { <Fact label="Last hour"><HealthCell health=row.health now /></Fact> });
    let prices = item.row.as_ref().and_then(|row| row.price.clone()).map(|price| {
        view! { <section class="stack narrow"><h2>"Prices"</h2><PriceList price /></section> }
    });
    let requests = (!model.contains('*')).then(|| {
        let href = Query::default().with("model", Some(model.as_str())).href("/ui/requests");
        view! { <a class="onward" href=href>"Its requests"<Icon name=IconName::ArrowRight /></a> }
    });
    let sharing = (others > 0).then(|| {
        let href = Query::default().with("q", Some(model.as_str())).href(MODELS);
        let told = if others == 1 { "1 other model".to_owned() } else { format!("{others} other models") };
        view! { <Fact label="Shares its calls with"><a href=href>{told}</a></Fact> }
    });
    view! {
        <DetailPage list=(MODELS, "Models") title=model.clone() purpose=PURPOSE actions>
            <NoticeFromAddress own=SAID />
            {tested.map(|Tested(outcome)| view! { <Outcome outcome /> })}
            {blocked.then(|| view! { <Notice tone=Tone::Warning>"It is blocked, and gets no calls until it is unblocked."</Notice> })}
            {uncalled}
            {read_only}
            <Facts>
                <Fact label="Called as"><span class="mono">{model}</span>{requests}</Fact>
                {item.row.clone().map(|row| view! { <RowFacts row /> })}
                {health}
                {sharing}
                {item.stored.clone().map(|stored| view! { <StoredFacts stored created_by updated_by /> })}
            </Facts>
            <div class="ids"><CopyField label="Deployment id" id="deployment-id" value=id /></div>
            {change}
            {prices}
        </DetailPage>
    }
}

#[component]
fn Actions(id: String, blocked: bool) -> impl IntoView {
    let href = model_href(&id);
    let (verb, label) = if blocked { ("unblock", "Unblock") } else { ("block", "Block") };
    view! {
        <form method="post" action=format!("{href}/test")>
            <button class="button" type="submit" title="Asks the provider for the least that there is">
                <Icon name=IconName::Play />
                "Test connection"
            </button>
        </form>
        <form method="post" action=format!("{href}/{verb}")>
            <button class="button quiet" type="submit">{label}</button>
        </form>
        <a class="button quiet danger-quiet" href=format!("{href}/delete")>"Delete"</a>
    }
}

#[component]
fn Outcome(outcome: TestOutcome) -> impl IntoView {
    let TestOutcome { works, message, milliseconds } = outcome;
    let took = format!(" It took {} ms.", count_text(i64::try_from(milliseconds).unwrap_or(i64::MAX)));
    if works {
        view! { <Notice tone=Tone::Good><strong>"It works. "</strong>{message}{took}</Notice> }.into_any()
    } else {
        view! {
            <Notice tone=Tone::Bad><strong>"It does not work. "</strong><span class="said">{message}</span>{took}</Notice>
        }
        .into_any()
    }
}

#[component]
fn RowFacts(row: ModelRow) -> impl IntoView {
    let tokens = |value: Option<u64>| value.map(|tokens| count_text(i64::try_from(tokens).unwrap_or(i64::MAX)));
    let mode = row.mode.as_ref().map(|mode| mode.replace('_', " "));
    let key = match (row.simulator, row.has_api_key) {
        (true, _) => None,
        (false, true) => Some(view! { "Set" }.into_any()),
        (false, false) => {
            Some(view! { <Badge tone=Tone::Warning label="None" title="Calls go out without one; most providers refuse that" /> }.into_any())
        }
    };
    let aliases = (!row.aliases.is_empty()).then(|| row.aliases.join(", "));
    let (origin, answered) = (row.origin.clone(), ModelRow { has_api_key: true, ..row.clone() });
    view! {
        <Fact label="Answered by"><AnsweredBy row=answered /></Fact>
        <OptionalFact label="Address" value=row.base_url.clone() />
        {key.map(|key| view! { <Fact label="API key">{key}</Fact> })}
        {mode.map(|mode| view! { <Fact label="Mode">{mode}</Fact> })}
        {tokens(row.max_input_tokens).map(|tokens| view! { <Fact label="Input tokens, at most">{tokens}</Fact> })}
        {tokens(row.max_output_tokens).map(|tokens| view! { <Fact label="Output tokens, at most">{tokens}</Fact> })}
        <OptionalFact label="Also called" value=aliases />
        <Fact label="Configured in">{origin}</Fact>
    }
}

#[component]
fn StoredFacts(stored: StoredModelView, created_by: String, updated_by: String) -> impl IntoView {
    let credential = stored.credential.clone().map(|name| {
        let href = format!("/ui/credentials/{}", segment(&name));
        view! { <Fact label="Credential"><a href=href>{name}</a></Fact> }
    });
    let secrets = stored
        .secrets
        .iter()
        .map(|secret| view! { <li><span class="mono">{secret.name.clone()}</span>{format!(": set, fingerprint {}…", secret.fingerprint)}</li> })
        .collect_view();
    let secrets =
        (!stored.secrets.is_empty()).then(|| view! { <Fact label="Secrets of its own"><ul>{secrets}</ul></Fact> });
    let others: Vec<_> = stored.params.keys().filter(|name| !TOLD.contains(&name.as_str())).cloned().collect();
    let others = (!others.is_empty()).then(|| others.join(", "));
    let log = audit_of_thing("model", &stored.id);
    view! {
        <OptionalFact label="Provider's model, as written" value=stored.param("model") />
        {credential}
        {secrets}
        <OptionalFact label="Weight" value=stored.param("weight") />
        <OptionalFact label="Time limit, seconds" value=stored.param("timeout") />
        <OptionalFact label="Base model" value=stored.info("base_model") />
        <OptionalFact label="Other parameters" value=others />
        <Fact label="Created"><Moment at=stored.meta.created_at />" by "{created_by}</Fact>
        <Fact label="Last changed">
            <Moment at=stored.meta.updated_at />" by "{updated_by}
            <a class="onward" href=log>"All that was done to it"<Icon name=IconName::ArrowRight /></a>
        </Fact>
    }
}

/// The form: open where something in it needs another look.
#[component]
fn EditForm(stored: StoredModelView, view: ModelFormView, refused: Option<Form>) -> impl IntoView {
    let href = model_href(&stored.id);
    let action = format!("{href}/update");
    let open = refused.is_some();
    let form = refused.unwrap_or_else(|| form_of(&stored, &view));
    view! {
        <details class="card edit" id="edit" open=open>
            <summary>"Change the model"</summary>
            <form class="stack form" method="post" action=action data-guard="">
                {form.version_field(stored.meta.version)}
                {fields(&form, &view, Some(&stored))}
                <div class="cluster">
                    <button class="button primary" type="submit">"Save changes"</button>
                    <a class="button quiet" href=href>"Cancel"</a>
                </div>
            </form>
        </details>
    }
}
