//! One organisation: its teams, and its members.

use leptos::prelude::*;
use tollgate_domain::ledger::AccountKind;
use tollgate_domain::membership::Group;
use tollgate_domain::report::Dimension;

use super::{ORGANISATIONS, SAID, organisation_href, tabs};
use crate::api::{OrganisationView, get_organisation, get_organisation_members};
use crate::components::{CopyField, EmptyState, Icon, IconName, Moment, Notice, Pager, Tone};
use crate::kit::{BudgetCell, DetailPage, Fact, Facts, Form, NoticeFromAddress, Query, load_titled, path_id, query};
use crate::pages::ShadowFacts;
use crate::pages::members::Members;
use crate::pages::teams::{ModelsCell, StateBadge, TeamTable};
use crate::pages::usage::SpentFacts;

const PURPOSE: &str = "Which teams are in this organisation, who runs it, and what all of it may call and spend.";

#[component]
pub fn OrganisationDetail() -> impl IntoView {
    let after = query().get("after");
    let first_page = after.is_none();
    load_titled("Organisation", PURPOSE, get_organisation(path_id(), after), move |(view, teams, next)| {
        let href = organisation_href(view.organisation.id.as_str());
        let new = Query::default().with("organisation", Some(view.organisation.id.as_str())).href("/ui/teams/new");
        let create = view.rights.create_teams.then(|| {
            view! { <a class="button" href=new><Icon name=IconName::Add />"Create team in it"</a> }
        });
        let table = if teams.is_empty() {
            let text = "Teams in it share its models and its budget, beside their own.";
            view! { <EmptyState title="No teams yet" text>{create}</EmptyState> }.into_any()
        } else {
            let first = (!first_page).then(|| href.clone());
            let onward = next.clone().map(|cursor| Query::default().with("after", Some(cursor)).href(&href));
            view! {
                <div class="cluster">{create}</div>
                <TeamTable rows=teams next=None />
                <Pager first next=onward />
            }
            .into_any()
        };
        view! {
            <OrganisationPage view=view.clone() current="Teams">
                <OrganisationFacts view />
                {table}
            </OrganisationPage>
        }
    })
}

#[component]
pub fn OrganisationMembers() -> impl IntoView {
    let (after, refused) = (query().get("after"), Form::of_context());
    let first_page = after.is_none();
    let asked = get_organisation_members(path_id(), after);
    load_titled("Organisation", PURPOSE, asked, move |(view, members)| {
        let group = Group::Organisation(view.organisation.id.clone());
        view! {
            <OrganisationPage view current="Members">
                <Members group view=members first_page form=refused />
            </OrganisationPage>
        }
    })
}

/// What is the same on every page of an organisation.
#[component]
pub fn OrganisationPage(view: OrganisationView, current: &'static str, children: Children) -> impl IntoView {
    let OrganisationView { organisation, rights, .. } = view;
    let (id, blocked) = (organisation.id.to_string(), organisation.blocked);
    let account = id.clone();
    let tabs = tabs(&id, current);
    let actions = move || {
        let href = organisation_href(&id);
        let (verb, label) = if blocked { ("unblock", "Unblock") } else { ("block", "Block") };
        let block = rights.give.then(|| {
            view! {
                <form method="post" action=format!("{href}/{verb}")>
                    <button class="button quiet" type="submit">{label}</button>
                </form>
            }
        });
        let delete = rights
            .delete
            .then(|| view! { <a class="button quiet danger-quiet" href=format!("{href}/delete")>"Delete"</a> });
        view! { <StateBadge blocked /> {block} {delete} }
    };
    view! {
        <DetailPage list=(ORGANISATIONS, "Organisations") title=organisation.name purpose=PURPOSE actions tabs>
            <NoticeFromAddress own=SAID />
            {blocked.then(|| view! {
                <Notice tone=Tone::Warning>"Calls with keys of this organisation's teams are refused until it is unblocked."</Notice>
            })}
            {children()}
            <ShadowFacts kind=AccountKind::Organisation id=account />
        </DetailPage>
    }
}

#[component]
fn OrganisationFacts(view: OrganisationView) -> impl IntoView {
    let OrganisationView { organisation, totals, .. } = view;
    let (id, of) = (organisation.id.to_string(), organisation.id.to_string());
    let budget =
        organisation.budget_id.map(|id| view! { <Fact label="Shared budget" mono=true>{id.to_string()}</Fact> });
    view! {
        <Facts>
            <Fact label="Models"><ModelsCell models=organisation.models /></Fact>
            <Fact label="Budget"><BudgetCell limits=organisation.limits /></Fact>
            {budget}
            <SpentFacts totals what=Dimension::Organisation id=of by=Some(Dimension::Team) />
            <Fact label="Created"><Moment at=organisation.meta.created_at /></Fact>
        </Facts>
        <div class="ids"><CopyField label="Organisation id" id="organisation-id" value=id /></div>
    }
}
