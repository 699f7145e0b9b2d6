//! One key: what it is, what it did, and what can be done with it.

use leptos::prelude::*;
use tollgate_domain::key::{KeyStatus, KeyType};
use tollgate_domain::ledger::AccountKind;

use super::edit::EditForm;
use super::form::fallback_lines;
use super::list::BlockForm;
use super::owner::OwnerCell;
use super::{KEYS, SAID, key_href};
use crate::api::{KeyDetailView, KeyView, get_key};
use crate::components::{
    CopyField, EmptyState, Figure, Icon, IconName, KeyStatusBadge, Moment, Notice, Tone, count_text, exact_money,
};
use crate::kit::{
    DetailPage, Fact, Facts, Form, LimitFacts, NoticeFromAddress, OptionalFact, load_titled, path_param, query, said,
    span_text,
};
use crate::pages::ago::ago;
use crate::pages::requests::{RequestTable, requests_of_key};
use crate::pages::{ShadowFacts, ask_href, organisation_href};

const PURPOSE: &str = "What this key may do, what it did, and the ways to change or stop it.";

#[component]
pub fn KeyDetail() -> impl IntoView {
    let refused = Form::of_context();
    load_titled("Key", PURPOSE, get_key(path_param("id")), move |view| view! { <Detail view refused /> })
}

#[component]
fn Detail(view: KeyDetailView, refused: Option<Form>) -> impl IntoView {
    let KeyDetailView { key, requests, form, now } = view;
    let form = form.filter(|_| key.status != KeyStatus::Deleted);
    let may_change = form.is_some();
    let href = key_href(&key.id);
    let all = requests_of_key(&key.id);
    let last_used = key.last_used_at.map_or_else(|| "Never".to_owned(), |at| ago(at, now));
    // The message that a form left says the same.
    let told = said(&query(), SAID).is_some_and(|said| said.name == key.status.as_str());
    let change = form.map(|form| view! { <EditForm key=key.clone() view=form refused /> });
    let latest = if requests.is_empty() {
        view! {
            <EmptyState title="No requests yet" text="Calls that are made with this key appear here within a second or two." />
        }
        .into_any()
    } else {
        view! { <RequestTable rows=requests show_key=false label="Latest requests of this key" /> }.into_any()
    };
    let actions = {
        let key = key.clone();
        move || {
            let delete = format!("{}/delete", key_href(&key.id));
            let change = may_change.then(|| {
                view! {
                    <a class="button quiet" href=format!("{}/rotate", key_href(&key.id))>"Rotate"</a>
                    <BlockForm key=key.clone() back="" />
                    <a class="button quiet danger-quiet" href=delete>"Delete"</a>
                }
            });
            // Who may change it raises it.
            let ask = (!may_change && key.status == KeyStatus::Active).then(|| {
                view! { <a class="button" href=ask_href(AccountKind::Key, &key.id)>"Request an increase"</a> }
            });
            view! { <KeyStatusBadge status=key.status /> {ask} {change} }
        }
    };
    view! {
        <DetailPage list=(KEYS, "Keys") title=key.label().to_owned() purpose=PURPOSE actions>
            <NoticeFromAddress own=SAID />
            {(!told).then(|| view! { <State key=key.clone() href=href.clone() /> })}
            {may_change.then(|| view! { <Waiting key=key.clone() href /> })}
            <dl class="figures">
                <Figure label="Spend" value=key.spent.display() title=exact_money(key.spent) />
                <Figure label="Calls" value=count_text(key.calls) note="Refused ones included" />
                <Figure label="Last used" value=last_used />
            </dl>
            <KeyFacts key />
            {change}
            <section class="stack">
                <div class="section-header">
                    <h2>"Latest requests"</h2>
                    <a href=all>"All requests of this key"<Icon name=IconName::ArrowRight /></a>
                </div>
                {latest}
            </section>
        </DetailPage>
    }
}

