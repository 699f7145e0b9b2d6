//! Text to be copied: selectable without a script, one click with it.

use leptos::prelude::*;

use super::{Icon, IconName};

/// One line: a key, an address, an id.
#[component]
pub fn CopyField(#[prop(into)] label: String, #[prop(into)] id: String, #[prop(into)] value: String) -> impl IntoView {
    let target = format!("#{id}");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <div class="copy-field">
                <input id=id type="text" class="mono" readonly autocomplete="off" spellcheck="false" value=value/>
                <CopyButton target=target/>
            </div>
        </div>
    }
}

/// Several lines: a curl command, a piece of a program.
#[component]
pub fn CodeBlock(#[prop(into)] label: String, #[prop(into)] code: String) -> impl IntoView {
    // A scrolling box must be reachable by keyboard, and needs a name then.
    view! {
        <figure class="code">
            <figcaption>{label.clone()}<CopyButton target="pre"/></figcaption>
            <pre tabindex="0" aria-label=label><code>{code}</code></pre>
        </figure>
    }
}

/// `target` is a selector: of an element of the page, or within the nearest `<figure>`. The button stays hidden until
/// the script that makes it work is there.
#[component]
fn CopyButton(#[prop(into)] target: String) -> impl IntoView {
    view! {
        <button type="button" class="button quiet copy needs-js" data-copy=target>
            <Icon name=IconName::Copy/>
            <span data-copy-label>"Copy"</span>
        </button>
    }
}
