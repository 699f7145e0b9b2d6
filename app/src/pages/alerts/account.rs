//! What limits in shadow would have refused of one account: on its page, where there is anything.

use leptos::prelude::*;
use tollgate_domain::ledger::AccountKind;

use super::ALERTS;
use crate::api::shadows_of;
use crate::components::{Count, Moment, Money};
use crate::kit::{Column, DataTable, Query, column, load};

const COLUMNS: [Column; 5] = [
    column("Limit in shadow"),
    column("Calls").number(),
    column("People").number(),
    column("Would have saved").number(),
    column("Last"),
];

#[component]
pub fn ShadowFacts(kind: AccountKind, #[prop(into)] id: String) -> impl IntoView {
    let href =
        Query::default().with("account_kind", Some(kind.as_str())).with("account_id", Some(id.clone())).href(ALERTS);
    load(shadows_of(kind, id), move |sums| {
        (!sums.is_empty()).then(|| {
            let row = |sum: tollgate_control::alerts::ShadowSum| {
                let limited = match &sum.account.model {
                    Some(model) => format!("{}, model {model}", sum.limited),
                    None => sum.limited.clone(),
                };
                view! {
                    <tr>
                        <th scope="row">{limited}</th>
                        <td class="num"><Count value=sum.calls /></td>
                        <td class="num"><Count value=sum.users /></td>
                        <td class="num"><Money value=sum.saved /></td>
                        <td><Moment at=sum.last_at /></td>
                    </tr>
                }
            };
            let rows = sums.into_iter().map(row).collect_view();
            view! {
                <section class="stack">
                    <h2>"Limits in shadow would have refused"</h2>
                    <p class="muted">"In the last 30 days. " <a class="onward" href=href>"Every alert"</a></p>
                    <DataTable label="Limits in shadow" columns=COLUMNS.to_vec()>{rows}</DataTable>
                </section>
            }
        })
    })
}
