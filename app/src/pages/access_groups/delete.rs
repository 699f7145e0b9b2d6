//! Before an access group is deleted: what breaks then.

use leptos::prelude::*;

use super::access_group_href;
use crate::api::get_access_group;
use crate::kit::{ConfirmPage, Form, load_titled, path_id};

#[component]
pub fn DeleteAccessGroupPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled("Delete access group", "What breaks then.", get_access_group(path_id()), move |view| {
        let name = view.record.id.to_string();
        let href = access_group_href(&name);
        view! {
            <ConfirmPage
                back=(href.clone(), "The access group")
                title=format!("Delete {name}?")
                action=format!("{href}/delete")
                verb="Delete access group"
                name=Some(name)
                form
            >
                <p>"Keys, teams and organisations that name it lose its models from that moment on: their calls of them are refused, unless they have them in another way."</p>
            </ConfirmPage>
        }
    })
}