/// What a key's status means for its calls, where it is not simply active.
#[component]
fn State(key: KeyView, href: String) -> impl IntoView {
    match key.status {
        KeyStatus::Active => ().into_any(),
        KeyStatus::Blocked => view! {
            <Notice tone=Tone::Warning>"Calls with this key are refused until it is unblocked."</Notice>
        }
        .into_any(),
        KeyStatus::Expired => view! {
            <Notice tone=Tone::Warning>
                "Calls with this key are refused since it expired. To let it work again, " <a href=format!("{href}#edit")>"give it a later expiry"</a> "."
            </Notice>
        }
        .into_any(),
        KeyStatus::Deleted => view! {
            <Notice tone=Tone::Info>
                "This key was deleted"
                {key.deleted_at.map(|at| view! { " on " <Moment at /> })}
                ". Calls with it are refused; what it did stays on record. It can't be brought back: create a new key instead."
            </Notice>
        }
        .into_any(),
    }
}

/// A new text that waits to be collected.
#[component]
fn Waiting(key: KeyView, href: String) -> impl IntoView {
    key.rotation.filter(|rotation| rotation.is_waiting).map(|_| {
        view! {
            <Notice tone=Tone::Info>
                <form class="cluster" method="post" action=format!("{href}/collect")>
                    "This key was exchanged on schedule. Its new text waits, and is shown once."
                    <button class="button" type="submit">"Collect the new text"</button>
                </form>
            </Notice>
        }
    })
}

const SLOWED: &str = "Slowed down instead of refused, where the gateway says by how much";

fn leaving(cancel: bool) -> &'static str {
    if cancel { "takes its call along" } else { "leaves its call to its end" }
}

#[component]
fn KeyFacts(key: KeyView) -> impl IntoView {
    let models = if key.models.is_empty() {
        view! { "Every model, those that are configured later included" }.into_any()
    } else {
        let items = key.models.iter().cloned().map(|model| view! { <li class="mono">{model}</li> }).collect_view();
        view! { <ul class="inline-list">{items}</ul> }.into_any()
    };
    let expires = match key.expires_at {
        Some(at) => view! { <Moment at /> }.into_any(),
        None => view! { "Never" }.into_any(),
    };
    let names = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
    let aliases = key.model_aliases.iter().map(|(name, model)| format!("{name} = {model}")).collect();
    let key_type = (key.key_type != KeyType::Default).then(|| key.key_type.as_str().to_owned());
    // What is in it is for those who may change it: it may hold other programs' secrets.
    let metadata = names(key.metadata.keys().cloned().collect());
    let limits = (!key.limits.is_empty()).then(|| view! { <LimitFacts limits=key.limits.clone() /> });
    let organisation = key.organisation_id.clone().map(|id| {
        view! { <Fact label="Organisation"><a href=organisation_href(&id)>{id.clone()}</a></Fact> }
    });
    let owner = key.clone();
    let rotation = key.rotation.clone().map(|rotation| {
        view! {
            <Fact label="Rotated">
                {format!("Every {}, next ", span_text(rotation.interval_seconds))}<Moment at=rotation.next_at />
            </Fact>
        }
    });
    view! {
        <Facts>
            <Fact label="Ends in" mono=true>{key.hint.clone()}</Fact>
            <Fact label="Owner"><OwnerCell key=owner /></Fact>
            {organisation}
            <Fact label="Models">{models}</Fact>
            <OptionalFact label="Access groups" value=names(key.access_groups) />
            <Fact label="Expires">{expires}</Fact>
            <OptionalFact label="Shared budget" value=key.budget_id />
            <OptionalFact label="Type" value=key_type />
            <OptionalFact label="Allowed routes" value=names(key.allowed_routes) />
            <OptionalFact label="Names for models" value=names(aliases) />
            <OptionalFact label="Tags" value=names(key.tags) />
            {rotation}
            <OptionalFact label="Metadata" value=metadata />
            <OptionalFact label="Beyond its budget" value=key.mildness.throttle.then(|| SLOWED.to_owned()) />
            <OptionalFact label="A client that leaves" value=key.mildness.cancel.map(|cancel| leaving(cancel).to_owned()) />
            <OptionalFact label="When a model's budget is used up" value=names(fallback_lines(&key.mildness.fallbacks)) />
            <OptionalFact label="Kept, not acted on yet" value=names(key.setting_names) />
            <Fact label="Created"><Moment at=key.created_at />" by "{key.created_by}</Fact>
            <Fact label="Last changed"><Moment at=key.updated_at />" by "{key.updated_by}</Fact>
        </Facts>
        {limits}
        <ShadowFacts kind=AccountKind::Key id=key.id.clone() />
        <div class="ids"><CopyField label="Key id" id="key-id" value=key.id /></div>
    }
}
