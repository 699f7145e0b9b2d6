//! Where an invitation leads: choosing a password.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Field, Notice, Tone};
use crate::kit::query;

/// See [`super::sign_in`]: a name, never a text.
fn explanation(error: &str) -> Option<&'static str> {
    match error {
        "token" => {
            Some("This link does not work any more: it was used, is older than a week, or there is a newer one.")
        }
        "password" => Some("The password must have at least 12 characters."),
        "repeat" => Some("The two passwords differ."),
        "unavailable" => Some("Nothing was changed; try again shortly."),
        _ => None,
    }
}

#[component]
pub fn Invitation() -> impl IntoView {
    let query = query();
    let token = query.get("token").unwrap_or_default();
    let error = query.get("error").and_then(|error| explanation(&error)).map(|text| {
        view! { <Notice tone=Tone::Bad>{text}</Notice> }
    });
    view! {
        <Title text="Invitation" />
        <main class="doorway" id="main">
            <div class="card">
                <p class="brand">
                    <img src="/ui/favicon.svg" alt="" width="24" height="24" />
                    "Tollgate"
                </p>
                <h1>"Choose a password"</h1>
                <p class="purpose">"You sign in with your e-mail address and this password from now on."</p>
                {error}
                <form class="stack" method="post" action="/ui/invitation">
                    <input type="hidden" name="token" value=token />
                    <Field label="Password" name="password" help="At least 12 characters.">
                        <input
                            id="password"
                            name="password"
                            type="password"
                            autocomplete="new-password"
                            minlength="12"
                            aria-describedby="password-help"
                            required
                        />
                    </Field>
                    <Field label="Password, again" name="repeat">
                        <input id="repeat" name="repeat" type="password" autocomplete="new-password" minlength="12" required />
                    </Field>
                    <button class="button primary" type="submit">
                        "Set password and sign in"
                    </button>
                </form>
            </div>
        </main>
    }
}
