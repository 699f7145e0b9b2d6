//! What was told of budgets and limits.

use leptos::prelude::*;
use tollgate_control::alerts::ShadowSum;
use tollgate_domain::ledger::{AccountKey, AccountKind, Alert};

use super::words::{KINDS, account_href, amount, kind_words};
use super::{ALERTS, TRY_LIMIT};
use crate::api::{AccountNames, AlertsView, list_alerts};
use crate::components::{Count, EmptyState, Moment, Money, PageHeader};
use crate::kit::{Column, DataTable, FilterBar, Filters, ListQuery, NoticeFromAddress, column, load, query};
use crate::pages::request_href;

const COLUMNS: [Column; 6] = [
    column("What"),
    column("Whose"),
    column("Limit"),
    column("At most").number(),
    column("Used").number(),
    column("When"),
];

const SHADOWS: [Column; 6] = [
    column("Whose"),
    column("Limit in shadow"),
    column("Calls").number(),
    column("People").number(),
    column("Would have saved").number(),
    column("Last"),
];

#[component]
pub fn AlertList() -> impl IntoView {
    let kinds = AccountKind::ALL.map(|kind| (kind.as_str(), kind.as_str()));
    let list = Filters::new(ALERTS)
        .choice("kind", "Kind", "Everything", KINDS)
        .choice("account_kind", "Whose", "Anybody's", kinds)
        .text("account_id", "Id", "Id of the account")
        .day("since", "From")
        .day("until", "To")
        .read(&query());
    view! {
        <PageHeader
            title="Alerts"
            purpose="Marks that spend went over, and calls that a limit in shadow would have refused, newest first."
        >
            <a class="button" href=TRY_LIMIT>"Try a limit"</a>
        </PageHeader>
        <NoticeFromAddress />
        <FilterBar list=list.clone() />
        {load(list_alerts(list.clone()), move |view| view! { <Alerts view list /> })}
    }
}

#[component]
fn Alerts(view: AlertsView, list: ListQuery) -> impl IntoView {
    let AlertsView { rows, next, shadows, names } = view;
    if rows.is_empty() {
        let (title, text) = if list.is_filtered() || !list.is_first_page() {
            ("No alert matches", "Take a filter off. An id is compared as a whole.")
        } else {
            (
                "No alerts yet",
                "They appear when spend goes over a soft budget or a share of a budget, or when a limit in shadow would have refused a call.",
            )
        };
        return view! {
            <EmptyState title text>
                <a class="button" href="/ui/budgets">"Budgets"</a>
            </EmptyState>
        }
        .into_any();
    }
    let shadows = (!shadows.is_empty()).then(|| view! { <Shadows sums=shadows names=names.clone() /> });
    let row = |alert: Alert| {
        let name = names.text(&alert.account);
        view! { <Row alert name /> }
    };
    let rows = rows.into_iter().map(row).collect_view();
    view! {
        {shadows}
        <DataTable label="Alerts" columns=COLUMNS.to_vec() list next>{rows}</DataTable>
    }
    .into_any()
}

/// What each limit in shadow would have done.
#[component]
fn Shadows(sums: Vec<ShadowSum>, names: AccountNames) -> impl IntoView {
    let row = |sum: ShadowSum| {
        let name = names.text(&sum.account);
        view! {
            <tr>
                <th scope="row"><Account account=sum.account name /></th>
                <td>{sum.limited}</td>
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
            <DataTable label="Limits in shadow" columns=SHADOWS.to_vec()>{rows}</DataTable>
            <h2>"Every alert"</h2>
        </section>
    }
}

#[component]
fn Row(alert: Alert, name: String) -> impl IntoView {
    let (most, used) = (amount(&alert, alert.limit), amount(&alert, alert.used));
    let href = request_href(&alert.charge_id);
    view! {
        <tr data-key=alert.id.clone()>
            <th scope="row"><a class="row-link" href=href title="The call that brought it about">{kind_words(&alert)}</a></th>
            <td><Account account=alert.account name /></td>
            <td>{alert.limited}</td>
            <td class="num">{most}</td>
            <td class="num">{used}</td>
            <td><Moment at=alert.at /></td>
        </tr>
    }
}

#[component]
fn Account(account: AccountKey, name: String) -> impl IntoView {
    let title = account.to_string();
    match account_href(&account) {
        Some(href) => view! { <a class="clip" href=href title=title>{name}</a> }.into_any(),
        None => view! { <span class="clip" title=title>{name}</span> }.into_any(),
    }
}
