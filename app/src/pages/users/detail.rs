//! One person: what they are a member of, and their keys.

use leptos::prelude::*;
use tollgate_domain::ledger::AccountKind;

use super::list::{UserState, role_name};
use super::second_factor::SECOND_FACTOR;
use super::sessions::Sessions;
use super::{SAID, USERS, tabs, user_href};
use crate::api::{PersonView, PersonsGroup, UserView, get_user};
use crate::components::{CopyField, EmptyState, Icon, IconName, Moment, Notice, Tone};
use crate::kit::{
    BudgetCell, Column, DataTable, DetailPage, Fact, Facts, NoticeFromAddress, OptionalFact, Query, column,
    load_titled, path_id, query,
};
use crate::pages::ShadowFacts;
use crate::pages::keys::KeyTable;
use crate::pages::members::{RoleBadge, group_href};
use crate::pages::teams::ModelsCell;
use crate::pages::usage::SpentFacts;
use tollgate_domain::report::Dimension;

const PURPOSE: &str = "What this person is a member of, which keys are theirs, and what they may do.";

const GROUP_COLUMNS: [Column; 3] = [column("Name"), column("Kind"), column("Role")];

#[component]
pub fn UserDetail() -> impl IntoView {
    let after = query().get("after");
    let first_page = after.is_none();
    load_titled("User", PURPOSE, get_user(path_id(), after), move |view| {
        let path = user_href(view.person.user.id.as_str());
        view! {
            <UserPage view=view.person.clone() current="Overview">
                <Person view path first_page />
            </UserPage>
        }
    })
}

/// What is the same on every page of a person.
#[component]
pub fn UserPage(view: UserView, current: &'static str, children: Children) -> impl IntoView {
    let UserView { user, rights, .. } = view;
    let (id, disabled) = (user.id.to_string(), user.disabled);
    let account = id.clone();
    // Whoever looks at themselves without being an administrator has nothing to set.
    let tabs = if rights.update { tabs(&id, current) } else { Vec::new() };
    let actions = move || {
        let href = user_href(&id);
        let (verb, label) = if disabled { ("enable", "Enable") } else { ("disable", "Disable") };
        let change = rights.update.then(|| {
            let switch = (!rights.oneself).then(|| {
                view! {
                    <form method="post" action=format!("{href}/{verb}")>
                        <button class="button quiet" type="submit">{label}</button>
                    </form>
                }
            });
            view! {
                <a class="button quiet" href=format!("{href}/invite")>"Invite"</a>
                <a class="button quiet" href=format!("{href}/password")>"Set password"</a>
                {switch}
            }
        });
        let delete = (rights.delete && !rights.oneself)
            .then(|| view! { <a class="button quiet danger-quiet" href=format!("{href}/delete")>"Delete"</a> });
        view! { <UserState disabled /> {change} {delete} }
    };
    view! {
        <DetailPage list=(USERS, "Users") title=user.label().to_owned() purpose=PURPOSE actions tabs>
            <NoticeFromAddress own=SAID />
            {disabled.then(|| view! {
                <Notice tone=Tone::Warning>"This user can't sign in, and calls with their keys are refused, until they are enabled."</Notice>
            })}
            {children()}
            <ShadowFacts kind=AccountKind::User id=account />
        </DetailPage>
    }
}

/// A person's facts, memberships and keys; `path` is the page that shows them.
#[component]
pub fn Person(view: PersonView, path: String, first_page: bool) -> impl IntoView {
    let PersonView { person, groups, keys, sessions } = view;
    let UserView { user, sign_ins, rights, totals } = person;
    let (id, of, factor) = (user.id.to_string(), user.id.to_string(), user.id.to_string());
    let last = match sign_ins.last_at {
        Some(at) => view! { <Moment at /> }.into_any(),
        None => view! { "Never" }.into_any(),
    };
    let new = if rights.oneself {
        "/ui/keys/new?owner=me".to_owned()
    } else {
        Query::default().with("user", Some(id.as_str())).href("/ui/keys/new")
    };
    let create = rights
        .create_keys
        .then(|| view! { <a class="button" href=new.clone()><Icon name=IconName::Add />"Create key"</a> });
    let groups = if groups.is_empty() {
        let text = "A member of a team shares its models and its budget.";
        view! { <EmptyState title="In no team and no organisation" text /> }.into_any()
    } else {
        let rows = groups.into_iter().map(group_row).collect_view();
        view! { <DataTable label="Memberships" columns=GROUP_COLUMNS.to_vec()>{rows}</DataTable> }.into_any()
    };
    let keys = if keys.rows.is_empty() {
        view! { <EmptyState title="No keys yet" text="A personal key calls models in this person's name.">{create}</EmptyState> }.into_any()
    } else {
        view! { <KeyTable keys path first_page show_team=true /> <div class="cluster">{create}</div> }.into_any()
    };
    view! {
        <Facts>
            <OptionalFact label="E-mail address" value=user.email />
            <Fact label="Role">{role_name(user.role)}</Fact>
            <Fact label="Last sign-in">{last}</Fact>
            <Fact label="Password">{if sign_ins.has_password { "Set" } else { "None: can't sign in with one" }}</Fact>
            <Fact label="Second factor"><SecondFactor id=factor on=sign_ins.has_second_factor oneself=rights.oneself may_change=rights.update /></Fact>
            <Fact label="Models">
                <ModelsCell models=user.models />
            </Fact>
            <Fact label="Budget"><BudgetCell limits=user.limits /></Fact>
            <SpentFacts totals what=Dimension::User id=of by=Some(Dimension::Key) />
            <Fact label="Created"><Moment at=user.meta.created_at /></Fact>
        </Facts>
        <div class="ids"><CopyField label="User id" id="user-id" value=id /></div>
        <section class="stack">
            <h2>"Memberships"</h2>
            {groups}
        </section>
        <section class="stack">
            <h2>"Keys"</h2>
            {keys}
        </section>
        <Sessions id=user.id.to_string() sessions may_end=rights.update || rights.oneself />
    }
}

/// One's own is set up on a page; somebody else's can only be taken away.
#[component]
fn SecondFactor(id: String, on: bool, oneself: bool, may_change: bool) -> impl IntoView {
    let state = if on { "Set up" } else { "None" };
    let change = if oneself {
        view! { " " <a href=SECOND_FACTOR>{if on { "Change" } else { "Set it up" }}</a> }.into_any()
    } else if on && may_change {
        view! {
            <form method="post" action=format!("{}/second-factor", user_href(&id))>
                <button class="button quiet danger-quiet" type="submit">"Take it away"</button>
            </form>
        }
        .into_any()
    } else {
        ().into_any()
    };
    view! { {state} {change} }
}

fn group_row(group: PersonsGroup) -> impl IntoView {
    let PersonsGroup { group, name, role } = group;
    let kind = if group.team().is_some() { "Team" } else { "Organisation" };
    view! {
        <tr data-key=format!("{group:?}")>
            <th scope="row"><a class="row-link clip" href=group_href(&group)>{name}</a></th>
            <td>{kind}</td>
            <td><RoleBadge role /></td>
        </tr>
    }
}
