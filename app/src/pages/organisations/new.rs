//! The form that makes an organisation.

use leptos::prelude::*;

use super::ORGANISATIONS;
use super::form::fields;
use crate::api::new_organisation_form;
use crate::components::{Notice, PageHeader, Tone};
use crate::kit::{Crumb, Form, load};

#[component]
pub fn NewOrganisationPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    view! {
        <Crumb href=ORGANISATIONS label="Organisations" />
        <PageHeader title="Create organisation" purpose="Several teams under one budget and one administrator. Teams and members come after this." />
        {load(new_organisation_form(), move |view| {
            if !view.may_create {
                let text = "Your role may look at organisations and not create any. Ask an administrator.";
                return view! { <Notice tone=Tone::Info>{text}</Notice> }.into_any();
            }
            view! {
                <form class="stack form" method="post" action="/ui/organisations/new" data-guard="">
                    {fields(&form, view, true)}
                    <div class="cluster">
                        <button class="button primary" type="submit">"Create organisation"</button>
                        <a class="button quiet" href=ORGANISATIONS>"Cancel"</a>
                    </div>
                </form>
            }
            .into_any()
        })}
    }
}
