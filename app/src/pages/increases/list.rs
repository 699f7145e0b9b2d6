//! The requests: what waits for the viewer, what the viewer asked, and what became of it.

use leptos::prelude::*;
use tollgate_control::increases::IncreaseRow;

use super::{INCREASES, SAID, account_text, increase_href, state_text};
use crate::api::{IncreasesView, list_increases};
use crate::components::{Badge, EmptyState, Moment, Money, Notice, PageHeader, Tone};
use crate::kit::{Column, DataTable, FilterBar, Filters, ListQuery, NoticeFromAddress, column, load, query};

const COLUMNS: [Column; 6] =
    [column("For"), column("Asked by"), column("Amount").number(), column("Until"), column("State"), column("Asked")];

#[component]
pub fn IncreaseList() -> impl IntoView {
    let list = Filters::new(INCREASES)
        .choice("show", "Show", "All", [("waiting", "Waiting for me"), ("own", "Asked by me")])
        .choice(
            "state",
            "State",
            "Any",
            [
                ("open", "Open"),
                ("approved", "Approved"),
                ("denied", "Denied"),
                ("withdrawn", "Withdrawn"),
                ("expired", "Expired"),
            ],
        )
        .read(&query());
    view! {
        <PageHeader title="Requests for increases" purpose="More money for a while, where a limit is in the way: asked by those whom it holds, decided by those who may raise it." />
        <NoticeFromAddress own=SAID />
        <FilterBar list=list.clone() />
        {load(list_increases(list.clone()), move |view| view! { <Increases view list /> })}
    }
}

#[component]
fn Increases(view: IncreasesView, list: ListQuery) -> impl IntoView {
    let IncreasesView { rows, next, names, waiting } = view;
    let inbox = (waiting > 0 && !list.is_filtered()).then(|| {
        let text = if waiting == 1 { "One request waits for you. ".to_owned() } else { format!("{waiting} requests wait for you. ") };
        view! { <Notice tone=Tone::Info>{text}<a href=format!("{INCREASES}?show=waiting")>"Show what waits"</a></Notice> }
    });
    if rows.is_empty() && next.is_none() {
        let (title, text) = if list.get("show").as_deref() == Some("waiting") {
            ("Nothing waits for you", "Requests for limits that you may raise appear here.")
        } else if list.is_filtered() || !list.is_first_page() {
            ("No request matches", "Try another state, or show all.")
        } else {
            (
                "No requests yet",
                "Whoever is held by a budget can ask for more on the page of the key, or of the call that was refused.",
            )
        };
        return view! { {inbox} <EmptyState title text /> }.into_any();
    }
    let rows = rows
        .into_iter()
        .map(|row| {
            let asker = names.get(&row.request.asker).cloned().unwrap_or_else(|| row.request.asker.to_string());
            view! { <Row row asker /> }
        })
        .collect_view();
    view! { {inbox} <DataTable label="Requests for increases" columns=COLUMNS.to_vec() list next>{rows}</DataTable> }
        .into_any()
}

#[component]
fn Row(row: IncreaseRow, asker: String) -> impl IntoView {
    let IncreaseRow { request, state, .. } = row;
    let id = request.id.to_string();
    let account = account_text(request.account, &request.account_name);
    let (tone, label) = state_text(state);
    let granted = request.granted;
    let (amount, until) = granted.map_or((request.amount, request.until), |granted| (granted.amount, granted.until));
    view! {
        <tr data-key=id.clone()>
            <th scope="row"><a class="row-link clip" href=increase_href(&id) title=account.clone()>{account.clone()}</a></th>
            <td><span class="clip">{asker}</span></td>
            <td class="num"><Money value=amount /></td>
            <td><Moment at=until /></td>
            <td><Badge tone label /></td>
            <td><Moment at=request.meta.created_at /></td>
        </tr>
    }
}
