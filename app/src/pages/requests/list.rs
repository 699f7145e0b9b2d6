//! The requests: every call and every refusal, newest first.

use leptos::prelude::*;
use tollgate_domain::summary::{Period, StatusFilter};

use super::query::{RequestsQuery, period_label};
use super::table::RequestTable;
use crate::api::{RequestsView, list_requests};
use crate::components::{EmptyState, Icon, IconName, PageHeader, Pager};
use crate::islands::Live;
use crate::kit::{load, query};

#[component]
pub fn RequestList() -> impl IntoView {
    let query = RequestsQuery::of(&query());
    view! {
        <PageHeader
            title="Requests"
            purpose="Every call and every refusal, newest first: who asked for what, what came of it, and what it cost."
        />
        {load(list_requests(query.clone()), move |view| view! { <Requests view query /> })}
    }
}

#[component]
fn Requests(view: RequestsView, query: RequestsQuery) -> impl IntoView {
    let RequestsView { rows, next, models, key_label } = view;
    let unknown_key = query.key.is_some() && key_label.is_none();
    let first = query.after.is_some().then(|| query.first().href());
    let next = next.map(|cursor| RequestsQuery { after: Some(cursor), ..query.clone() }.href());
    // Only the newest page changes under one's eyes.
    let live = query.after.is_none() && !query.paused;
    let table = if rows.is_empty() {
        view! { <NoRequests query=query.clone() unknown_key /> }.into_any()
    } else {
        view! { <RequestTable rows show_key=true label="Requests" /> }.into_any()
    };
    let list = view! {
        {table}
        <Pager first next />
    };
    let list = if live {
        view! { <Live id="requests".to_owned() seconds=1>{list}</Live> }.into_any()
    } else {
        list.into_any()
    };
    view! {
        <Filters query=query.clone() models />
        <Chips query key_label />
        {list}
    }
}

/// Holds the list still, or lets it go on. Without a script it never moves.
#[component]
fn Pause(query: RequestsQuery) -> impl IntoView {
    query.after.is_none().then(|| {
        let (icon, label, title) = if query.paused {
            (IconName::Play, "Resume", "Show new requests as they come")
        } else {
            (IconName::Pause, "Pause", "Hold the list still")
        };
        let href = RequestsQuery { paused: !query.paused, ..query }.href();
        view! { <a class="button quiet needs-js live" href=href title=title><Icon name=icon />{label}</a> }
    })
}

#[component]
fn Filters(query: RequestsQuery, models: Vec<String>) -> impl IntoView {
    let live = query.clone();
    let statuses = StatusFilter::ALL
        .into_iter()
        .map(|status| {
            let selected = query.status == Some(status);
            view! {
                <option value=status.as_str() selected=selected>
                    {status_label(status)}
                </option>
            }
        })
        .collect_view();
    let periods = Period::ALL
        .into_iter()
        .map(|period| {
            let selected = query.period == Some(period);
            view! {
                <option value=period.as_str() selected=selected>
                    {period_label(period)}
                </option>
            }
        })
        .collect_view();
    let models = models.into_iter().map(|model| view! { <option value=model></option> }).collect_view();
    let text = |name: &'static str, label: &'static str, value: Option<String>, list: Option<&'static str>| {
        let value = value.unwrap_or_default();
        view! {
            <label>
                <span class="visually-hidden">{label}</span>
                <input
                    type="text"
                    name=name
                    placeholder=label
                    maxlength="200"
                    autocomplete="off"
                    spellcheck="false"
                    list=list
                    data-search=(name == "model").then_some("")
                    value=value
                />
            </label>
        }
    };
    view! {
        <form action="/ui/requests" class="filters" role="search">
            <label>
                <span class="visually-hidden">"Status"</span>
                <select name="status">
                    <option value="">"Any status"</option>
                    {statuses}
                </select>
            </label>
            <label>
                <span class="visually-hidden">"Period"</span>
                <select name="period">
                    <option value="">"Any time"</option>
                    {periods}
                </select>
            </label>
            {text("model", "Model", query.model, Some("known-models"))}
            {text("key", "Key: alias or id", query.key, None)}
            {text("call", "Call id", query.call, None)}
            {query.paused.then(|| view! { <input type="hidden" name="live" value="off" /> })}
            <datalist id="known-models">{models}</datalist>
            <button class="button" type="submit">
                "Apply"
            </button>
            <Pause query=live />
        </form>
    }
}

fn status_label(status: StatusFilter) -> &'static str {
    match status {
        StatusFilter::Success => "Succeeded",
        StatusFilter::Failed => "Failed at the provider",
        StatusFilter::Refused => "Refused",
    }
}

/// What is filtered by, each with a way to take it off.
#[component]
fn Chips(query: RequestsQuery, key_label: Option<String>) -> impl IntoView {
    let chips = query
        .chips()
        .into_iter()
        .map(|(name, value, without)| {
            let value = match name {
                "Key" => key_label.clone().unwrap_or(value),
                "Status" => query.status.map_or(value, |status| status_label(status).to_owned()),
                _ => value,
            };
            view! {
                <li>
                    <a class="chip" href=without.href() aria-label=format!("Remove the filter {name}: {value}")>
                        {format!("{name}: {value}")}
                        <Icon name=IconName::Close />
                    </a>
                </li>
            }
        })
        .collect_view();
    let several = query.chips().len() > 1;
    query.is_filtered().then(|| {
        view! {
            <ul class="chips" aria-label="Filters">
                {chips}
                {several.then(|| view! { <li><a href="/ui/requests">"Clear all"</a></li> })}
            </ul>
        }
    })
}

#[component]
fn NoRequests(query: RequestsQuery, unknown_key: bool) -> impl IntoView {
    if unknown_key {
        return view! {
            <EmptyState title="There is no such key" text="Write a key's whole alias, its id, or master_key.">
                <a class="button" href="/ui/keys">"Look it up"</a>
            </EmptyState>
        }
        .into_any();
    }
    if query.is_filtered() || query.after.is_some() {
        return view! {
            <EmptyState title="No request matches" text="Take a filter off, or widen the period. Models and call ids are compared as a whole.">
                <a class="button" href="/ui/requests">"Show all requests"</a>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState title="No requests yet" text="Each call appears here within a second or two, with its tokens, its cost and its story.">
            <a class="button primary" href="/ui/keys/new">"Create a key to call with"</a>
        </EmptyState>
    }
    .into_any()
}
