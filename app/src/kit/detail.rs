//! The frame of the page of one thing: where it is, its name, its state, tabs as links, facts.

use leptos::prelude::*;

use crate::components::PageHeader;

/// A view of the thing at an address of its own.
#[derive(Clone, Debug)]
pub struct Tab {
    pub label: &'static str,
    pub href: String,
    pub current: bool,
}

/// Goes above everything on a page below a list.
#[component]
pub fn Crumb(href: &'static str, label: &'static str) -> impl IntoView {
    view! {
        <nav class="crumbs" aria-label="Where this is">
            <a href=href>{label}</a>
        </nav>
    }
}

/// The children follow below header and tabs.
#[component]
pub fn DetailPage(
    /// The list that it belongs to: address and name.
    list: (&'static str, &'static str),
    #[prop(into)] title: String,
    /// One sentence: what the page is for.
    #[prop(into)]
    purpose: String,
    /// Badges and buttons beside the title.
    #[prop(optional, into)]
    actions: ViewFn,
    #[prop(optional)] tabs: Vec<Tab>,
    children: Children,
) -> impl IntoView {
    let (href, label) = list;
    let links = tabs
        .iter()
        .map(|tab| {
            let current = tab.current.then_some("page");
            view! { <a href=tab.href.clone() aria-current=current>{tab.label}</a> }
        })
        .collect_view();
    view! {
        <Crumb href label />
        <PageHeader title purpose>{actions.run()}</PageHeader>
        {(!tabs.is_empty()).then(|| view! { <nav class="tabs" aria-label="Views">{links}</nav> })}
        {children()}
    }
}

/// Names and values; the children are [`Fact`]s.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }
}

#[component]
pub fn Fact(label: &'static str, #[prop(optional)] mono: bool, children: Children) -> impl IntoView {
    view! { <div><dt>{label}</dt><dd class:mono=mono>{children()}</dd></div> }
}

/// A [`Fact`] that is left out where it is not known.
#[component]
pub fn OptionalFact(label: &'static str, value: Option<String>) -> impl IntoView {
    value.map(|value| view! { <Fact label mono=true>{value}</Fact> })
}
