//! One budget: what it allows, and who shares it.

use leptos::prelude::*;
use tollgate_control::budgets::Sharers;

use super::form::{fields, form_of};
use super::list::sharers_text;
use super::{BUDGETS, SAID, budget_href};
use crate::api::{BudgetView, get_budget};
use crate::components::CopyField;
use crate::kit::{
    ChangeForm, DetailPage, Fact, Facts, Form, History, LimitFacts, NoticeFromAddress, Query, load_titled, path_id,
};
use crate::pages::audit_of_thing;

const PURPOSE: &str = "What this budget allows, and who shares it. A change holds for all of them.";

#[component]
pub fn BudgetPage() -> impl IntoView {
    let refused = Form::of_context();
    load_titled("Budget", PURPOSE, get_budget(path_id()), move |view| view! { <Detail view refused /> })
}

#[component]
fn Detail(view: BudgetView, refused: Option<Form>) -> impl IntoView {
    let BudgetView { budget, sharers, may_change, created_by, updated_by } = view;
    let (id, href) = (budget.id.to_string(), budget_href(budget.id.as_str()));
    let actions = {
        let delete = format!("{href}/delete");
        move || {
            let delete = delete.clone();
            may_change.then(|| view! { <a class="button quiet danger-quiet" href=delete>"Delete"</a> })
        }
    };
    let open = refused.is_some();
    let form = refused.unwrap_or_else(|| form_of(&budget));
    let version = budget.meta.version;
    let change = may_change.then(|| {
        view! {
            <ChangeForm href summary="Change name or limits" version open form=form.clone()>{fields(&form)}</ChangeForm>
        }
    });
    let log = audit_of_thing("budget", &id);
    let sharers_of = id.clone();
    view! {
        <DetailPage list=(BUDGETS, "Budgets") title=budget.name.clone() purpose=PURPOSE actions>
            <NoticeFromAddress own=SAID />
            <LimitFacts limits=budget.limits.clone() />
            <Facts>
                <Fact label="Shared by"><SharedBy id=sharers_of sharers /></Fact>
                <History meta=budget.meta created_by updated_by log />
            </Facts>
            <div class="ids"><CopyField label="Budget id" id="budget-id" value=id /></div>
            {change}
        </DetailPage>
    }
}

/// Who shares it, with links to lists that can be filtered by it.
#[component]
pub fn SharedBy(id: String, sharers: Sharers) -> impl IntoView {
    let list = |path: &'static str, kind: &str| {
        let any = sharers.iter().any(|(shared, _)| *shared == kind);
        let href = Query::default().with("budget", Some(id.as_str())).href(path);
        any.then(|| view! { <a class="onward" href=href>{format!("The {kind}")}</a> })
    };
    let (customers, tags) = (list("/ui/customers", "customers"), list("/ui/tags", "tags"));
    view! { {sharers_text(&sharers)} {customers} {tags} }
}
