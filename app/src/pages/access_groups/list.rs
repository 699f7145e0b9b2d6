//! The access groups: models that access is given to as a whole.

use leptos::prelude::*;
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::{Action, Resource};

use super::{ACCESS_GROUPS, SAID, access_group_href};
use crate::api::{RecordsView, list_access_groups};
use crate::components::{Count, EmptyState, Icon, IconName, Moment, PageHeader};
use crate::kit::{
    Allowed, Column, DataTable, FilterBar, Filters, ListQuery, ModelsCell, NoticeFromAddress, column, load, query,
};

const COLUMNS: [Column; 5] = [
    column("Access group"),
    column("Description"),
    column("Models"),
    column("How many").number(),
    column("Last changed"),
];

#[component]
pub fn AccessGroupList() -> impl IntoView {
    let list = Filters::new(ACCESS_GROUPS).search("q", "Search access groups", "Name or description").read(&query());
    view! {
        <PageHeader title="Access groups" purpose="Models under one name: a key, team or organisation that names the group may call each of them.">
            <Allowed action=Action::Create resource=Resource::AccessGroup>
                <a class="button primary" href="/ui/access-groups/new" data-create="">
                    <Icon name=IconName::Add />
                    "Create access group"
                </a>
            </Allowed>
        </PageHeader>
        <NoticeFromAddress own=SAID />
        <FilterBar list=list.clone() />
        {load(list_access_groups(list.clone()), move |view| view! { <Groups view list /> })}
    }
}

#[component]
fn Groups(view: RecordsView<AccessGroup>, list: ListQuery) -> impl IntoView {
    let RecordsView { rows, next, may_create, .. } = view;
    if rows.is_empty() && (list.is_filtered() || !list.is_first_page()) {
        return view! {
            <EmptyState title="No access group matches" text="Search looks at names and descriptions.">
                <a class="button" href=ACCESS_GROUPS>"Show all access groups"</a>
            </EmptyState>
        }
        .into_any();
    }
    if rows.is_empty() {
        return view! {
            <EmptyState title="No access groups yet" text="Put models that belong together under one name, give the name to keys and teams, and change in one place what they may call.">
                {may_create.then(|| view! { <a class="button primary" href="/ui/access-groups/new">"Create the first access group"</a> })}
            </EmptyState>
        }
        .into_any();
    }
    let rows = rows.into_iter().map(|group| view! { <Row group /> }).collect_view();
    view! { <DataTable label="Access groups" columns=COLUMNS.to_vec() list next>{rows}</DataTable> }.into_any()
}

#[component]
fn Row(group: AccessGroup) -> impl IntoView {
    let id = group.id.to_string();
    let description = group.description.clone().unwrap_or_default();
    let count = i64::try_from(group.models.len()).unwrap_or(i64::MAX);
    view! {
        <tr data-key=id.clone()>
            <th scope="row"><a class="row-link clip" href=access_group_href(&id) title=id.clone()>{id.clone()}</a></th>
            <td><span class="clip wide" title=description.clone()>{description.clone()}</span></td>
            <td><ModelsCell models=group.models none="None" /></td>
            <td class="num"><Count value=count /></td>
            <td><Moment at=group.meta.updated_at /></td>
        </tr>
    }
}
