//! A form's field: label above, help below, the server's word at the field.

use leptos::prelude::*;

use super::{Icon, IconName};

/// The child is the control; it has the id `name`, and `aria-describedby` with `{name}-help` and `{name}-error` where
/// these are given ([`described_by`]).
#[component]
pub fn Field(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] error: String,
    children: Children,
) -> impl IntoView {
    let class = if error.is_empty() { "field" } else { "field invalid" };
    let help = (!help.is_empty()).then(|| view! { <p class="field-help" id=format!("{name}-help")>{help}</p> });
    let error = (!error.is_empty()).then(|| {
        view! { <p class="field-error" id=format!("{name}-error")><Icon name=IconName::Bad/>{error}</p> }
    });
    view! {
        <div class=class>
            <label for=name>{label}</label>
            {children()}
            {error}
            {help}
        </div>
    }
}

/// The value of a control's `aria-describedby`; `None` when nothing describes it.
pub fn described_by(name: &str, help: bool, error: bool) -> Option<String> {
    match (help, error) {
        (false, false) => None,
        (true, false) => Some(format!("{name}-help")),
        (false, true) => Some(format!("{name}-error")),
        (true, true) => Some(format!("{name}-error {name}-help")),
    }
}
