//! The top of every page: one title, one sentence, the primary action.

use leptos::prelude::*;
use leptos_meta::Title;

/// Sets the document's title too.
#[component]
pub fn PageHeader(
    #[prop(into)] title: String,
    /// One sentence: what the page is for.
    #[prop(into)]
    purpose: String,
    /// The primary action, and at most a few beside it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <Title text=title.clone()/>
        <header class="page-header">
            <div class="page-title">
                <h1>{title}</h1>
                <p>{purpose}</p>
            </div>
            {children.map(|children| view! { <div class="page-actions">{children()}</div> })}
        </header>
    }
}
