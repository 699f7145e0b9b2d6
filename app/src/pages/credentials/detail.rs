//! One credential: what is set, which models use it, and the form that replaces values.

use leptos::prelude::*;

use super::form::{fields, form_of};
use super::{CREDENTIALS, SAID, credential_href};
use crate::api::{CredentialDetailView, CredentialView, get_credential};
use crate::components::{Icon, IconName, Moment};
use crate::kit::{DetailPage, Fact, Facts, Form, NoticeFromAddress, OptionalFact, load_titled, path_id};
use crate::pages::audit_of_thing;
use crate::pages::models::model_href;

const PURPOSE: &str = "What this credential holds, which models call with it, and the way to replace it.";

#[component]
pub fn CredentialPage() -> impl IntoView {
    let refused = Form::of_context();
    load_titled("Credential", PURPOSE, get_credential(path_id()), move |view| view! { <Detail view refused /> })
}

#[component]
fn Detail(view: CredentialDetailView, refused: Option<Form>) -> impl IntoView {
    let CredentialDetailView { credential, may_change, providers, created_by, updated_by } = view;
    let href = credential_href(&credential.id);
    let actions = {
        let delete = format!("{href}/delete");
        move || {
            let delete = delete.clone();
            may_change.then(|| view! { <a class="button quiet danger-quiet" href=delete>"Delete"</a> })
        }
    };
    let values = if credential.values.is_empty() {
        view! { "Nothing yet: replace values below" }.into_any()
    } else {
        let items = credential
            .values
            .iter()
            .map(|secret| {
                view! { <li><span class="mono">{secret.name.clone()}</span>{format!(": set, fingerprint {}…", secret.fingerprint)}</li> }
            })
            .collect_view();
        view! { <ul>{items}</ul> }.into_any()
    };
    let change = may_change.then(|| view! { <EditForm credential=credential.clone() providers refused /> });
    let log = audit_of_thing("credential", &credential.id);
    view! {
        <DetailPage list=(CREDENTIALS, "Credentials") title=credential.id.clone() purpose=PURPOSE actions>
            <NoticeFromAddress own=SAID />
            <Facts>
                <Fact label="Provider">{credential.provider.clone().unwrap_or_else(|| "Any".to_owned())}</Fact>
                <OptionalFact label="Description" value=credential.description.clone() />
                <Fact label="Holds">{values}</Fact>
                <Fact label="Used by"><UsedBy models=credential.models.clone() /></Fact>
                <Fact label="Created"><Moment at=credential.meta.created_at />" by "{created_by}</Fact>
                <Fact label="Last changed">
                    <Moment at=credential.meta.updated_at />" by "{updated_by}
                    <a class="onward" href=log>"All that was done to it"<Icon name=IconName::ArrowRight /></a>
                </Fact>
            </Facts>
            {change}
        </DetailPage>
    }
}

#[component]
pub fn UsedBy(models: Vec<(String, String)>) -> impl IntoView {
    if models.is_empty() {
        return view! { "No model" }.into_any();
    }
    let items =
        models.into_iter().map(|(id, name)| view! { <li><a href=model_href(&id)>{name}</a></li> }).collect_view();
    view! { <ul class="inline-list">{items}</ul> }.into_any()
}

#[component]
fn EditForm(credential: CredentialView, providers: Vec<String>, refused: Option<Form>) -> impl IntoView {
    let href = credential_href(&credential.id);
    let action = format!("{href}/update");
    let open = refused.is_some();
    let form = refused.unwrap_or_else(|| form_of(&credential));
    view! {
        <details class="card edit" id="edit" open=open>
            <summary>"Replace values"</summary>
            <form class="stack form" method="post" action=action data-guard="">
                {form.whole()}
                {form.version_field(credential.meta.version)}
                {fields(&form, providers, &credential.values)}
                <div class="cluster">
                    <button class="button primary" type="submit">"Save changes"</button>
                    <a class="button quiet" href=href>"Cancel"</a>
                </div>
            </form>
        </details>
    }
}
