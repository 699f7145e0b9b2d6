//! The form that makes a key.

use leptos::prelude::*;

use super::KEYS;
use super::form::fields;
use crate::api::{NewKeyView, new_key_form};
use crate::components::{Notice, PageHeader, Tone};
use crate::kit::{Crumb, Form, load};

#[component]
pub fn NewKeyPage() -> impl IntoView {
    view! {
        <Crumb href=KEYS label="Keys" />
        <PageHeader title="Create key" purpose="A key for one application or person; its text is shown once, right after this." />
        <NewKeyForm form=Form::default() />
    }
}

/// The form as it was sent, where it was not accepted.
#[component]
pub fn NewKeyForm(form: Form) -> impl IntoView {
    load(new_key_form(), move |NewKeyView { models, may_change }| {
        if !may_change {
            let text = "Your role may look at keys and not create any. Ask an administrator.";
            return view! { <Notice tone=Tone::Info>{text}</Notice> }.into_any();
        }
        view! {
            <form class="stack form" method="post" action="/ui/keys/create" data-guard="">
                {fields(&form, models, None)}
                <div class="cluster">
                    <button class="button primary" type="submit">
                        "Create key"
                    </button>
                    <a class="button quiet" href=KEYS>
                        "Cancel"
                    </a>
                </div>
            </form>
        }
        .into_any()
    })
}
