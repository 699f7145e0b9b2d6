//! A limit tried on the calls on record: who would have been refused, when first, and what it would have saved.

use std::collections::HashMap;

use leptos::prelude::*;
use tollgate_control::replay::{Outcome, Refused};

use super::{ALERTS, TRY_LIMIT};
use crate::api::{CallerNames, TriedView, try_limit};
use crate::components::{Count, EmptyState, Moment, Money, PageHeader};
use crate::kit::{Column, DataTable, Fact, Facts, FilterBar, Filters, column, load, query};
use crate::pages::{key_href, request_href, user_href};

const COLUMNS: [Column; 4] =
    [column("Who"), column("Calls refused").number(), column("Saved").number(), column("First refused")];

#[component]
pub fn TryLimitPage() -> impl IntoView {
    let list = Filters::new(TRY_LIMIT)
        .text("account", "Whose calls", "team:ID, user:ID, key:ID, gateway")
        .text("max_budget", "Budget", "Budget in dollars: 100")
        .text("duration", "Renewed every", "Renewed every: 30d")
        .text("rpm", "Requests a minute", "Requests a minute")
        .text("tpm", "Tokens a minute", "Tokens a minute")
        .day("since", "From")
        .day("until", "To")
        .read(&query());
    view! {
        <PageHeader
            title="Try a limit"
            purpose="Plays the calls on record to a limit that was not there: who would have been refused. Nothing is changed."
        >
            <a class="button" href=ALERTS>"Alerts"</a>
        </PageHeader>
        <FilterBar list=list.clone() />
        {load(try_limit(list), move |view| view! { <Tried view /> })}
    }
}

#[component]
fn Tried(view: TriedView) -> impl IntoView {
    match view {
        TriedView::Nothing => view! {
            <EmptyState
                title="Nothing tried yet"
                text="Write whose calls (team:ID, user:ID, key:ID, customer:ID, tag:ID, organisation:ID or gateway) and a limit above. The last 30 days are played, unless you choose others."
            >
                <a class="button" href="/ui/usage">"Who spends what"</a>
            </EmptyState>
        }
        .into_any(),
        TriedView::Wrong(problem) => view! {
            <EmptyState title="This can't be tried" text=problem>
                <a class="button" href=TRY_LIMIT>"Begin again"</a>
            </EmptyState>
        }
        .into_any(),
        TriedView::Done(outcome, names) => view! { <Outcomes outcome names /> }.into_any(),
    }
}

#[component]
fn Outcomes(outcome: Outcome, names: CallerNames) -> impl IntoView {
    let Outcome { calls, cost, refused, saved, first, who, callers, complete } = outcome;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let first = first.map(|(at, id, reason)| {
        view! { <Fact label="First"><a href=request_href(&id) title=reason><Moment at /></a></Fact> }
    });
    let cut = (!complete).then(|| {
        view! { <p class="muted">"There are more calls than a page plays: these are the first. The command `tollgate ledger replay` plays all."</p> }
    });
    let table = (!who.is_empty()).then(|| {
        let row = |one: Refused| {
            let caller = caller(&one, &names);
            view! { <Row one caller /> }
        };
        let rows = who.into_iter().map(row).collect_view();
        view! { <DataTable label="Who would have been refused" columns=COLUMNS.to_vec()>{rows}</DataTable> }
    });
    view! {
        <Facts>
            <Fact label="Calls played"><Count value=count(calls) /></Fact>
            <Fact label="They cost"><Money value=cost /></Fact>
            <Fact label="Would have been refused"><Count value=count(refused) /></Fact>
            <Fact label="Would have saved"><Money value=saved /></Fact>
            <Fact label="Callers refused"><Count value=count(callers) /></Fact>
            {first}
        </Facts>
        {cut}
        {table}
    }
}

/// What people call who made the calls, and their page.
fn caller(one: &Refused, names: &CallerNames) -> (String, Option<String>) {
    let named = |known: &HashMap<String, String>, id: &str| known.get(id).cloned().unwrap_or_else(|| id.to_owned());
    match (one.user_id.as_str(), one.key_id.as_str()) {
        ("", "" | "master_key") => ("the master key".to_owned(), None),
        ("", key) => (format!("key {}", named(&names.keys, key)), Some(key_href(key))),
        (user, _) => (named(&names.users, user), Some(user_href(user))),
    }
}

#[component]
fn Row(one: Refused, caller: (String, Option<String>)) -> impl IntoView {
    let (name, href) = caller;
    let name = match href {
        Some(href) => view! { <a class="row-link" href=href>{name}</a> }.into_any(),
        None => view! { <span>{name}</span> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td class="num"><Count value=i64::try_from(one.calls).unwrap_or(i64::MAX) /></td>
            <td class="num"><Money value=one.saved /></td>
            <td><Moment at=one.first_at /></td>
        </tr>
    }
}
