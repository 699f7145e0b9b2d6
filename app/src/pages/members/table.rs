//! The members of a team or organisation, and the form that adds one.

use leptos::prelude::*;
use tollgate_domain::membership::{Group, MemberRole};
use tollgate_domain::model::ModelPattern;

use super::{member_href, members_href, noun, role_options};
use crate::api::{MemberRow, MembersView};
use crate::components::{Badge, EmptyState, IconName, Moment, Notice, Pager, Tone};
use crate::kit::{BudgetCell, Column, DataTable, Form, Query, column};

const COLUMNS: [Column; 5] =
    [column("Person"), column("Role"), column("Budget"), column("Models"), column("Member since")];

#[component]
pub fn RoleBadge(role: MemberRole) -> impl IntoView {
    let (label, icon) = match role {
        MemberRole::Admin => ("Administrator", IconName::Settings),
        MemberRole::Member => ("Member", IconName::Account),
    };
    view! { <Badge tone=Tone::Neutral label icon /> }
}

/// The table, with the form below it; `form` is the one that was sent and not accepted.
#[component]
pub fn Members(group: Group, view: MembersView, first_page: bool, form: Option<Form>) -> impl IntoView {
    let MembersView { rows, next, may_see, may_change, may_add, people } = view;
    if !may_see {
        let text = format!("Who is a member is told to those who run the {}.", noun(&group));
        return view! { <Notice tone=Tone::Info>{text}</Notice> }.into_any();
    }
    let path = members_href(&group);
    let table = if rows.is_empty() {
        let title = if first_page { "No members yet" } else { "No more members" };
        view! { <EmptyState title text="People who are in it share its models and its budget, and may be given keys in it." /> }.into_any()
    } else {
        let mut columns = COLUMNS.to_vec();
        if may_change {
            columns.push(column("Actions").hidden());
        }
        let rows = rows.into_iter().map(|row| member_row(&group, row, may_change)).collect_view();
        let first = (!first_page).then(|| path.clone());
        let next = next.map(|cursor| Query::default().with("after", Some(cursor)).href(&path));
        view! {
            <DataTable label="Members" columns>{rows}</DataTable>
            <Pager first next />
        }
        .into_any()
    };
    let open = form.is_some();
    let form = form.unwrap_or_default();
    let add = may_add.then(|| {
        let typed = people.more;
        let help = if typed { "The address or the id of somebody who is a user already." } else { "" };
        view! {
            <details class="card edit" id="add" open=open>
                <summary>"Add a member"</summary>
                <form class="stack form" method="post" action=path.clone()>
                    {form.whole()}
                    <div class="cluster form-row">
                        {form.pick("user_id", "Person", help, if typed { "name@example.com" } else { "Choose somebody" }, &people)}
                        {form.select("role", "Role", role_options()).help("Administrators manage members and keys.").view()}
                    </div>
                    <div class="cluster">
                        <button class="button primary" type="submit">"Add member"</button>
                    </div>
                </form>
            </details>
        }
    });
    view! { {table} {add} }.into_any()
}

fn member_row(group: &Group, row: MemberRow, may_change: bool) -> impl IntoView + use<> {
    let MemberRow { membership, label } = row;
    let id = membership.user_id.to_string();
    let href = member_href(group, &id);
    let sub = (label != id).then(|| view! { <span class="sub">{id.clone()}</span> });
    let models = if membership.models.is_empty() {
        view! { <span class="muted">"As the group"</span> }.into_any()
    } else {
        let names = membership.models.iter().map(ModelPattern::as_str).collect::<Vec<_>>().join(", ");
        view! { <span class="clip" title=names.clone()>{names.clone()}</span> }.into_any()
    };
    let budget = match (&membership.budget_id, membership.limits.is_empty()) {
        (Some(budget), true) => view! { {budget.to_string()} }.into_any(),
        (None, true) => view! { <span class="muted">"As every member"</span> }.into_any(),
        (_, false) => view! { <BudgetCell limits=membership.limits /> }.into_any(),
    };
    let actions = may_change.then(|| {
        let remove = format!("{href}/remove");
        let named = format!("Remove {label}");
        view! { <td class="actions"><a class="button quiet danger-quiet" href=remove aria-label=named>"Remove"</a></td> }
    });
    view! {
        <tr data-key=id>
            <th scope="row"><a class="row-link clip" href=href.clone()>{label.clone()}</a>{sub}</th>
            <td><RoleBadge role=membership.role /></td>
            <td>{budget}</td>
            <td>{models}</td>
            <td><Moment at=membership.meta.created_at /></td>
            {actions}
        </tr>
    }
}
