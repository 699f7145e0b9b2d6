//! For an address that is none.

use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn NotFound() -> impl IntoView {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Not found" />
        <div class="empty">
            <h1>"There is nothing at this address"</h1>
            <p>"The link may be old, or what it led to was deleted."</p>
            <p>
                <a class="button" href="/ui">
                    "Go to the overview"
                </a>
            </p>
        </div>
    }
}
