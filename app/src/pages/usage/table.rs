//! Usage in a table.

use leptos::prelude::*;
use tollgate_domain::report::Dimension;

use super::words::words;
use crate::api::{UsageLine, UsageView};
use crate::components::{Count, Money};
use crate::kit::{Column, DataTable, ListQuery, column};
use crate::pages::overview::percent;

/// The columns behind the first.
const COLUMNS: [Column; 7] = [
    column("Calls").number(),
    column("Failed").number(),
    column("Refused").number(),
    column("Tokens in").number(),
    column("Tokens out").number(),
    column("Spend").number(),
    column("Share").number(),
];

#[component]
pub fn UsageTable(view: UsageView, list: ListQuery) -> impl IntoView {
    let (by, whole) = (view.by, view.total.cost.0);
    let mut columns = vec![column(words(by).head)];
    columns.extend(COLUMNS);
    let rows = view.lines.into_iter().map(|line| row(line, by, whole, &list)).collect_view();
    let note = match by {
        _ if view.more => Some("These are the dearest. A file has up to 10,000 lines."),
        Dimension::Tag => {
            Some("A call with several tags counts in each of them, so that the shares may be more than all.")
        }
        Dimension::Customer => Some("Calls without a customer are left out."),
        _ => None,
    };
    view! {
        <DataTable label=words(by).spend columns>{rows}</DataTable>
        {note.map(|note| view! { <p class="note">{note}</p> })}
    }
}

/// The usage of one of them, told apart by something else.
fn within(by: Dimension, id: &str, list: &ListQuery) -> Option<String> {
    let other = match by {
        Dimension::Day => return None,
        Dimension::Model | Dimension::Provider | Dimension::Team => Some("key"),
        Dimension::Organisation => Some("team"),
        _ => None,
    };
    let kept = list.without("by").without(by.as_str()).to_query();
    Some(kept.with(by.as_str(), Some(id)).with("by", other).href(super::USAGE))
}

fn row(line: UsageLine, by: Dimension, whole: i64, list: &ListQuery) -> impl IntoView + use<> {
    let UsageLine { id, name, measures } = line;
    let label = match name {
        _ if id.is_empty() => words(by).none.to_owned(),
        Some(name) => name,
        None => id.clone(),
    };
    let inside = (!id.is_empty()).then(|| within(by, &id, list)).flatten();
    let first = match inside {
        Some(href) => view! { <a class="row-link clip" href=href title=label.clone()>{label.clone()}</a> }.into_any(),
        None if id.is_empty() => view! { <span class="muted">{label.clone()}</span> }.into_any(),
        None => view! { <span>{label.clone()}</span> }.into_any(),
    };
    view! {
        <tr data-key=id>
            <th scope="row" class="name">{first}</th>
            <td class="num"><Count value=measures.calls /></td>
            <td class="num"><Count value=measures.errors /></td>
            <td class="num"><Count value=measures.refused /></td>
            <td class="num"><Count value=measures.input_tokens /></td>
            <td class="num"><Count value=measures.output_tokens /></td>
            <td class="num"><Money value=measures.cost /></td>
            <td class="num">{percent(measures.cost.0, whole)}</td>
        </tr>
    }
}
