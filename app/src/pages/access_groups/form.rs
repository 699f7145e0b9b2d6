//! The form of an access group, new or changed.

use leptos::prelude::*;
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::Resource;

use super::ACCESS_GROUPS;
use crate::api::{RecordFormView, new_record_form};
use crate::components::PageHeader;
use crate::kit::{Crumb, Form, NewForm, load, pattern_texts};

pub fn form_of(group: &AccessGroup, known: &RecordFormView) -> Form {
    Form::filled([("description", group.description.clone().unwrap_or_default())]).with_models(
        "models",
        &pattern_texts(&group.models),
        &known.models,
    )
}

pub fn fields(form: &Form, known: RecordFormView) -> impl IntoView + use<> {
    let description = form.text("description", "Description").help("Who should get it. Optional.");
    let models = form.model_choice("models", "Models", known.models).help("What whoever has the group may call.");
    view! {
        {description.view()}
        {models.view()}
    }
}

#[component]
pub fn NewAccessGroupPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    view! {
        <Crumb href=ACCESS_GROUPS label="Access groups" />
        <PageHeader title="Create access group" purpose="Models under one name, to give access to as a whole." />
        {load(new_record_form(Resource::AccessGroup), move |known| {
            let name = form
                .text("name", "Name")
                .placeholder("cheap-models")
                .required()
                .help("What keys, teams and organisations name. It can't be changed later.");
            view! {
                <NewForm action="/ui/access-groups/create" verb="Create access group" list=ACCESS_GROUPS form=form.clone()>
                    {name.view()}
                    {fields(&form, known)}
                </NewForm>
            }
        })}
    }
}
