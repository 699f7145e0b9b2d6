//! A message in the page: what happened, why, and what to do.

use leptos::prelude::*;

use super::{Icon, Tone};

/// `Bad` is announced at once by screen readers, the others when they are idle.
#[component]
pub fn Notice(tone: Tone, children: Children) -> impl IntoView {
    let class = format!("notice {}", tone.class());
    let role = if tone == Tone::Bad { "alert" } else { "status" };
    view! { <div class=class role=role><Icon name=tone.icon()/><div class="notice-text">{children()}</div></div> }
}
