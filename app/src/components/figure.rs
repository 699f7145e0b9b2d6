//! One big number with its name.

use leptos::prelude::*;

/// Goes into a `<dl class="figures">`.
#[component]
pub fn Figure(
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    /// On hover: the exact value.
    #[prop(optional, into)]
    title: String,
    /// A few quiet words below.
    #[prop(optional, into)]
    note: String,
) -> impl IntoView {
    let title = (!title.is_empty()).then_some(title);
    view! {
        <div class="figure">
            <dt>{label}</dt>
            <dd class="figure-value" title=title>{value}</dd>
            {(!note.is_empty()).then(|| view! { <dd class="figure-note">{note}</dd> })}
        </div>
    }
}
