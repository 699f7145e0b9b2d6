//! The requests: every call and every refusal, newest first.

use leptos::prelude::*;
use tollgate_domain::summary::{Period, StatusFilter};

use super::table::RequestTable;
use super::{REQUESTS, period_label};
use crate::api::{RequestsView, list_requests};
use crate::components::{EmptyState, Icon, IconName, PageHeader};
use crate::islands::Live;
use crate::kit::{FilterBar, Filters, ListQuery, NoticeFromAddress, load, query};
use crate::pages::usage::ExportLinks;

/// What requests are filtered by. A key may be told by id, alias or `master_key`; a call by its or a request's whole id.
pub fn request_filters() -> Filters {
    let statuses = StatusFilter::ALL.map(|status| (status.as_str(), status_label(status)));
    let periods = Period::ALL.map(|period| (period.as_str(), period_label(period)));
    Filters::new(REQUESTS)
        .choice("status", "Status", "Any status", statuses)
        .choice("period", "Period", "Any time", periods)
        .text("model", "Model", "Model")
        .text("key", "Key", "Key: alias or id")
        .text("call", "Call", "Call id")
        .day("since", "From")
        .day("until", "To")
        // The list stands still, however many requests come.
        .keep("live", "off")
}

#[component]
pub fn RequestList() -> impl IntoView {
    let list = request_filters().read(&query());
    let (files, asked) = (list.clone(), list_requests(list.clone()));
    view! {
        <PageHeader
            title="Requests"
            purpose="Every call and every refusal, newest first: who asked for what, what came of it, and what it cost."
        >
            <ExportLinks list=files path="/ui/requests/export" />
        </PageHeader>
        <NoticeFromAddress own=&[] />
        {load(asked, move |view| view! { <Requests view list /> })}
    }
}

#[component]
fn Requests(view: RequestsView, list: ListQuery) -> impl IntoView {
    let RequestsView { rows, next, models, key_label } = view;
    let unknown_key = list.get("key").is_some() && key_label.is_none();
    let list = list.offer("model", models).show("key", key_label);
    // Only the newest page changes under one's eyes.
    let live = list.is_first_page() && !list.is_kept("live");
    let table = if rows.is_empty() {
        view! { <NoRequests list=list.clone() unknown_key /> }.into_any()
    } else {
        view! { <RequestTable rows show_key=true label="Requests" list=list.clone() next /> }.into_any()
    };
    let table = if live { view! { <Live id="requests".to_owned() seconds=1>{table}</Live> }.into_any() } else { table };
    view! {
        <FilterBar list=list.clone()>
            <Pause list=list.clone() />
        </FilterBar>
        {table}
    }
}

/// Holds the list still, or lets it go on. Without a script it never moves.
#[component]
fn Pause(list: ListQuery) -> impl IntoView {
    list.is_first_page().then(|| {
        let (icon, label, title) = if list.is_kept("live") {
            (IconName::Play, "Resume", "Show new requests as they come")
        } else {
            (IconName::Pause, "Pause", "Hold the list still")
        };
        let href = list.toggled("live").href();
        view! { <a class="button quiet needs-js live" href=href title=title><Icon name=icon />{label}</a> }
    })
}

fn status_label(status: StatusFilter) -> &'static str {
    match status {
        StatusFilter::Success => "Succeeded",
        StatusFilter::Failed => "Failed at the provider",
        StatusFilter::Refused => "Refused",
    }
}

#[component]
fn NoRequests(list: ListQuery, unknown_key: bool) -> impl IntoView {
    if unknown_key {
        return view! {
            <EmptyState title="There is no such key" text="Write a key's whole alias, its id, or master_key.">
                <a class="button" href="/ui/keys">"Look it up"</a>
            </EmptyState>
        }
        .into_any();
    }
    if list.is_filtered() || !list.is_first_page() {
        return view! {
            <EmptyState title="No request matches" text="Take a filter off, or widen the period. Models and call ids are compared as a whole.">
                <a class="button" href=REQUESTS>"Show all requests"</a>
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
