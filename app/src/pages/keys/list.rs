//! The keys: who has one, what each may do and did.

use leptos::prelude::*;
use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::key::KeyStatus;

use super::owner::OwnerCell;
use super::{KEYS, SAID, key_href};
use crate::api::{KeyView, KeysView, list_keys};
use crate::components::{Count, EmptyState, Icon, IconName, KeyStatusBadge, Moment, Money, PageHeader};
use crate::kit::{
    Allowed, BulkAction, BulkForm, Column, DataTable, FilterBar, Filters, ListQuery, NoticeFromAddress, SelectCell,
    column, load, query,
};

/// The id of the form that ticked keys are sent with.
const BULK: &str = "keys-bulk";

const STATUSES: [(KeyStatus, &str); 4] = [
    (KeyStatus::Active, "Active"),
    (KeyStatus::Blocked, "Blocked"),
    (KeyStatus::Expired, "Expired"),
    (KeyStatus::Deleted, "Deleted"),
];

const COLUMNS: [Column; 10] = [
    column("Key"),
    column("Ends in"),
    column("Status"),
    column("Owner"),
    column("Models"),
    column("Spend").number(),
    column("Calls").number(),
    column("Last used"),
    column("Created"),
    column("Expires"),
];

/// What keys are filtered by.
pub fn key_filters() -> Filters {
    let statuses = STATUSES.map(|(status, label)| (status.as_str(), label));
    Filters::new(KEYS)
        .search("q", "Search keys", "Alias, last characters, or id")
        .choice("status", "Status", "Not deleted", statuses)
        .text("user", "User", "User: address or id")
        .text("team", "Team", "Team: name or id")
        .text("organisation", "Organisation", "Organisation: name or id")
}

#[component]
pub fn KeyList() -> impl IntoView {
    let list = key_filters().read(&query());
    view! {
        <PageHeader title="Keys" purpose="Virtual keys let applications call models through this gateway, each within its own limits.">
            <Allowed action=Action::Create resource=Resource::Key>
                <a class="button primary" href="/ui/keys/new" data-create="">
                    <Icon name=IconName::Add />
                    "Create key"
                </a>
            </Allowed>
        </PageHeader>
        <NoticeFromAddress own=SAID />
        {load(list_keys(list.clone()), move |view| view! { <Keys view list /> })}
    }
}

#[component]
fn Keys(view: KeysView, list: ListQuery) -> impl IntoView {
    let KeysView { rows, next, may_change, user, team, organisation } = view;
    let list = list.show("user", user).show("team", team).show("organisation", organisation);
    let bar = view! { <FilterBar list=list.clone() /> };
    if rows.is_empty() {
        return view! { {bar} <NoKeys list may_change /> }.into_any();
    }
    let back = list.href();
    let mut columns = COLUMNS.to_vec();
    if may_change {
        columns.push(column("Actions").hidden());
    }
    let rows = rows
        .into_iter()
        .map(|key| {
            let back = back.clone();
            view! { <Row key back may_change /> }
        })
        .collect_view();
    let table =
        view! { <DataTable label="Keys" columns list next select=may_change.then_some(BULK)>{rows}</DataTable> };
    if !may_change {
        return view! { {bar} {table} }.into_any();
    }
    let actions = vec![
        BulkAction::new("Block", "block"),
        BulkAction::new("Unblock", "unblock"),
        BulkAction::confirmed("Delete", "/ui/keys/delete"),
    ];
    view! { {bar} <BulkForm id=BULK action="/ui/keys/bulk" back actions>{table}</BulkForm> }.into_any()
}

#[component]
fn NoKeys(list: ListQuery, may_change: bool) -> impl IntoView {
    if list.is_filtered() || !list.is_first_page() {
        return view! {
            <EmptyState title="No key matches" text="Search looks at aliases, at the last characters of keys, and at whole ids.">
                <a class="button" href=KEYS>"Show all keys"</a>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState title="No keys yet" text="Each application gets a key of its own, so that its calls and its spend can be told apart and stopped.">
            {may_change.then(|| view! { <a class="button primary" href="/ui/keys/new">"Create the first key"</a> })}
        </EmptyState>
    }
    .into_any()
}

#[component]
fn Row(key: KeyView, back: String, may_change: bool) -> impl IntoView {
    let never = || view! { <span class="muted">"Never"</span> }.into_any();
    let last_used = key.last_used_at.map_or_else(never, |at| view! { <Moment at /> }.into_any());
    let expires = key.expires_at.map_or_else(never, |at| view! { <Day at /> }.into_any());
    let label = key.label().to_owned();
    let select = may_change.then(|| view! { <SelectCell form=BULK id=key.id.clone() name=label.clone() /> });
    let actions = may_change.then(|| view! { <td class="actions"><BlockForm key=key.clone() back /></td> });
    view! {
        <tr data-key=key.id.clone()>
            {select}
            <th scope="row">
                <a class="row-link clip" href=key_href(&key.id) title=label.clone()>{label.clone()}</a>
            </th>
            <td class="mono">{key.hint.clone()}</td>
            <td><KeyStatusBadge status=key.status /></td>
            <td><OwnerCell key=key.clone() /></td>
            <td><Models models=key.models.clone() /></td>
            <td class="num"><Money value=key.spent /></td>
            <td class="num"><Count value=key.calls /></td>
            <td>{last_used}</td>
            <td><Day at=key.created_at /></td>
            <td>{expires}</td>
            {actions}
        </tr>
    }
}

/// A moment of which the day says enough; the page's script tells it as any other.
#[component]
pub fn Day(at: Timestamp) -> impl IntoView {
    let moment = at.to_rfc3339();
    let day = moment.get(..10).unwrap_or(&moment).to_owned();
    view! { <time class="moment" datetime=moment>{day}</time> }
}

/// The first models of a key; all of them on hover.
#[component]
pub fn Models(models: Vec<String>) -> impl IntoView {
    const SHOWN: usize = 2;
    if models.is_empty() {
        return view! { <span class="muted">"Every model"</span> }.into_any();
    }
    let more = models.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let shown = models.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    view! {
        <span class="models" title=models.join(", ")>
            <span class="clip">{shown}</span>
            {more}
        </span>
    }
    .into_any()
}

/// Blocks or unblocks a key and comes back to `back`: a page of this list, or the key's own page where it is empty.
#[component]
pub fn BlockForm(key: KeyView, #[prop(into)] back: String) -> impl IntoView {
    if key.status == KeyStatus::Deleted {
        return ().into_any();
    }
    let (verb, label) = if key.blocked { ("unblock", "Unblock") } else { ("block", "Block") };
    let action = format!("{}/{verb}", key_href(&key.id));
    let named = format!("{label} {}", key.label());
    let back = (!back.is_empty()).then(|| view! { <input type="hidden" name="back" value=back /> });
    view! {
        <form method="post" action=action>
            {back}
            <button class="button quiet" type="submit" aria-label=named>
                {label}
            </button>
        </form>
    }
    .into_any()
}
