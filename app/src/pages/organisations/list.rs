//! The organisations: what teams belong to.

use leptos::prelude::*;
use tollgate_domain::actor::{Action, Resource};

use super::{ORGANISATIONS, SAID, organisation_href};
use crate::api::{OrganisationRow, OrganisationsView, list_organisations};
use crate::components::{Count, EmptyState, Icon, IconName, Moment, PageHeader};
use crate::kit::{
    Allowed, BudgetCell, Column, DataTable, FilterBar, Filters, ListQuery, NoticeFromAddress, column, load, query,
};
use crate::pages::teams::{ModelsCell, StateBadge};
use crate::pages::usage::SpentCell;

const COLUMNS: [Column; 8] = [
    column("Organisation"),
    column("State"),
    column("Teams").number(),
    column("Members").number(),
    column("Spend").number(),
    column("Models"),
    column("Budget"),
    column("Created").sorted_by("created"),
];

pub fn organisation_filters() -> Filters {
    Filters::new(ORGANISATIONS)
        .search("q", "Search organisations", "Name or id")
        .choice(
            "status",
            "State",
            "Not deleted",
            [("active", "Active"), ("blocked", "Blocked"), ("deleted", "Deleted")],
        )
        .sorts(&["created"])
}

#[component]
pub fn OrganisationList() -> impl IntoView {
    let list = organisation_filters().read(&query());
    view! {
        <PageHeader title="Organisations" purpose="Parts of the company, or customers: what their teams spend counts for them.">
            <Allowed action=Action::Create resource=Resource::Organisation>
                <a class="button primary" href="/ui/organisations/new" data-create="">
                    <Icon name=IconName::Add />
                    "Create organisation"
                </a>
            </Allowed>
        </PageHeader>
        <NoticeFromAddress own=SAID />
        <FilterBar list=list.clone() />
        {load(list_organisations(list.clone()), move |view| view! { <Organisations view list /> })}
    }
}

#[component]
fn Organisations(view: OrganisationsView, list: ListQuery) -> impl IntoView {
    let OrganisationsView { rows, next } = view;
    if rows.is_empty() {
        return view! { <NoOrganisations filtered=list.is_filtered() || !list.is_first_page() /> }.into_any();
    }
    let rows = rows.into_iter().map(row).collect_view();
    view! { <DataTable label="Organisations" columns=COLUMNS.to_vec() list next>{rows}</DataTable> }.into_any()
}

#[component]
fn NoOrganisations(filtered: bool) -> impl IntoView {
    if filtered {
        return view! {
            <EmptyState title="No organisation matches" text="Search looks at names and ids.">
                <a class="button" href=ORGANISATIONS>"Show all organisations"</a>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState title="No organisations yet" text="Teams can do without. An organisation puts several under one budget and one administrator.">
            <Allowed action=Action::Create resource=Resource::Organisation>
                <a class="button primary" href="/ui/organisations/new">"Create the first organisation"</a>
            </Allowed>
        </EmptyState>
    }
    .into_any()
}

fn row(row: OrganisationRow) -> impl IntoView {
    let OrganisationRow { organisation, teams, members, totals } = row;
    let (id, deleted) = (organisation.id.to_string(), organisation.meta.deleted_at.is_some());
    let name = organisation.name.clone();
    let name = if deleted {
        view! { <span class="clip">{name}</span> }.into_any()
    } else {
        view! { <a class="row-link clip" href=organisation_href(&id) title=name.clone()>{name.clone()}</a> }.into_any()
    };
    let members = match members {
        Some(count) => view! { <Count value=count /> }.into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    };
    view! {
        <tr data-key=id>
            <th scope="row">{name}</th>
            <td><StateBadge blocked=organisation.blocked deleted /></td>
            <td class="num"><Count value=teams /></td>
            <td class="num">{members}</td>
            <SpentCell totals />
            <td><ModelsCell models=organisation.models /></td>
            <td><BudgetCell limits=organisation.limits /></td>
            <td><Moment at=organisation.meta.created_at /></td>
        </tr>
    }
}
