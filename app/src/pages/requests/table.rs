//! Requests as a table: on their own page, and the latest of a key.

use leptos::prelude::*;
use tollgate_domain::Nanos;
use tollgate_domain::summary::RequestRow;
use tollgate_domain::usage::Certainty;

use super::request_href;
use crate::components::{Count, Elapsed, Moment, Money, OutcomeBadge};
use crate::kit::{DataTable, ListQuery, column};
use crate::pages::keys::key_href;

#[component]
pub fn RequestTable(
    rows: Vec<RequestRow>,
    /// Whether to tell whose requests they are.
    show_key: bool,
    #[prop(into)] label: String,
    #[prop(optional)] list: Option<ListQuery>,
    #[prop(optional_no_strip)] next: Option<String>,
) -> impl IntoView {
    let key = show_key.then(|| column("Key"));
    let columns = [column("Time"), column("Status"), column("Model")].into_iter().chain(key).chain([
        column("Tokens in").number(),
        column("Tokens out").number(),
        column("Cost").number(),
        column("Duration").number(),
        column("First byte").number(),
        column("Streamed"),
    ]);
    let rows = rows.into_iter().map(|row| view! { <Row row show_key /> }).collect_view();
    view! { <DataTable label columns=columns.collect() list next>{rows}</DataTable> }
}

#[component]
fn Row(row: RequestRow, show_key: bool) -> impl IntoView {
    // A refusal used nothing, which is not the same as having used none.
    let asked = row.outcome.is_some();
    let count = move |value: i64| if asked { view! { <Count value /> }.into_any() } else { absent() };
    let time = |micros: Option<i64>| match micros {
        Some(micros) => view! { <Elapsed micros /> }.into_any(),
        None => absent(),
    };
    let key = show_key.then(|| view! { <td><Key id=row.key_id.clone() label=row.key_label.clone() /></td> });
    view! {
        <tr data-key=row.id.clone()>
            <th scope="row">
                <a class="row-link" href=request_href(&row.id)><Moment at=row.at /></a>
            </th>
            <td><OutcomeBadge outcome=row.outcome status=row.status /></td>
            <td><Model name=row.model.clone() /></td>
            {key}
            <td class="num">{count(row.input_tokens)}</td>
            <td class="num">{count(row.output_tokens)}</td>
            <td class="num"><Cost cost=row.cost certainty=row.certainty /></td>
            <td class="num">{time(row.duration_us)}</td>
            <td class="num">{time(row.first_byte_us)}</td>
            <td>{if row.streamed { "Yes".into_any() } else { absent() }}</td>
        </tr>
    }
}

/// An amount, with a mark where it is not certain. Refusals have none.
#[component]
fn Cost(cost: Nanos, certainty: Option<Certainty>) -> impl IntoView {
    match certainty {
        None => absent(),
        Some(Certainty::Measured) => view! { <Money value=cost /> }.into_any(),
        Some(Certainty::Unknown) => {
            view! { <span class="muted" title="No count from the provider, or no price for the model">"Unknown"</span> }
                .into_any()
        }
        Some(Certainty::Partial) => {
            view! { <span title="At least: the call ended before the final count">"≥ "</span><Money value=cost /> }
                .into_any()
        }
        Some(Certainty::Estimated) => view! { <span title="Estimated">"≈ "</span><Money value=cost /> }.into_any(),
    }
}

/// What is not there, without leaving the cell empty for those who hear it.
pub fn absent() -> AnyView {
    view! { <span class="muted">"–"</span> }.into_any()
}

#[component]
fn Model(name: Option<String>) -> impl IntoView {
    match name {
        Some(name) => {
            let title = name.clone();
            view! { <span class="clip" title=title>{name}</span> }.into_any()
        }
        None => absent(),
    }
}

/// Whose request it is. The master key has no page.
#[component]
pub fn Key(id: Option<String>, label: Option<String>) -> impl IntoView {
    match (id, label) {
        (Some(id), Some(label)) if id != "master_key" => {
            let title = label.clone();
            view! { <a class="clip" href=key_href(&id) title=title>{label}</a> }.into_any()
        }
        (_, Some(label)) => label.into_any(),
        _ => view! { <span class="muted">"No known key"</span> }.into_any(),
    }
}
