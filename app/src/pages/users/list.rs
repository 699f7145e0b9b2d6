//! The people who sign in here, or whose keys call models.

use leptos::prelude::*;
use tollgate_domain::actor::{Action, Resource, Role};

use super::{SAID, USERS, user_href};
use crate::api::{UserRow, UsersView, list_users};
use crate::components::{Badge, Count, EmptyState, Icon, IconName, Moment, PageHeader, Tone};
use crate::kit::{
    Allowed, BudgetCell, Column, DataTable, FilterBar, Filters, ListQuery, NoticeFromAddress, column, load, query,
};
use crate::pages::usage::SpentCell;

const COLUMNS: [Column; 9] = [
    column("User"),
    column("Role"),
    column("State"),
    column("Memberships").number(),
    column("Keys").number(),
    column("Spend").number(),
    column("Budget"),
    column("Last sign-in"),
    column("Created").sorted_by("created"),
];

pub fn user_filters() -> Filters {
    Filters::new(USERS)
        .search("q", "Search users", "Name, address or id")
        .choice(
            "status",
            "State",
            "Not deleted",
            [("active", "Active"), ("disabled", "Disabled"), ("deleted", "Deleted")],
        )
        .sorts(&["created"])
}

#[component]
pub fn UserList() -> impl IntoView {
    let list = user_filters().read(&query());
    view! {
        <PageHeader title="Users" purpose="People who sign in here, and what each may do.">
            <Allowed action=Action::Create resource=Resource::User>
                <a class="button primary" href="/ui/users/new" data-create=""><Icon name=IconName::Add />"Create user"</a>
            </Allowed>
        </PageHeader>
        <NoticeFromAddress own=SAID />
        <FilterBar list=list.clone() />
        {load(list_users(list.clone()), move |view| view! { <Users view list /> })}
    }
}

#[component]
fn Users(view: UsersView, list: ListQuery) -> impl IntoView {
    let UsersView { rows, next } = view;
    if rows.is_empty() {
        return view! {
            <EmptyState title="No user matches" text="Search looks at names, addresses and ids.">
                <a class="button" href=USERS>"Show all users"</a>
            </EmptyState>
        }
        .into_any();
    }
    let rows = rows.into_iter().map(row).collect_view();
    view! { <DataTable label="Users" columns=COLUMNS.to_vec() list next>{rows}</DataTable> }.into_any()
}

/// What a role is called.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Admin => "Administrator",
        Role::Auditor => "Auditor",
        Role::Member => "Member",
        Role::Viewer => "Viewer",
    }
}

/// Whether somebody can be here.
#[component]
pub fn UserState(disabled: bool, #[prop(optional)] deleted: bool) -> impl IntoView {
    match (disabled, deleted) {
        (_, true) => view! { <Badge tone=Tone::Neutral label="Deleted" icon=IconName::Delete /> },
        (true, _) => view! { <Badge tone=Tone::Bad label="Disabled" icon=IconName::Blocked /> },
        (false, _) => view! { <Badge tone=Tone::Good label="Active" icon=IconName::Good /> },
    }
}

fn row(row: UserRow) -> impl IntoView {
    let UserRow { user, sign_ins, memberships, keys, totals } = row;
    let (id, deleted, label) = (user.id.to_string(), user.meta.deleted_at.is_some(), user.label().to_owned());
    let sub =
        user.email.clone().filter(|email| *email != label).map(|email| view! { <span class="sub">{email}</span> });
    let name = if deleted {
        view! { <span class="clip">{label}</span> }.into_any()
    } else {
        view! { <a class="row-link clip" href=user_href(&id) title=label.clone()>{label.clone()}</a> }.into_any()
    };
    let last = match sign_ins.last_at {
        Some(at) => view! { <Moment at /> }.into_any(),
        None => view! { <span class="muted">"Never"</span> }.into_any(),
    };
    view! {
        <tr data-key=id>
            <th scope="row">{name}{sub}</th>
            <td>{role_name(user.role)}</td>
            <td><UserState disabled=user.disabled deleted /></td>
            <td class="num"><Count value=memberships /></td>
            <td class="num"><Count value=keys /></td>
            <SpentCell totals />
            <td><BudgetCell limits=user.limits /></td>
            <td>{last}</td>
            <td><Moment at=user.meta.created_at /></td>
        </tr>
    }
}
