//! One key: what it is, what it did, and what can be done with it.

use leptos::prelude::*;
use tollgate_domain::key::KeyStatus;

use super::edit::{EditForm, EditKeyContext};
use super::list::BlockForm;
use super::notice::{Notice as Told, NoticeFromAddress};
use super::query::key_href;
use crate::api::{KeyDetailView, KeyView, get_key};
use crate::components::{
    CopyField, EmptyState, Field, Figure, Icon, IconName, KeyStatusBadge, Moment, Money, Notice, PageHeader, Tone,
    count_text, exact_money,
};
use crate::kit::{load_titled, path_param, query};
use crate::pages::ago::ago;
use crate::pages::requests::{RequestTable, requests_of_key};

const PURPOSE: &str = "What this key may do, what it did, and the ways to change or stop it.";

#[component]
pub fn KeyDetail() -> impl IntoView {
    let refused = use_context::<EditKeyContext>();
    view! {
        <NoticeFromAddress />
        {load_titled("Key", PURPOSE, get_key(path_param("id")), move |view| view! { <Detail view refused /> })}
    }
}

#[component]
fn Detail(view: KeyDetailView, refused: Option<EditKeyContext>) -> impl IntoView {
    let KeyDetailView { key, requests, models, may_change, now } = view;
    let may_change = may_change && key.status != KeyStatus::Deleted;
    let href = key_href(&key.id);
    let all = requests_of_key(&key.id);
    let last_used = key.last_used_at.map_or_else(|| "Never".to_owned(), |at| ago(at, now));
    // The message that a form left says the same.
    let told = Told::of(&query()).is_some_and(|told| told.says(key.status));
    let actions = may_change.then(|| view! { <BlockForm key=key.clone() back="" /> });
    let change = may_change.then(|| {
        view! {
            <EditForm key=key.clone() models refused />
            <Delete key=key.clone() used=last_used.clone() />
        }
    });
    let latest = if requests.is_empty() {
        view! {
            <EmptyState title="No requests yet" text="Calls that are made with this key appear here within a second or two." />
        }
        .into_any()
    } else {
        view! { <RequestTable rows=requests show_key=false label="Latest requests of this key" /> }.into_any()
    };
    view! {
        <nav class="crumbs" aria-label="Where this is">
            <a href="/ui/keys">"Keys"</a>
        </nav>
        <PageHeader title=key.label().to_owned() purpose=PURPOSE>
            <KeyStatusBadge status=key.status />
            {actions}
        </PageHeader>
        {(!told).then(|| view! { <State key=key.clone() href /> })}
        <dl class="figures">
            <Figure label="Spend" value=key.spent.display() title=exact_money(key.spent) />
            <Figure label="Calls" value=count_text(key.calls) note="Refused ones included" />
            <Figure label="Last used" value=last_used />
        </dl>
        <Facts key />
        {change}
        <section class="stack">
            <div class="section-header">
                <h2>"Latest requests"</h2>
                <a href=all>"All requests of this key"<Icon name=IconName::ArrowRight /></a>
            </div>
            {latest}
        </section>
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

#[component]
fn Facts(key: KeyView) -> impl IntoView {
    let models = if key.models.is_empty() {
        view! { "Every model, those that are configured later included" }.into_any()
    } else {
        let items = key.models.into_iter().map(|model| view! { <li class="mono">{model}</li> }).collect_view();
        view! { <ul class="inline-list">{items}</ul> }.into_any()
    };
    let expires = match key.expires_at {
        Some(at) => view! { <Moment at /> }.into_any(),
        None => view! { "Never" }.into_any(),
    };
    let optional = |label: &'static str, value: Option<String>| {
        value.map(|value| view! { <div><dt>{label}</dt><dd class="mono">{value}</dd></div> })
    };
    let names = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
    let kept = names(key.setting_names).map(|names| {
        view! { <div><dt>"Kept, not acted on yet"</dt><dd class="mono">{names}</dd></div> }
    });
    view! {
        <dl class="facts">
            <div><dt>"Ends in"</dt><dd class="mono">{key.hint}</dd></div>
            <div><dt>"Models"</dt><dd>{models}</dd></div>
            <div><dt>"Expires"</dt><dd>{expires}</dd></div>
            {optional("User", key.user_id)}
            {optional("Team", key.team_id)}
            {optional("Metadata", names(key.metadata_names))}
            {kept}
            <div><dt>"Created"</dt><dd><Moment at=key.created_at />" by "{key.created_by}</dd></div>
            <div><dt>"Last changed"</dt><dd><Moment at=key.updated_at />" by "{key.updated_by}</dd></div>
        </dl>
        <div class="ids"><CopyField label="Key id" id="key-id" value=key.id /></div>
    }
}

/// Deleting, after a word on what breaks.
#[component]
fn Delete(key: KeyView, used: String) -> impl IntoView {
    let action = format!("{}/delete", key_href(&key.id));
    let help = format!("To be sure that it is the right one, type: {}", key.label());
    let consequence = if key.last_used_at.is_some() {
        view! {
            "This key was last used " <strong>{used}</strong> " and has made " <strong>{count_text(key.calls)}</strong>
            {if key.calls == 1 { " call" } else { " calls" }} ", for " <Money value=key.spent />
            ". Whatever still uses it is refused from that moment on."
        }
        .into_any()
    } else {
        view! { "This key was never used, so nothing should break." }.into_any()
    };
    view! {
        <details class="card danger-zone">
            <summary>"Delete this key"</summary>
            <form class="stack form" method="post" action=action>
                <p>{consequence}</p>
                <p>"It can't be undone. The requests it made and what they cost stay on record. If you only want to stop it for a while, block it."</p>
                <Field label="Name of the key" name="confirm" help>
                    <input
                        id="confirm"
                        name="confirm"
                        type="text"
                        required
                        autocomplete="off"
                        spellcheck="false"
                        aria-describedby="confirm-help"
                    />
                </Field>
                <div class="cluster">
                    <button class="button danger" type="submit">
                        <Icon name=IconName::Delete />
                        "Delete key"
                    </button>
                </div>
            </form>
        </details>
    }
}
