//! The page before something that can't be undone: what will break, and the button that does it.

use leptos::prelude::*;

use super::Form;
use crate::components::{Icon, IconName, PageHeader};

/// A GET page at the address that the form is posted to: `/ui/keys/1/delete`. The children say what will break.
#[component]
pub fn ConfirmPage(
    /// The page to go back to: address and name.
    back: (String, &'static str),
    /// A question: `Delete team blue?`
    #[prop(into)]
    title: String,
    /// Where it is posted to; without it, to the page's own address.
    #[prop(optional, into)]
    action: Option<String>,
    /// What the button says: `Delete key`.
    verb: &'static str,
    /// Has to be typed first, as `confirm`, where it can't be undone.
    #[prop(optional_no_strip)]
    name: Option<String>,
    /// What the form carries besides.
    #[prop(optional)]
    hidden: Vec<(&'static str, String)>,
    /// The form as it was sent, where it was not accepted.
    #[prop(optional)]
    form: Form,
    children: Children,
) -> impl IntoView {
    let (href, label) = back;
    let typed = name.map(|name| {
        form.text("confirm", "To be sure that it is the right one, type its name")
            .help(format!("Its name is: {name}"))
            .required()
            .view()
    });
    let hidden =
        hidden.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    view! {
        <nav class="crumbs" aria-label="Where this is">
            <a href=href.clone()>{label}</a>
        </nav>
        <PageHeader title purpose="Look at what will happen, then decide." />
        <form class="card stack form danger-zone" method="post" action=action>
            {form.whole()}
            {children()}
            {hidden}
            {typed}
            <div class="cluster">
                <button class="button danger" type="submit">
                    <Icon name=IconName::Delete />
                    {verb}
                </button>
                <a class="button" href=href>"Cancel"</a>
            </div>
        </form>
    }
}
