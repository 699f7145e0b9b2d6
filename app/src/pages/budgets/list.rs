//! The reusable budgets: what each allows, and how many share it.

use leptos::prelude::*;
use tollgate_control::budgets::Sharers;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::budget::Budget;

use super::{BUDGETS, SAID, budget_href};
use crate::api::{BudgetsView, list_budgets};
use crate::components::{Count, EmptyState, Icon, IconName, Moment, PageHeader, count_text};
use crate::kit::{
    Allowed, BudgetCell, Column, DataTable, FilterBar, Filters, ListQuery, NoticeFromAddress, column, load, query,
};
use crate::pages::ALERTS;

const COLUMNS: [Column; 6] = [
    column("Budget"),
    column("Allows"),
    column("Tokens a minute").number(),
    column("Requests a minute").number(),
    column("Shared by"),
    column("Last changed"),
];

#[component]
pub fn BudgetList() -> impl IntoView {
    let list = Filters::new(BUDGETS).search("q", "Search budgets", "Name or id").read(&query());
    view! {
        <PageHeader title="Budgets" purpose="Limits with a name, that many can share: change one, and it holds for all of them. Each spends its own.">
            <a class="button" href=ALERTS>"Alerts"</a>
            <Allowed action=Action::Create resource=Resource::Budget>
                <a class="button primary" href="/ui/budgets/new" data-create="">
                    <Icon name=IconName::Add />
                    "Create budget"
                </a>
            </Allowed>
        </PageHeader>
        <NoticeFromAddress own=SAID />
        <FilterBar list=list.clone() />
        {load(list_budgets(list.clone()), move |view| view! { <Budgets view list /> })}
    }
}

#[component]
fn Budgets(view: BudgetsView, list: ListQuery) -> impl IntoView {
    let BudgetsView { rows, next, may_create } = view;
    if rows.is_empty() && (list.is_filtered() || !list.is_first_page()) {
        return view! {
            <EmptyState title="No budget matches" text="Search looks at names and ids.">
                <a class="button" href=BUDGETS>"Show all budgets"</a>
            </EmptyState>
        }
        .into_any();
    }
    if rows.is_empty() {
        return view! {
            <EmptyState title="No budgets yet" text="Keys, teams and people can have limits of their own. Where many are to have the same, write them here once.">
                {may_create.then(|| view! { <a class="button primary" href="/ui/budgets/new">"Create the first budget"</a> })}
            </EmptyState>
        }
        .into_any();
    }
    let rows = rows.into_iter().map(|(budget, sharers)| view! { <Row budget sharers /> }).collect_view();
    view! { <DataTable label="Budgets" columns=COLUMNS.to_vec() list next>{rows}</DataTable> }.into_any()
}

#[component]
fn Row(budget: Budget, sharers: Sharers) -> impl IntoView {
    let number = |value: Option<i64>| match value {
        Some(value) => view! { <Count value /> }.into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    };
    view! {
        <tr data-key=budget.id.to_string()>
            <th scope="row">
                <a class="row-link clip" href=budget_href(budget.id.as_str()) title=budget.id.to_string()>{budget.name.clone()}</a>
            </th>
            <td><BudgetCell limits=budget.limits.clone() /></td>
            <td class="num">{number(budget.limits.tpm_limit)}</td>
            <td class="num">{number(budget.limits.rpm_limit)}</td>
            <td>{sharers_text(&sharers)}</td>
            <td><Moment at=budget.meta.updated_at /></td>
        </tr>
    }
}

/// `3 keys, 1 team`
pub fn sharers_text(sharers: &Sharers) -> String {
    if sharers.is_empty() {
        return "nobody yet".to_owned();
    }
    let one = |&(kind, count): &(&str, i64)| {
        let kind = if count == 1 { kind.strip_suffix('s').unwrap_or(kind) } else { kind };
        format!("{} {kind}", count_text(count))
    };
    sharers.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sharers_are_counted_in_words() {
        assert_eq!(sharers_text(&vec![]), "nobody yet");
        assert_eq!(sharers_text(&vec![("teams", 1), ("keys", 1_200)]), "1 team, 1,200 keys");
    }
}
