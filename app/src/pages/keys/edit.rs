//! Changing a key: the form on its page.

use leptos::prelude::*;

use super::form::{fields, form_of};
use super::key_href;
use crate::api::{KeyFormView, KeyView};
use crate::kit::Form;

/// The form: open where something in it needs another look.
#[component]
pub fn EditForm(key: KeyView, view: KeyFormView, refused: Option<Form>) -> impl IntoView {
    let href = key_href(&key.id);
    let action = format!("{href}/update");
    let open = refused.is_some();
    let form = refused.unwrap_or_else(|| form_of(&key, &view));
    view! {
        <details class="card edit" id="edit" open=open>
            <summary>"Change what this key is and may do"</summary>
            <form class="stack form" method="post" action=action data-guard="">
                {form.version_field(key.version)}
                {fields(&form, view, key.expires_at)}
                <div class="cluster">
                    <button class="button primary" type="submit">
                        "Save changes"
                    </button>
                    <a class="button quiet" href=href>"Cancel"</a>
                </div>
            </form>
        </details>
    }
}
