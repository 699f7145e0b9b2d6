//! The form that makes a key.

use leptos::prelude::*;

use super::form::{FormState, KeyFields};
use crate::api::{NewKeyView, new_key_form};
use crate::components::{Notice, PageHeader, Tone};
use crate::kit::load;

#[component]
pub fn NewKeyPage() -> impl IntoView {
    view! {
        <PageHeader title="Create key" purpose="A key for one application or person; its text is shown once, right after this." />
        <NewKeyForm state=FormState::default() />
    }
}

/// The form as it was sent, where it was not accepted.
#[component]
pub fn NewKeyForm(state: FormState) -> impl IntoView {
    let show = move |view: NewKeyView, state: FormState| {
        if !view.may_change {
            return view! { <Notice tone=Tone::Info>"Your role may look at keys and not create any. Ask an administrator."</Notice> }
                .into_any();
        }
        view! {
            <form class="stack form" method="post" action="/ui/keys/create" data-guard="">
                <KeyFields state models=view.models />
                <div class="cluster">
                    <button class="button primary" type="submit">
                        "Create key"
                    </button>
                    <a class="button quiet" href="/ui/keys">
                        "Cancel"
                    </a>
                </div>
            </form>
        }
        .into_any()
    };
    load(new_key_form(), move |view| show(view, state))
}
