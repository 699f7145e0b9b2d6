//! Before a credential is deleted: nothing may use it.

use leptos::prelude::*;

use super::credential_href;
use super::detail::UsedBy;
use crate::api::get_credential;
use crate::components::{Notice, Tone};
use crate::kit::{ConfirmPage, Form, load_titled, path_id};

#[component]
pub fn DeleteCredentialPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled("Delete credential", "What breaks then.", get_credential(path_id()), move |view| {
        let credential = view.credential;
        let href = credential_href(&credential.id);
        let used = (!credential.models.is_empty()).then(|| {
            let models = credential.models.clone();
            view! {
                <Notice tone=Tone::Warning>
                    "It can't be deleted while models use it. Give these another one first, or a key of their own:"
                    <UsedBy models />
                </Notice>
            }
        });
        view! {
            <ConfirmPage
                back=(href.clone(), "The credential")
                title=format!("Delete {}?", credential.id)
                action=format!("{href}/delete")
                verb="Delete credential"
                name=Some(credential.id)
                form
            >
                {used}
                <p>"What it holds is erased, and can't be brought back. At the provider the key goes on to be valid: take it away there too."</p>
            </ConfirmPage>
        }
    })
}
