//! The form of an end customer, new or changed.

use leptos::prelude::*;
use tollgate_domain::actor::Resource;
use tollgate_domain::customer::Customer;

use super::CUSTOMERS;
use crate::api::{RecordFormView, new_record_form};
use crate::components::PageHeader;
use crate::kit::{Crumb, Form, LIMITS_NOTE, LimitNames, NewForm, json_text, limit_fields, load, pattern_texts};

const REGIONS: [(&str, &str); 3] = [("", "Anywhere"), ("eu", "In the EU"), ("us", "In the US")];

pub fn form_of(customer: &Customer, known: &RecordFormView) -> Form {
    let text = |text: Option<String>| text.unwrap_or_default();
    Form::filled([
        ("name", text(customer.name.clone())),
        ("budget_id", text(customer.budget_id.as_ref().map(ToString::to_string))),
        ("default_model", text(customer.default_model.clone())),
        ("allowed_model_region", text(customer.allowed_model_region.clone())),
        ("metadata", json_text(&customer.metadata)),
    ])
    .with_limits(&LimitNames::OWN, &customer.limits)
    .with_models("models", &pattern_texts(&customer.models), &known.models)
}

pub fn fields(form: &Form, known: RecordFormView) -> impl IntoView + use<> {
    let name = form.text("name", "Name").help("What people call it. Optional.");
    let budget = form.pick(
        "budget_id",
        "Shared budget",
        "A reusable budget whose limits hold for the customer: this, or a budget of its own below, not both.",
        "None",
        &known.budgets,
    );
    let models = form
        .model_choice("models", "Models", known.models)
        .help("What may be called for it. With none ticked and none typed, every model that the key may call.");
    let default_model = form.text("default_model", "Default model").help("For calls that name none. Optional.");
    let region = form.select("allowed_model_region", "Region", REGIONS).help("Where its calls may be answered.");
    let metadata =
        form.lines("metadata", "Metadata").help("A JSON object, kept as it is: {\"crm\": \"4711\"}. Optional.");
    view! {
        {name.view()}
        {budget}
        {limit_fields(form, &LimitNames::OWN)}
        <p class="field-help">{LIMITS_NOTE}</p>
        {models.view()}
        <div class="cluster form-row">{default_model.view()} {region.view()}</div>
        {metadata.view()}
    }
}

#[component]
pub fn NewCustomerPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    view! {
        <Crumb href=CUSTOMERS label="Customers" />
        <PageHeader title="Create customer" purpose="Somebody whom an application calls for, with models and limits of their own." />
        {load(new_record_form(Resource::Customer), move |known| {
            let id = form
                .text("id", "Id")
                .placeholder("acme-4711")
                .required()
                .help("What applications send as user. It can't be changed later.");
            view! {
                <NewForm action="/ui/customers/create" verb="Create customer" list=CUSTOMERS form=form.clone()>
                    {id.view()}
                    {fields(&form, known)}
                </NewForm>
            }
        })}
    }
}
