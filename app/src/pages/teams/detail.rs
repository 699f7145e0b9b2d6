//! One team: its members, and its keys.

use leptos::prelude::*;
use tollgate_domain::ledger::AccountKind;
use tollgate_domain::membership::Group;
use tollgate_domain::report::Dimension;

use super::table::{ModelsCell, StateBadge};
use super::{SAID, TEAMS, tabs, team_href};
use crate::api::{TeamView, get_team, get_team_keys};
use crate::components::{CopyField, EmptyState, Icon, IconName, Moment, Notice, Tone};
use crate::kit::{
    BudgetCell, DetailPage, Fact, Facts, Form, NoticeFromAddress, OptionalFact, Query, load_titled, path_id, query,
};
use crate::pages::keys::KeyTable;
use crate::pages::members::Members;
use crate::pages::usage::SpentFacts;
use crate::pages::{ShadowFacts, organisation_href};

const PURPOSE: &str = "Who is in this team, which keys it has, and what it may call and spend.";

#[component]
pub fn TeamDetail() -> impl IntoView {
    let (after, refused) = (query().get("after"), Form::of_context());
    let first_page = after.is_none();
    load_titled("Team", PURPOSE, get_team(path_id(), after), move |(view, members)| {
        let group = Group::Team(view.team.id.clone());
        view! {
            <TeamPage view=view.clone() current="Members">
                <TeamFacts view />
                <Members group view=members first_page form=refused />
            </TeamPage>
        }
    })
}

#[component]
pub fn TeamKeys() -> impl IntoView {
    let after = query().get("after");
    let first_page = after.is_none();
    load_titled("Team", PURPOSE, get_team_keys(path_id(), after), move |(view, keys)| {
        let path = format!("{}/keys", team_href(view.team.id.as_str()));
        let new = Query::default().with("team", Some(view.team.id.as_str())).href("/ui/keys/new");
        let create = view.rights.create_keys.then(|| {
            view! { <a class="button" href=new><Icon name=IconName::Add />"Create key for this team"</a> }
        });
        let table = if keys.rows.is_empty() {
            view! { <EmptyState title="No keys yet" text="Each application of the team gets a key of its own.">{create}</EmptyState> }.into_any()
        } else {
            view! {
                <div class="cluster">{create}</div>
                <KeyTable keys path first_page show_team=false />
            }
            .into_any()
        };
        view! { <TeamPage view current="Keys">{table}</TeamPage> }
    })
}

/// What is the same on every page of a team.
#[component]
pub fn TeamPage(view: TeamView, current: &'static str, children: Children) -> impl IntoView {
    let TeamView { team, rights, .. } = view;
    let (id, blocked) = (team.id.to_string(), team.blocked);
    let account = id.clone();
    let tabs = tabs(&id, current);
    let actions = move || {
        let href = team_href(&id);
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
        <DetailPage list=(TEAMS, "Teams") title=team.name purpose=PURPOSE actions tabs>
            <NoticeFromAddress own=SAID />
            {blocked.then(|| view! {
                <Notice tone=Tone::Warning>"Calls with this team's keys are refused until it is unblocked."</Notice>
            })}
            {children()}
            <ShadowFacts kind=AccountKind::Team id=account />
        </DetailPage>
    }
}

#[component]
fn TeamFacts(view: TeamView) -> impl IntoView {
    let TeamView { team, organisation, totals, .. } = view;
    let (id, of) = (team.id.to_string(), team.id.to_string());
    let organisation = organisation.zip(team.organisation_id).map(|(name, id)| {
        view! { <Fact label="Organisation"><a href=organisation_href(id.as_str())>{name}</a></Fact> }
    });
    let logged = team.logging.callbacks.iter().map(|it| format!("{} ({})", it.name.as_str(), it.kind.as_str()));
    let logged = logged.collect::<Vec<_>>().join(", ");
    let budget = team.budget_id.map(|id| view! { <Fact label="Shared budget" mono=true>{id.to_string()}</Fact> });
    view! {
        <Facts>
            {organisation}
            <Fact label="Models"><ModelsCell models=team.models /></Fact>
            <Fact label="Budget"><BudgetCell limits=team.limits /></Fact>
            {budget}
            <OptionalFact label="Calls are also logged to" value=(!logged.is_empty()).then_some(logged) />
            <SpentFacts totals what=Dimension::Team id=of by=Some(Dimension::Key) />
            <Fact label="Created"><Moment at=team.meta.created_at /></Fact>
        </Facts>
        <div class="ids"><CopyField label="Team id" id="team-id" value=id /></div>
    }
}
