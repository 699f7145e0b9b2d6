//! Before keys are deleted: what breaks then.

use leptos::prelude::*;
use tollgate_domain::Timestamp;

use super::{KEYS, key_href};
use crate::api::{KeyDetailView, KeyView, get_key, keys_of_ids};
use crate::components::{Money, Notice, Tone, count_text};
use crate::kit::{ConfirmPage, Form, load, load_titled, path_param, query};
use crate::pages::ago::ago;

const KEPT: &str = "It can't be undone. What was called and what it cost stays on record. To stop a key for a while, block it instead.";

/// One key: its name has to be typed.
#[component]
pub fn DeleteKeyPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled("Delete key", "What breaks then.", get_key(path_param("id")), move |view| {
        let KeyDetailView { key, now, .. } = view;
        let name = key.label().to_owned();
        view! {
            <ConfirmPage
                back=(key_href(&key.id), "The key")
                title=format!("Delete {name}?")
                action=format!("{}/delete", key_href(&key.id))
                verb="Delete key"
                name=Some(name)
                form
            >
                <p>"This key was " {consequence(&key, now)}</p>
                <p>{KEPT}</p>
            </ConfirmPage>
        }
    })
}

/// Those that were ticked in the list.
#[component]
pub fn DeleteKeysPage() -> impl IntoView {
    let address = query();
    let back =
        address.get("back").filter(|back| super::list_address(back).is_some()).unwrap_or_else(|| KEYS.to_owned());
    load(keys_of_ids(address.all("ids")), move |view| {
        let count = view.keys.len();
        if count == 0 {
            return view! { <Notice tone=Tone::Info>"No key was ticked. " <a href=back>"Back to the keys"</a></Notice> }
                .into_any();
        }
        let hidden = view.keys.iter().map(|key| ("ids", key.id.clone())).chain([("back", back.clone())]).collect();
        let items = view
            .keys
            .iter()
            .map(|key| view! { <li><strong>{key.label().to_owned()}</strong> ": " {consequence(key, view.now)}</li> })
            .collect_view();
        let title = if count == 1 { "Delete 1 key?".to_owned() } else { format!("Delete {count} keys?") };
        view! {
            <ConfirmPage back=(back, "Keys") title action="/ui/keys/delete" verb="Delete keys" hidden>
                <ul class="stack tight">{items}</ul>
                <p>{KEPT}</p>
            </ConfirmPage>
        }
        .into_any()
    })
}

fn consequence(key: &KeyView, now: Timestamp) -> AnyView {
    let Some(at) = key.last_used_at else {
        return "never used, so nothing should break.".into_any();
    };
    view! {
        "last used " <strong>{ago(at, now)}</strong> ", after " <strong>{count_text(key.calls)}</strong>
        {if key.calls == 1 { " call" } else { " calls" }} " for " <Money value=key.spent />
        ". Whatever still uses it is refused from that moment on."
    }
    .into_any()
}
