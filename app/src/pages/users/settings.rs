//! Changing a user.

use leptos::prelude::*;

use super::detail::UserPage;
use super::form::{fields, form_of};
use super::user_href;
use crate::api::edit_user;
use crate::kit::{Form, LimitFacts, load_titled, path_id};

#[component]
pub fn UserSettings() -> impl IntoView {
    let refused = Form::of_context();
    load_titled("User", "What this person may do.", edit_user(path_id()), move |(view, form_view)| {
        let user = view.user.clone();
        let href = format!("{}/settings", user_href(user.id.as_str()));
        let back = href.clone();
        let body = if view.rights.update {
            let form = refused.unwrap_or_else(|| form_of(&user, &form_view));
            view! {
                <form class="stack form" method="post" action=href data-guard="">
                    {form.version_field(user.meta.version)}
                    {fields(&form, form_view.models.clone(), &form_view)}
                    <div class="cluster">
                        <button class="button primary" type="submit">"Save changes"</button>
                        <a class="button quiet" href=back>"Cancel"</a>
                    </div>
                </form>
            }
            .into_any()
        } else {
            view! { <LimitFacts limits=user.limits.clone() /> }.into_any()
        };
        view! { <UserPage view current="Settings">{body}</UserPage> }
    })
}
