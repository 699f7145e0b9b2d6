//! What a page says when the server could not give what it shows.

use leptos::prelude::*;

use crate::ServerError;
use crate::components::{EmptyState, Notice, Tone};

/// Sets the page's status, too.
#[component]
pub fn Problem(error: ServerError) -> impl IntoView {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(error.status());
    }
    match error {
        ServerError::NotFound => view! {
            <EmptyState title="There is nothing at this address" text="The link may be old, or wrong by a character." />
        }
        .into_any(),
        ServerError::NotSignedIn => view! {
            <Notice tone=Tone::Bad>
                {error.to_string()} " " <a href="/ui/sign-in">"Sign in"</a>
            </Notice>
        }
        .into_any(),
        _ => view! { <Notice tone=Tone::Bad>{error.to_string()}</Notice> }.into_any(),
    }
}
