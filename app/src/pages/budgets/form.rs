//! The form of a budget, new or changed.

use leptos::prelude::*;
use tollgate_domain::actor::Resource;
use tollgate_domain::budget::Budget;

use super::BUDGETS;
use crate::api::may_create;
use crate::components::PageHeader;
use crate::kit::{Crumb, Form, LIMITS_NOTE, LimitNames, NewForm, limit_fields, load};

pub fn form_of(budget: &Budget) -> Form {
    Form::filled([("name", budget.name.clone())]).with_limits(&LimitNames::OWN, &budget.limits)
}

pub fn fields(form: &Form) -> impl IntoView + use<> {
    let name = form.text("name", "Name").required().help("What people will know it by: interns, small team.");
    view! {
        {name.view()}
        {limit_fields(form, &LimitNames::OWN)}
        <p class="field-help">{LIMITS_NOTE}</p>
    }
}

#[component]
pub fn NewBudgetPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    view! {
        <Crumb href=BUDGETS label="Budgets" />
        <PageHeader title="Create budget" purpose="Limits that keys, teams, people, customers and tags can share, each with its own spend." />
        {load(may_create(Resource::Budget), move |()| {
            let id = form.text("id", "Id").help("For programs. Empty: one is made. It can't be changed later.");
            view! {
                <NewForm action="/ui/budgets/create" verb="Create budget" list=BUDGETS form=form.clone()>
                    {fields(&form)}
                    {id.view()}
                </NewForm>
            }
        })}
    }
}
