//! Signing in with e-mail and password.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Field, Notice, Tone};
use crate::kit::query;

/// Why the form is shown again. The address holds a name from this list, never a text: nobody can make the page say
/// something by a crafted link.
fn explanation(error: &str) -> Option<&'static str> {
    match error {
        "wrong" => Some("E-mail address or password are wrong, or the account is disabled."),
        "admins" => Some("Only administrators may use this dashboard: ask one of them."),
        "slow" => Some("Too many failed tries. Wait a few minutes, then try again."),
        "busy" => Some("Too many people are signing in at this moment. Try again in a few seconds."),
        "unavailable" => Some("The database does not answer. Nothing was changed; try again shortly."),
        _ => None,
    }
}

#[component]
pub fn SignIn() -> impl IntoView {
    let query = query();
    let next = query.get("next").unwrap_or_default();
    let error = query.get("error").and_then(|error| explanation(&error)).map(|text| {
        view! { <Notice tone=Tone::Bad>{text}</Notice> }
    });
    let done = query.get("notice").filter(|notice| notice == "signed-out").map(|_| {
        view! { <Notice tone=Tone::Info>"You are signed out."</Notice> }
    });
    view! {
        <Title text="Sign in" />
        <main class="doorway" id="main">
            <div class="card">
                <p class="brand">
                    <img src="/ui/favicon.svg" alt="" width="24" height="24" />
                    "Tollgate"
                </p>
                <h1>"Sign in"</h1>
                {error}
                {done}
                <form class="stack" method="post" action="/ui/sign-in">
                    <input type="hidden" name="next" value=next />
                    <Field label="E-mail address" name="email">
                        <input id="email" name="email" type="email" autocomplete="username" required autofocus />
                    </Field>
                    <Field label="Password" name="password">
                        <input id="password" name="password" type="password" autocomplete="current-password" required />
                    </Field>
                    <button class="button primary" type="submit">
                        "Sign in"
                    </button>
                </form>
            </div>
        </main>
    }
}
