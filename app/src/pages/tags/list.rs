//! The tags: what spend is told apart by.

use leptos::prelude::*;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::tag::Tag;

use super::{SAID, TAGS, tag_href};
use crate::api::{RecordsView, list_tags};
use crate::components::{EmptyState, Icon, IconName, Moment, PageHeader};
use crate::kit::{
    Allowed, Choices, Column, DataTable, FilterBar, Filters, ListQuery, ModelsCell, NoticeFromAddress,
    SharedBudgetCell, column, load, query,
};

const COLUMNS: [Column; 5] =
    [column("Tag"), column("Description"), column("Budget"), column("Models"), column("Last changed")];

#[component]
pub fn TagList() -> impl IntoView {
    let list = Filters::new(TAGS)
        .search("q", "Search tags", "Name or description")
        .text("budget", "Budget", "Budget's id")
        .read(&query());
    view! {
        <PageHeader title="Tags" purpose="What spend is told apart by, beside who spent it: a project, an environment, a feature.">
            <Allowed action=Action::Create resource=Resource::Tag>
                <a class="button primary" href="/ui/tags/new" data-create="">
                    <Icon name=IconName::Add />
                    "Create tag"
                </a>
            </Allowed>
        </PageHeader>
        <NoticeFromAddress own=SAID />
        {load(list_tags(list.clone()), move |view| view! { <Tags view list /> })}
    }
}

#[component]
fn Tags(view: RecordsView<Tag>, list: ListQuery) -> impl IntoView {
    let RecordsView { rows, next, may_create, budgets } = view;
    let named = list.get("budget").map(|id| budgets.label(&id).to_owned());
    let list = list.show("budget", named);
    let table = if rows.is_empty() {
        view! { <NoTags list=list.clone() may_create /> }.into_any()
    } else {
        let rows = rows
            .into_iter()
            .map(|tag| {
                let budgets = budgets.clone();
                view! { <Row tag budgets /> }
            })
            .collect_view();
        let list = list.clone();
        view! { <DataTable label="Tags" columns=COLUMNS.to_vec() list next>{rows}</DataTable> }.into_any()
    };
    view! { <FilterBar list /> {table} }
}

#[component]
fn NoTags(list: ListQuery, may_create: bool) -> impl IntoView {
    if list.is_filtered() || !list.is_first_page() {
        return view! {
            <EmptyState title="No tag matches" text="Search looks at names and descriptions.">
                <a class="button" href=TAGS>"Show all tags"</a>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState
            title="No tags yet"
            text="Calls may carry any tag, and keys and teams give theirs to every call. A tag that is kept here can have a description and a budget."
        >
            {may_create.then(|| view! { <a class="button primary" href="/ui/tags/new">"Create the first tag"</a> })}
        </EmptyState>
    }
    .into_any()
}

#[component]
fn Row(tag: Tag, budgets: Choices) -> impl IntoView {
    let id = tag.id.to_string();
    let description = tag.description.clone().unwrap_or_default();
    view! {
        <tr data-key=id.clone()>
            <th scope="row"><a class="row-link clip" href=tag_href(&id) title=id.clone()>{id.clone()}</a></th>
            <td><span class="clip wide" title=description.clone()>{description.clone()}</span></td>
            <td><SharedBudgetCell budget=tag.budget_id.map(|id| id.to_string()) limits=tag.limits budgets /></td>
            <td><ModelsCell models=tag.models none="Any" /></td>
            <td><Moment at=tag.meta.updated_at /></td>
        </tr>
    }
}
