//! The teams: who shares models, keys and a budget.

use leptos::prelude::*;
use tollgate_domain::actor::{Action, Resource};

use super::{SAID, TEAMS, TeamTable};
use crate::api::{TeamsView, list_teams};
use crate::components::{EmptyState, Icon, IconName, PageHeader};
use crate::kit::{Allowed, FilterBar, Filters, ListQuery, NoticeFromAddress, load, query};

pub fn team_filters() -> Filters {
    Filters::new(TEAMS)
        .search("q", "Search teams", "Name or id")
        .choice(
            "status",
            "State",
            "Not deleted",
            [("active", "Active"), ("blocked", "Blocked"), ("deleted", "Deleted")],
        )
        .text("organisation", "Organisation", "Organisation: name or id")
        .sorts(&["created"])
}

#[component]
pub fn TeamList() -> impl IntoView {
    let list = team_filters().read(&query());
    view! {
        <PageHeader title="Teams" purpose="People who share models, keys and a budget.">
            <Allowed action=Action::Create resource=Resource::Team>
                <a class="button primary" href="/ui/teams/new" data-create=""><Icon name=IconName::Add />"Create team"</a>
            </Allowed>
        </PageHeader>
        <NoticeFromAddress own=SAID />
        {load(list_teams(list.clone()), move |view| view! { <Teams view list /> })}
    }
}

#[component]
fn Teams(view: TeamsView, list: ListQuery) -> impl IntoView {
    let TeamsView { rows, next, organisation } = view;
    let list = list.show("organisation", organisation);
    let body = if rows.is_empty() {
        view! { <NoTeams filtered=list.is_filtered() || !list.is_first_page() /> }.into_any()
    } else {
        view! { <TeamTable rows list=Some(list.clone()) next /> }.into_any()
    };
    view! { <FilterBar list /> {body} }
}

#[component]
fn NoTeams(filtered: bool) -> impl IntoView {
    if filtered {
        return view! {
            <EmptyState title="No team matches" text="Search looks at names and ids.">
                <a class="button" href=TEAMS>"Show all teams"</a>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState title="No teams yet" text="A team's people share its models and its budget; what its keys spend is told apart from everybody else's.">
            <Allowed action=Action::Create resource=Resource::Team>
                <a class="button primary" href="/ui/teams/new">"Create the first team"</a>
            </Allowed>
        </EmptyState>
    }
    .into_any()
}
