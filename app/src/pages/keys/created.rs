//! What comes after the form of a new key: the key, shown once; or the form again, with what is wrong.

use std::fmt;

use leptos::prelude::*;
use tollgate_domain::Timestamp;

use super::new::NewKeyForm;
use super::{KEYS, key_href};
use crate::clients::{CURL, Call, OPENAI_NODE, OPENAI_PYTHON};
use crate::components::{CodeBlock, CopyField, EmptyState, Moment, Notice, PageHeader, Tone};
use crate::kit::{Crumb, Form};
use crate::pages::CONNECT;

/// A new key's text on its one way to the page. Can't be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownOnce(String);

impl ShownOnce {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For the page that shows it.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ShownOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// How a key came by the text that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HowMade {
    #[default]
    Created,
    /// Exchanged just now; until when the old text works.
    Rotated(Option<Timestamp>),
    /// Exchanged on schedule before.
    Collected,
}

/// A key that was just made, with what the snippets need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedKeyView {
    pub id: String,
    /// What people call it.
    pub label: String,
    pub key: ShownOnce,
    pub how: HowMade,
    /// Without the `/v1`.
    pub base_url: String,
    /// A model that the key may call; `None` when none is configured.
    pub model: Option<String>,
}

/// The handler of the form puts a [`CreatedKeyView`] or the refused form into the page's context; a page that was only
/// reloaded has none.
#[component]
pub fn CreatedKeyPage() -> impl IntoView {
    if let Some(created) = use_context::<CreatedKeyView>() {
        return view! { <Created created /> }.into_any();
    }
    let Some(form) = Form::of_context() else { return view! { <Gone /> }.into_any() };
    view! {
        <Crumb href=KEYS label="Keys" />
        <PageHeader title="Create key" purpose="Nothing was created yet: something in the form needs another look." />
        <NewKeyForm form />
    }
    .into_any()
}

/// The key's text, and how to use it.
#[component]
pub fn Created(created: CreatedKeyView) -> impl IntoView {
    let CreatedKeyView { id, label, key: ShownOnce(key), how, base_url, model } = created;
    let (title, purpose) = match how {
        HowMade::Created => ("Key created", format!("“{label}” can be used from now on.")),
        HowMade::Rotated(Some(_)) => {
            ("Key rotated", format!("“{label}” has a new text; the old one works for a while."))
        }
        HowMade::Rotated(None) => ("Key rotated", format!("“{label}” has a new text; the old one no longer works.")),
        HowMade::Collected => ("Key collected", format!("“{label}” was exchanged on schedule; this is its new text.")),
    };
    let until = match how {
        HowMade::Rotated(Some(at)) => {
            Some(view! { <Notice tone=Tone::Info>"The old text works until " <Moment at /> "."</Notice> })
        }
        _ => None,
    };
    let no_model = model.is_none().then(|| {
        view! {
            <Notice tone=Tone::Warning>
                "No model that this key may call is configured yet: put your own model's name into the snippets, or "
                <a href="/ui/models">"look at the models"</a> "."
            </Notice>
        }
    });
    let model = model.unwrap_or_else(|| "gpt-4o".to_owned());
    let call = Call { base_url: &base_url, key: &key, model: &model };
    view! {
        <PageHeader title purpose />
        <div class="stack created">
            <Notice tone=Tone::Warning>
                <strong>"Copy the key now: it won't be shown again."</strong>
                " Only a fingerprint of it is kept. Who loses it needs a new one."
            </Notice>
            {until}
            <CopyField label="Key" id="created-key" value=key.clone() />
            <CopyField label="Base URL" id="created-url" value=format!("{base_url}/v1") />
            {no_model}
            <h2>"Try it"</h2>
            {[CURL, OPENAI_PYTHON, OPENAI_NODE]
                .map(|example| view! { <CodeBlock label=example.label code=example.filled(call) /> })
                .collect_view()}
            <p class="note">
                "Another client? " <a href=CONNECT>"Connect an application"</a>
                " has the lines to change for each."
            </p>
            <div class="cluster">
                <a class="button" href=key_href(&id)>"Open the key's page"</a>
                <a class="button quiet" href="/ui/keys/new">"Create another"</a>
                <a class="button quiet" href="/ui/keys">"All keys"</a>
            </div>
        </div>
    }
}

#[component]
fn Gone() -> impl IntoView {
    view! {
        <PageHeader title="Key created" purpose="A new key's text is shown once." />
        <EmptyState
            title="The key was shown once and is gone"
            text="Only a fingerprint of it is kept. If you did not copy it, delete that key and create another."
        >
            <a class="button primary" href="/ui/keys/new">"Create another key"</a>
            <a class="button" href="/ui/keys">"All keys"</a>
        </EmptyState>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_never_printed() {
        let created = CreatedKeyView {
            id: "1".to_owned(),
            label: "x".to_owned(),
            key: ShownOnce::new("sk-secret"),
            how: HowMade::default(),
            base_url: String::new(),
            model: None,
        };
        assert!(!format!("{created:?}").contains("sk-secret"));
    }
}
