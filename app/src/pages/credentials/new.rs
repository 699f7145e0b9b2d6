//! Adding a credential.

use leptos::prelude::*;

use super::CREDENTIALS;
use super::form::fields;
use crate::api::new_credential_form;
use crate::components::PageHeader;
use crate::kit::{Crumb, Form, load};

#[component]
pub fn NewCredentialPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    view! {
        <Crumb href=CREDENTIALS label="Credentials" />
        <PageHeader title="Add credential" purpose="A provider's key and address, kept once for all the models that use them." />
        {load(new_credential_form(), move |providers| {
            let name = form
                .text("name", "Name")
                .placeholder("openai-production")
                .required()
                .help("What models refer to it by. It can't be changed later.");
            view! {
                <form class="stack form" method="post" action="/ui/credentials/create" data-guard="">
                    {form.whole()}
                    {name.view()}
                    {fields(&form, providers, &[])}
                    <div class="cluster">
                        <button class="button primary" type="submit">"Add credential"</button>
                        <a class="button quiet" href=CREDENTIALS>"Cancel"</a>
                    </div>
                </form>
            }
        })}
    }
}
