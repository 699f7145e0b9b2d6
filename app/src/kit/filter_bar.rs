//! The line of filters above a list, and the chips that say what is filtered by.

use leptos::prelude::*;

use super::{Filter, FilterKind, ListQuery};
use crate::components::{Icon, IconName};

/// A plain form that asks for the same page. The children stand behind the button.
#[component]
pub fn FilterBar(list: ListQuery, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let fields = list.filters().iter().map(|filter| field(filter, list.get(filter.name))).collect_view();
    let carried = list
        .carried()
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let chips = list
        .chips()
        .into_iter()
        .map(|(label, text, without)| {
            let told = format!("{label}: {text}");
            view! {
                <li>
                    <a class="chip" href=without aria-label=format!("Remove the filter {told}")>
                        {told.clone()}
                        <Icon name=IconName::Close />
                    </a>
                </li>
            }
        })
        .collect_view();
    let several = (list.chips().len() > 1).then(|| view! { <li><a href=list.path()>"Clear all"</a></li> });
    view! {
        <form action=list.path() class="filters" role="search">
            {fields}
            {carried}
            <button class="button" type="submit">
                "Apply"
            </button>
            {children.map(|children| children())}
        </form>
        {list.is_filtered().then(|| view! { <ul class="chips" aria-label="Filters">{chips}{several}</ul> })}
    }
}

fn field(filter: &Filter, value: Option<String>) -> AnyView {
    let (name, label) = (filter.name, filter.label);
    match &filter.kind {
        FilterKind::Search { placeholder } => view! {
            <label class="search">
                <span class="visually-hidden">{label}</span>
                <Icon name=IconName::Search />
                <input
                    type="search"
                    name=name
                    placeholder=*placeholder
                    maxlength="200"
                    autocomplete="off"
                    spellcheck="false"
                    data-search=""
                    value=value
                />
            </label>
        }
        .into_any(),
        FilterKind::Text { placeholder, known } => {
            let list = format!("known-{name}");
            let known = known.iter().map(|known| view! { <option value=known.clone()></option> }).collect_view();
            view! {
                <label>
                    <span class="visually-hidden">{label}</span>
                    <input
                        type="text"
                        name=name
                        placeholder=*placeholder
                        maxlength="200"
                        autocomplete="off"
                        spellcheck="false"
                        list=list.clone()
                        value=value
                    />
                    <datalist id=list>{known}</datalist>
                </label>
            }
            .into_any()
        }
        FilterKind::Day => view! {
            <label class="day">
                <span>{label}</span>
                <input type="date" name=name value=value />
            </label>
        }
        .into_any(),
        FilterKind::Choice { any, options } => {
            let options = options
                .iter()
                .map(|(option, label)| {
                    let selected = value.as_ref() == Some(option);
                    view! { <option value=option.clone() selected=selected>{label.clone()}</option> }
                })
                .collect_view();
            view! {
                <label>
                    <span class="visually-hidden">{label}</span>
                    <select name=name>
                        <option value="">{*any}</option>
                        {options}
                    </select>
                </label>
            }
            .into_any()
        }
    }
}
