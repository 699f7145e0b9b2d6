//! Keys on pages about something else: a team's, a person's.

use leptos::prelude::*;

use super::key_href;
use super::list::{Day, Models};
use super::owner::OwnerCell;
use crate::api::{KeyView, SomeKeysView};
use crate::components::{Count, KeyStatusBadge, Moment, Money, Pager};
use crate::kit::{Column, DataTable, Query, column};

const COLUMNS: [Column; 8] = [
    column("Key"),
    column("Ends in"),
    column("Status"),
    column("Owner"),
    column("Models"),
    column("Spend").number(),
    column("Calls").number(),
    column("Last used"),
];

/// `path`: the page that shows them. `show_team`: whose team they are in is not clear from the page.
#[component]
pub fn KeyTable(keys: SomeKeysView, path: String, first_page: bool, show_team: bool) -> impl IntoView {
    let first = (!first_page).then(|| path.clone());
    let next = keys.next.map(|cursor| Query::default().with("after", Some(cursor)).href(&path));
    let rows = keys.rows.into_iter().map(|key| row(key, show_team)).collect_view();
    view! {
        <DataTable label="Keys" columns=COLUMNS.to_vec()>{rows}</DataTable>
        <Pager first next />
    }
}

fn row(key: KeyView, show_team: bool) -> impl IntoView {
    let label = key.label().to_owned();
    let last_used = match key.last_used_at {
        Some(at) => view! { <Moment at /> }.into_any(),
        None => view! { <span class="muted">"Never"</span> }.into_any(),
    };
    let mut owner = key.clone();
    if !show_team && owner.user_id.is_some() {
        (owner.team_id, owner.team) = (None, None);
    }
    let expires = key.expires_at.map(|at| view! { <span class="sub">"until " <Day at /></span> });
    view! {
        <tr data-key=key.id.clone()>
            <th scope="row"><a class="row-link clip" href=key_href(&key.id) title=label.clone()>{label.clone()}</a></th>
            <td class="mono">{key.hint.clone()}</td>
            <td><KeyStatusBadge status=key.status />{expires}</td>
            <td><OwnerCell key=owner /></td>
            <td><Models models=key.models /></td>
            <td class="num"><Money value=key.spent /></td>
            <td class="num"><Count value=key.calls /></td>
            <td>{last_used}</td>
        </tr>
    }
}
