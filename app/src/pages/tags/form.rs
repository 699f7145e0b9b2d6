//! The form of a tag, new or changed.

use leptos::prelude::*;
use tollgate_domain::actor::Resource;
use tollgate_domain::tag::Tag;

use super::TAGS;
use crate::api::{RecordFormView, new_record_form};
use crate::components::PageHeader;
use crate::kit::{Crumb, Form, LIMITS_NOTE, LimitNames, NewForm, limit_fields, load, pattern_texts};

pub fn form_of(tag: &Tag, known: &RecordFormView) -> Form {
    let text = |text: Option<String>| text.unwrap_or_default();
    Form::filled([
        ("description", text(tag.description.clone())),
        ("budget_id", text(tag.budget_id.as_ref().map(ToString::to_string))),
    ])
    .with_limits(&LimitNames::OWN, &tag.limits)
    .with_models("models", &pattern_texts(&tag.models), &known.models)
}

pub fn fields(form: &Form, known: RecordFormView) -> impl IntoView + use<> {
    let description = form.text("description", "Description").help("What calls with it are for. Optional.");
    let budget = form.pick(
        "budget_id",
        "Shared budget",
        "A reusable budget whose limits hold for the tag.",
        "None",
        &known.budgets,
    );
    let models = form
        .model_choice("models", "Models", known.models)
        .help("Where calls with this tag are routed to. With none ticked and none typed, the tag has no say in that.");
    view! {
        {description.view()}
        {budget}
        {limit_fields(form, &LimitNames::OWN)}
        <p class="field-help">{LIMITS_NOTE}</p>
        {models.view()}
    }
}

#[component]
pub fn NewTagPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    view! {
        <Crumb href=TAGS label="Tags" />
        <PageHeader title="Create tag" purpose="A name that calls, keys and teams can carry, with a description and limits of its own." />
        {load(new_record_form(Resource::Tag), move |known| {
            let name = form
                .text("name", "Name")
                .placeholder("project:apollo")
                .required()
                .help("At most 100 characters, no comma. It can't be changed later.");
            view! {
                <NewForm action="/ui/tags/create" verb="Create tag" list=TAGS form=form.clone()>
                    {name.view()}
                    {fields(&form, known)}
                </NewForm>
            }
        })}
    }
}
