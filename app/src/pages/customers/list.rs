//! The end customers: whom applications call for.

use leptos::prelude::*;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::customer::Customer;

use super::{CUSTOMERS, SAID, customer_href};
use crate::api::{RecordsView, list_customers};
use crate::components::{Badge, EmptyState, Icon, IconName, Moment, PageHeader, Tone};
use crate::kit::{
    Allowed, Choices, Column, DataTable, FilterBar, Filters, ListQuery, ModelsCell, NoticeFromAddress,
    SharedBudgetCell, column, load, query,
};

const COLUMNS: [Column; 6] =
    [column("Customer"), column("Name"), column("Status"), column("Budget"), column("Models"), column("Created")];

#[component]
pub fn CustomerList() -> impl IntoView {
    let list = Filters::new(CUSTOMERS)
        .search("q", "Search customers", "Id or name")
        .choice("status", "Status", "Any status", [("active", "Active"), ("blocked", "Blocked")])
        .text("budget", "Budget", "Budget's id")
        .read(&query());
    view! {
        <PageHeader title="Customers" purpose="End customers of your applications: whom a call is made for, as its user field says.">
            <Allowed action=Action::Create resource=Resource::Customer>
                <a class="button primary" href="/ui/customers/new" data-create="">
                    <Icon name=IconName::Add />
                    "Create customer"
                </a>
            </Allowed>
        </PageHeader>
        <NoticeFromAddress own=SAID />
        {load(list_customers(list.clone()), move |view| view! { <Customers view list /> })}
    }
}

#[component]
fn Customers(view: RecordsView<Customer>, list: ListQuery) -> impl IntoView {
    let RecordsView { rows, next, may_create, budgets } = view;
    let named = list.get("budget").map(|id| budgets.label(&id).to_owned());
    let list = list.show("budget", named);
    let table = if rows.is_empty() {
        view! { <NoCustomers list=list.clone() may_create /> }.into_any()
    } else {
        let rows = rows
            .into_iter()
            .map(|customer| {
                let budgets = budgets.clone();
                view! { <Row customer budgets /> }
            })
            .collect_view();
        let list = list.clone();
        view! { <DataTable label="Customers" columns=COLUMNS.to_vec() list next>{rows}</DataTable> }.into_any()
    };
    view! { <FilterBar list /> {table} }
}

#[component]
fn NoCustomers(list: ListQuery, may_create: bool) -> impl IntoView {
    if list.is_filtered() || !list.is_first_page() {
        return view! {
            <EmptyState title="No customer matches" text="Search looks at ids and names.">
                <a class="button" href=CUSTOMERS>"Show all customers"</a>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState
            title="No customers yet"
            text="A call may name in its user field for whom it is made. A customer that is kept here can have a name, models and a budget, and can be blocked."
        >
            {may_create.then(|| view! { <a class="button primary" href="/ui/customers/new">"Create the first customer"</a> })}
        </EmptyState>
    }
    .into_any()
}

/// Whether a customer may be called for.
#[component]
pub fn CustomerStatus(blocked: bool) -> impl IntoView {
    if blocked {
        view! { <Badge tone=Tone::Bad icon=IconName::Blocked label="Blocked" /> }
    } else {
        view! { <Badge tone=Tone::Good icon=IconName::Good label="Active" /> }
    }
}

#[component]
fn Row(customer: Customer, budgets: Choices) -> impl IntoView {
    let id = customer.id.to_string();
    let name = customer.name.clone().unwrap_or_default();
    view! {
        <tr data-key=id.clone()>
            <th scope="row"><a class="row-link clip" href=customer_href(&id) title=id.clone()>{id.clone()}</a></th>
            <td><span class="clip" title=name.clone()>{name.clone()}</span></td>
            <td><CustomerStatus blocked=customer.blocked /></td>
            <td><SharedBudgetCell budget=customer.budget_id.map(|id| id.to_string()) limits=customer.limits budgets /></td>
            <td><ModelsCell models=customer.models none="Every model" /></td>
            <td><Moment at=customer.meta.created_at /></td>
        </tr>
    }
}
