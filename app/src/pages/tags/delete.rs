//! Before a tag is deleted: what changes then.

use leptos::prelude::*;

use super::tag_href;
use crate::api::get_tag;
use crate::kit::{ConfirmPage, Form, load_titled, path_id};

#[component]
pub fn DeleteTagPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled("Delete tag", "What changes then.", get_tag(path_id()), move |view| {
        let name = view.record.id.to_string();
        let href = tag_href(&name);
        view! {
            <ConfirmPage
                back=(href.clone(), "The tag")
                title=format!("Delete {name}?")
                action=format!("{href}/delete")
                verb="Delete tag"
                name=Some(name)
                form
            >
                <p>"Its description, its limits and its routes go. Keys and teams that carry the tag go on to carry it, and what was spent under it stays on record."</p>
            </ConfirmPage>
        }
    })
}
