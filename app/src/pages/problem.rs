//! What a page says when the server could not give what it shows.

use leptos::prelude::*;

use crate::api::ServerError;
use crate::components::{EmptyState, Notice, Tone};

#[component]
pub fn Problem(error: ServerError) -> impl IntoView {
    match error {
        ServerError::NotFound => view! {
            <EmptyState title="There is nothing at this address" text="The link may be old, or wrong by a character." />
        }
        .into_any(),
        ServerError::NotSignedIn => view! {
            <Notice tone=Tone::Bad>
                {error.to_string()} " " <a href="/ui/sign-in" rel="external">"Sign in"</a>
            </Notice>
        }
        .into_any(),
        _ => view! { <Notice tone=Tone::Bad>{error.to_string()}</Notice> }.into_any(),
    }
}
