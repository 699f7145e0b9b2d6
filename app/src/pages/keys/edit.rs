//! Changing a key: the form on its page.

use leptos::prelude::*;

use super::form::{FormState, KeyFields, KeyForm};
use super::query::key_href;
use crate::api::KeyView;
use crate::components::{Notice, Tone};

/// A change that was sent and not accepted: the handler of the form puts it into the page's context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditKeyContext(pub FormState);

/// The form: open where something in it needs another look.
#[component]
pub fn EditForm(key: KeyView, models: Vec<String>, refused: Option<EditKeyContext>) -> impl IntoView {
    let href = key_href(&key.id);
    let own = href.clone();
    let action = format!("{href}/update");
    let expires_at = key.expires_at;
    let open = refused.is_some();
    let mut state = match refused {
        Some(EditKeyContext(state)) => state,
        None => FormState { form: KeyForm::of(&key, &models), ..FormState::default() },
    };
    let changed_meanwhile = state.errors.changed_meanwhile.then(|| {
        // Sending it once more is then meant as it is.
        state.form.version = Some(key.version);
        view! {
            <Notice tone=Tone::Bad>
                "Somebody changed this key after you opened the form, so nothing was saved. Above is the key as it is now, below what you typed. Save again to write yours over it, or "
                <a href=own>"discard yours"</a> "."
            </Notice>
        }
    });
    view! {
        <details class="card edit" id="edit" open=open>
            <summary>"Change alias, models or expiry"</summary>
            <form class="stack form" method="post" action=action data-guard="">
                {changed_meanwhile}
                <KeyFields state models expires_at />
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
