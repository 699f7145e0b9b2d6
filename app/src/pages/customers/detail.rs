//! One end customer.

use leptos::prelude::*;
use tollgate_domain::customer::Customer;
use tollgate_domain::ledger::AccountKind;

use super::form::{fields, form_of};
use super::list::CustomerStatus;
use super::{CUSTOMERS, SAID, customer_href};
use crate::api::{RecordView, get_customer};
use crate::components::{CopyField, Notice, Tone};
use crate::kit::{
    ChangeForm, DetailPage, Fact, Facts, Form, History, LimitFacts, ModelsFact, NoticeFromAddress, OptionalFact,
    SharedBudgetFact, load_titled, path_id,
};
use crate::pages::{ShadowFacts, audit_of_thing};

const PURPOSE: &str = "Whom applications call for, what may be called, and what that may cost.";

#[component]
pub fn CustomerPage() -> impl IntoView {
    let refused = Form::of_context();
    load_titled("Customer", PURPOSE, get_customer(path_id()), move |view| view! { <Detail view refused /> })
}

#[component]
fn Detail(view: RecordView<Customer>, refused: Option<Form>) -> impl IntoView {
    let RecordView { record: customer, form: known, may_change, created_by, updated_by } = view;
    let (id, href) = (customer.id.to_string(), customer_href(customer.id.as_str()));
    let blocked = customer.blocked;
    let actions = {
        let href = href.clone();
        move || view! { <CustomerStatus blocked /> {may_change.then(|| view! { <Actions href=href.clone() blocked /> })} }
    };
    let open = refused.is_some();
    let form = refused.unwrap_or_else(|| form_of(&customer, &known));
    let version = customer.meta.version;
    let budgets = known.budgets.clone();
    let change = may_change.then(|| {
        view! {
            <ChangeForm href summary="Change name, limits or models" version open form=form.clone()>
                {fields(&form, known)}
            </ChangeForm>
        }
    });
    let names = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
    let log = audit_of_thing("customer", &id);
    view! {
        <DetailPage list=(CUSTOMERS, "Customers") title=customer.name.clone().unwrap_or_else(|| id.clone()) purpose=PURPOSE actions>
            <NoticeFromAddress own=SAID />
            {blocked.then(|| view! { <Notice tone=Tone::Warning>"It is blocked, until it is unblocked."</Notice> })}
            <Facts>
                <SharedBudgetFact budget=customer.budget_id.as_ref().map(ToString::to_string) budgets />
                <ModelsFact models=customer.models.clone() none="Every model that the key may call" />
                <OptionalFact label="Default model" value=customer.default_model.clone() />
                {customer.allowed_model_region.clone().map(|region| view! { <Fact label="Region">{region.to_uppercase()}</Fact> })}
                <OptionalFact label="Metadata" value=names(customer.metadata.keys().cloned().collect()) />
                <OptionalFact label="Kept, not acted on yet" value=names(customer.settings.keys().cloned().collect()) />
                <History meta=customer.meta.clone() created_by updated_by log />
            </Facts>
            <section class="stack"><h2>"Limits of its own"</h2><LimitFacts limits=customer.limits /></section>
            <ShadowFacts kind=AccountKind::Customer id=id.clone() />
            <div class="ids"><CopyField label="Customer id" id="customer-id" value=id /></div>
            {change}
        </DetailPage>
    }
}

#[component]
fn Actions(href: String, blocked: bool) -> impl IntoView {
    let (verb, label) = if blocked { ("unblock", "Unblock") } else { ("block", "Block") };
    view! {
        <form method="post" action=format!("{href}/{verb}")>
            <button class="button quiet" type="submit">{label}</button>
        </form>
        <a class="button quiet danger-quiet" href=format!("{href}/delete")>"Delete"</a>
    }
}
