//! The form that makes a key.

use leptos::prelude::*;

use super::form::fields;
use super::{Expiry, KEYS, Owner};
use crate::api::new_key_form;
use crate::components::{Notice, PageHeader, Tone};
use crate::kit::{Crumb, Form, load, query};

#[component]
pub fn NewKeyPage() -> impl IntoView {
    view! {
        <Crumb href=KEYS label="Keys" />
        <PageHeader title="Create key" purpose="A key for one application or person; its text is shown once, right after this." />
        <NewKeyForm form=asked() />
    }
}

/// What links say that lead here: for whom the key shall be.
fn asked() -> Form {
    let address = query();
    let (user, team) = (address.get("user"), address.get("team"));
    let owner = match (&user, &team) {
        (Some(_), _) => Owner::Person,
        (None, Some(_)) => Owner::Team,
        (None, None) => Owner::Me,
    };
    let expiry = Expiry::Never.as_str().to_owned();
    Form::filled([
        ("owner", owner.as_str().to_owned()),
        ("user_id", user.unwrap_or_default()),
        ("team_id", team.unwrap_or_default()),
        ("expiry", expiry),
    ])
}

/// The form as it was sent, where it was not accepted.
#[component]
pub fn NewKeyForm(form: Form) -> impl IntoView {
    load(new_key_form(), move |view| {
        if !view.may_create {
            let text = "Your role may look at keys and not create any. Ask an administrator.";
            return view! { <Notice tone=Tone::Info>{text}</Notice> }.into_any();
        }
        let custom = form
            .password("custom_key", "Text of your own choice")
            .help("Starts with sk- and has at least 16 characters. Empty: one that nobody can guess.");
        view! {
            <form class="stack form" method="post" action="/ui/keys/create" data-guard="">
                {fields(&form, view, None)}
                {custom.view()}
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
