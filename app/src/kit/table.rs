//! The frame of a list: a table with sortable heads, and the way to its next page.

use leptos::prelude::*;

use super::ListQuery;
use crate::components::Pager;

/// The head of a column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    label: &'static str,
    number: bool,
    hidden: bool,
    sort: Option<&'static str>,
}

/// A column of texts.
pub const fn column(label: &'static str) -> Column {
    Column { label, number: false, hidden: false, sort: None }
}

impl Column {
    /// Its values are numbers: to the right.
    pub const fn number(self) -> Self {
        Self { number: true, ..self }
    }

    /// Its label is only heard.
    pub const fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    /// Its head sorts by this name, which the list's [`super::Filters::sorts`] know.
    pub const fn sorted_by(self, name: &'static str) -> Self {
        Self { sort: Some(name), ..self }
    }
}

/// The rows are the children. A row is a `<tr data-key=…>`; its first cell is a `<th scope="row">` with the link to its
/// page, numbers are in `<td class="num">`.
#[component]
pub fn DataTable(
    /// What is in it, for those who don't see it.
    #[prop(into)]
    label: String,
    columns: Vec<Column>,
    /// What the address asks for, where the table is a page's list.
    #[prop(optional_no_strip, into)]
    list: Option<ListQuery>,
    /// The cursor of the next page.
    #[prop(optional_no_strip)]
    next: Option<String>,
    /// The id of the form that ticked rows are sent with: [`super::BulkForm`].
    #[prop(optional_no_strip)]
    select: Option<&'static str>,
    /// Rows of several lines.
    #[prop(optional)]
    tall: bool,
    children: Children,
) -> impl IntoView {
    let heads = columns.into_iter().map(|column| head(column, list.as_ref())).collect_view();
    let all = select.map(|_| {
        view! {
            <th scope="col" class="select">
                <input type="checkbox" class="needs-js" data-select-all="" aria-label="Select all rows of this page" />
            </th>
        }
    });
    let pager = list.map(|list| {
        let first = (!list.is_first_page()).then(|| list.first().href());
        let next = next.map(|cursor| list.from(cursor).href());
        view! { <Pager first next /> }
    });
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label=label>
            <table class="table" class:tall-rows=tall>
                <thead>
                    <tr>{all}{heads}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
        {pager}
    }
}

fn head(column: Column, list: Option<&ListQuery>) -> impl IntoView + use<> {
    let class = column.number.then_some("num");
    let (sort, link) = match (column.sort, list) {
        (Some(name), Some(list)) => {
            let now = list.sort().filter(|(by, _)| *by == name).map(|(_, down)| down);
            let sort = now.map(|down| if down { "descending" } else { "ascending" });
            (sort, Some(list.sorted_by(name).href()))
        }
        _ => (None, None),
    };
    let label = match link {
        Some(href) => view! { <a class="sort" href=href>{column.label}</a> }.into_any(),
        None if column.hidden => view! { <span class="visually-hidden">{column.label}</span> }.into_any(),
        None => column.label.into_any(),
    };
    view! { <th scope="col" class=class aria-sort=sort>{label}</th> }
}
