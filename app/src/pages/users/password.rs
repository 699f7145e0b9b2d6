//! Setting somebody's password.

use leptos::prelude::*;
use tollgate_domain::user::SHORTEST_PASSWORD;

use super::user_href;
use crate::ServerError;
use crate::api::{UserView, get_user_alone};
use crate::components::{Notice, PageHeader, Tone};
use crate::kit::{Form, load_titled, path_id};

const PURPOSE: &str = "For somebody who is new here or forgot it. The old one no longer works then.";

#[component]
pub fn PasswordPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled("Set password", PURPOSE, settable(path_id()), move |UserView { user, .. }| {
        let href = user_href(user.id.as_str());
        let action = format!("{href}/password");
        let title = format!("Set the password of {}", user.label());
        let no_email = user.email.is_none().then(|| {
            view! { <Notice tone=Tone::Warning>"This user has no e-mail address, and can't sign in without one."</Notice> }
        });
        view! {
            <nav class="crumbs" aria-label="Where this is"><a href=href.clone()>"The user"</a></nav>
            <PageHeader title purpose=PURPOSE />
            {no_email}
            <form class="stack form" method="post" action=action>
                {form.whole()}
                {form.password("password", "New password").required().help(format!("At least {SHORTEST_PASSWORD} characters.")).view()}
                <div class="cluster">
                    <button class="button primary" type="submit">"Set password"</button>
                    <a class="button quiet" href=href>"Cancel"</a>
                </div>
            </form>
        }
    })
}

/// The user of the address, for whoever may set their password.
async fn settable(id: String) -> Result<UserView, ServerError> {
    let view = get_user_alone(id).await?;
    if view.rights.update { Ok(view) } else { Err(ServerError::Denied) }
}
