//! The audit log: who did what.

use leptos::prelude::*;
use tollgate_domain::actor::{Action, Resource};

use super::diff::changed_names;
use super::words::{ACTIONS, KINDS, action_words, actor_words, kind_words, tone};
use super::{AUDIT, audit_href, thing_href};
use crate::api::{AuditLineView, AuditView, list_audit};
use crate::components::{EmptyState, Icon, IconName, Moment, PageHeader};
use crate::kit::{Allowed, Column, DataTable, FilterBar, Filters, ListQuery, NoticeFromAddress, column, load, query};

const COLUMNS: [Column; 6] =
    [column("What"), column("Who"), column("To what"), column("Changed"), column("From"), column("When")];

/// What the log is filtered by. An actor may be told by id or address; the id of a thing is compared as a whole.
pub fn audit_filters() -> Filters {
    Filters::new(AUDIT)
        .search("q", "Search the log", "Text, id or request id")
        .text("actor", "Who", "Who: address or id")
        .text("action", "Action", "Action: key.*")
        .choice("kind", "Kind", "Any kind", KINDS)
        .text("id", "Id", "Id of the thing")
        .day("since", "From")
        .day("until", "To")
}

#[component]
pub fn AuditList() -> impl IntoView {
    let list = audit_filters().read(&query());
    let export = |format: &str| list.first().to_query().with("format", Some(format)).href("/ui/audit/export");
    let (csv, lines) = (export("csv"), export("jsonl"));
    view! {
        <PageHeader
            title="Audit log"
            purpose="Who did what, from where, and what changed: every change, sign-in, refusal and export, newest first."
        >
            <Allowed action=Action::Export resource=Resource::Audit>
                <a class="button" href=csv download="" title="What the filters match, as a spreadsheet">
                    <Icon name=IconName::Download />
                    "CSV"
                </a>
                <a class="button" href=lines download="" title="What the filters match, one JSON object a line">
                    <Icon name=IconName::Download />
                    "JSON Lines"
                </a>
            </Allowed>
            <a class="button" href="/ui/audit/verify">
                <Icon name=IconName::Audit />
                "Verify"
            </a>
        </PageHeader>
        <NoticeFromAddress />
        {load(list_audit(list.clone()), move |view| view! { <Lines view list /> })}
    }
}

#[component]
fn Lines(view: AuditView, list: ListQuery) -> impl IntoView {
    let AuditView { rows, next, actor } = view;
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let list = list
        .offer("actor", words(&["anonymous", "master_key", "system"]))
        .offer("action", words(&ACTIONS))
        .show("actor", actor);
    let table = if rows.is_empty() {
        view! { <NoLines list=list.clone() /> }.into_any()
    } else {
        let rows = rows.into_iter().map(|line| view! { <Row line /> }).collect_view();
        let list = list.clone();
        view! { <DataTable label="Audit log" columns=COLUMNS.to_vec() list next>{rows}</DataTable> }.into_any()
    };
    view! {
        <FilterBar list />
        {table}
    }
}

#[component]
fn NoLines(list: ListQuery) -> impl IntoView {
    if list.is_filtered() || !list.is_first_page() {
        return view! {
            <EmptyState
                title="No line matches"
                text="Take a filter off. An action is compared as a whole, or by its beginning with a * at its end; an id as a whole."
            >
                <a class="button" href=AUDIT>"Show the whole log"</a>
            </EmptyState>
        }
        .into_any();
    }
    view! { <EmptyState title="The log is empty" text="Every change, sign-in, refusal and export appears here at once." /> }
        .into_any()
}

#[component]
fn Row(line: AuditLineView) -> impl IntoView {
    let mark = tone(&line.action).map(|(tone, icon)| {
        let class = format!("mark {}", tone.class());
        view! { <span class=class><Icon name=icon /></span> }
    });
    let changed = changed_names(line.before.as_ref(), line.after.as_ref()).join(", ");
    let who = actor_words(&line.actor);
    view! {
        <tr data-key=line.id.clone()>
            <th scope="row">
                <a class="row-link" href=audit_href(&line.id) title=line.action.clone()>{mark}{action_words(&line.action)}</a>
            </th>
            <td><span class="clip" title=line.actor.id.clone()>{who}</span></td>
            <td><Thing line=line.clone() /></td>
            <td><span class="clip" title=changed.clone()>{changed.clone()}</span></td>
            <td>{line.address}</td>
            <td><Moment at=line.at /></td>
        </tr>
    }
}

#[component]
fn Thing(line: AuditLineView) -> impl IntoView {
    let thing = line.thing;
    let name = thing.name.clone().unwrap_or_else(|| thing.id.clone());
    if name.is_empty() {
        return view! { <span class="muted">{kind_words(&thing.kind)}</span> }.into_any();
    }
    let title = format!("{} {}", kind_words(&thing.kind), thing.id);
    match thing_href(&thing.kind, &thing.id) {
        Some(href) => view! { <a class="clip" href=href title=title>{name}</a> }.into_any(),
        None => view! { <span class="clip" title=title>{name}</span> }.into_any(),
    }
}
