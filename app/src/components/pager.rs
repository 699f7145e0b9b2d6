//! Paging by keyset: onward, and back to the start.

use leptos::prelude::*;

use super::{Icon, IconName};

/// Both are addresses. Shows nothing when there is neither; the browser's own *back* goes one page back.
#[component]
pub fn Pager(
    #[prop(optional_no_strip, into)] first: Option<String>,
    #[prop(optional_no_strip, into)] next: Option<String>,
) -> impl IntoView {
    (first.is_some() || next.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                {first.map(|href| view! { <a class="button quiet" href=href><Icon name=IconName::First/>"First page"</a> })}
                {next.map(|href| {
                    view! { <a class="button" href=href rel="next">"Next page"<Icon name=IconName::ChevronRight/></a> }
                })}
            </nav>
        }
    })
}
