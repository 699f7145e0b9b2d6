//! Exchanging a key's text for a new one.

use leptos::prelude::*;

use super::created::Created;
use super::{CreatedKeyView, key_href};
use crate::api::{KeyDetailView, get_key};
use crate::components::{EmptyState, Notice, PageHeader, Tone};
use crate::kit::{Form, load_titled, path_param};
use crate::pages::ago::ago;

const PURPOSE: &str = "The key gets a new text and stays what it is: its alias, limits, spend and history.";

/// The form; after it, the new text, once.
#[component]
pub fn RotateKeyPage() -> impl IntoView {
    if let Some(created) = use_context::<CreatedKeyView>() {
        return view! { <Created created /> }.into_any();
    }
    let form = Form::of_context().unwrap_or_else(|| Form::filled([("grace", "24h".to_owned())]));
    load_titled("Rotate key", PURPOSE, get_key(path_param("id")), move |view| {
        let KeyDetailView { key, form: may_change, now, .. } = view;
        let href = key_href(&key.id);
        let action = format!("{href}/rotate");
        let title = format!("Rotate {}", key.label());
        let crumb = view! { <nav class="crumbs" aria-label="Where this is"><a href=href.clone()>"The key"</a></nav> };
        if may_change.is_none() || key.deleted_at.is_some() {
            let text = "This key can't be rotated: it was deleted, or your role does not allow it.";
            return view! { {crumb} <PageHeader title purpose=PURPOSE /> <Notice tone=Tone::Info>{text}</Notice> }
                .into_any();
        }
        let used = match key.last_used_at {
            Some(at) => format!(
                "It was last used {}. Whatever uses it needs the new text before the old one stops.",
                ago(at, now)
            ),
            None => "It was never used, so nothing should break.".to_owned(),
        };
        let grace = form
            .length("grace", "The old text works for")
            .placeholder("24h")
            .help("45m, 24h, 7d; at most 90 days. Empty: it stops at once, which is right for a key that leaked.");
        view! {
            {crumb}
            <PageHeader title purpose=PURPOSE />
            <form class="stack form" method="post" action=action>
                {form.whole()}
                <p>{used}</p>
                {grace.view()}
                <div class="cluster">
                    <button class="button primary" type="submit">"Rotate key"</button>
                    <a class="button quiet" href=href>"Cancel"</a>
                </div>
            </form>
        }
        .into_any()
    })
    .into_any()
}

/// The text of a key that was exchanged on schedule, once.
#[component]
pub fn CollectKeyPage() -> impl IntoView {
    if let Some(created) = use_context::<CreatedKeyView>() {
        return view! { <Created created /> }.into_any();
    }
    let href = key_href(&path_param("id"));
    view! {
        <PageHeader title="Collect key" purpose="The new text of a key that is exchanged on schedule is shown once." />
        <EmptyState title="The text was shown once and is gone" text="If you did not copy it, rotate the key.">
            <a class="button" href=href>"The key"</a>
        </EmptyState>
    }
    .into_any()
}
