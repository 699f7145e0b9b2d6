//! The first administrator, by the one-time link that the server prints at its first start.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Field, Notice, Tone};
use crate::kit::query;

/// See [`super::sign_in`]: a name, never a text.
fn explanation(error: &str) -> Option<&'static str> {
    match error {
        "token" => Some(
            "This link does not work any more. Restart the server: it prints a new one while there is no administrator.",
        ),
        "done" => Some("There is an administrator already. Sign in instead."),
        "email" => Some("That is no e-mail address."),
        "password" => Some("The password must have at least 12 characters."),
        "repeat" => Some("The two passwords differ."),
        "unavailable" => Some("The database does not answer. Nothing was changed; try again shortly."),
        _ => None,
    }
}

#[component]
pub fn Setup() -> impl IntoView {
    let query = query();
    let token = query.get("token").unwrap_or_default();
    let error = query.get("error").and_then(|error| explanation(&error)).map(|text| {
        view! { <Notice tone=Tone::Bad>{text}</Notice> }
    });
    view! {
        <Title text="Set up" />
        <main class="doorway" id="main">
            <div class="card">
                <p class="brand">
                    <img src="/ui/favicon.svg" alt="" width="24" height="24" />
                    "Tollgate"
                </p>
                <h1>"Create the first administrator"</h1>
                <p class="purpose">"This account may do everything. It signs in with e-mail and password."</p>
                {error}
                <form class="stack" method="post" action="/ui/setup">
                    <input type="hidden" name="token" value=token />
                    <Field label="Name" name="name">
                        <input id="name" name="name" type="text" autocomplete="name" maxlength="100" />
                    </Field>
                    <Field label="E-mail address" name="email">
                        <input id="email" name="email" type="email" autocomplete="username" required />
                    </Field>
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
                        "Create administrator"
                    </button>
                </form>
            </div>
        </main>
    }
}
