//! Before a user is deleted: what breaks then.

use leptos::prelude::*;

use super::user_href;
use crate::api::user_losses;
use crate::components::count_text;
use crate::kit::{ConfirmPage, Form, load_titled, path_id};
use crate::pages::teams::keys_text;

#[component]
pub fn DeleteUserPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled("Delete user", "What breaks then.", user_losses(path_id()), move |(view, losses)| {
        let (name, href) = (view.user.label().to_owned(), user_href(view.user.id.as_str()));
        let members = match losses.members {
            0 => "They are in no team and no organisation.".to_owned(),
            1 => "1 membership goes.".to_owned(),
            count => format!("{} memberships go.", count_text(count)),
        };
        let keys = keys_text(&losses).replace("It has no keys", "They have no keys");
        let note = "It can't be undone. What was called and what it cost stays on record. To keep somebody out for a while, disable them instead.";
        view! {
            <ConfirmPage
                back=(href.clone(), "The user")
                title=format!("Delete {name}?")
                action=format!("{href}/delete")
                verb="Delete user"
                name=Some(name)
                hidden=vec![("version", view.user.meta.version.to_string())]
                form
            >
                <ul class="stack tight">
                    <li>{keys}</li>
                    <li>{members}</li>
                    <li>"They can't sign in any more, and are signed out at once."</li>
                </ul>
                <p>{note}</p>
            </ConfirmPage>
        }
    })
}
