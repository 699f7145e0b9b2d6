//! Inviting somebody: a link by which they choose a password, shown once.

use leptos::prelude::*;

use super::user_href;
use crate::ServerError;
use crate::api::{UserView, get_user_alone};
use crate::components::{CopyField, Notice, PageHeader, Tone};
use crate::kit::{Form, load_titled, path_id};
use crate::pages::ShownOnce;

const PURPOSE: &str = "A link by which this person chooses a password and is signed in. It works once, for a week.";

/// A link, on its one way to the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationLink(pub ShownOnce);

#[component]
pub fn InvitePage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    let link = use_context::<InvitationLink>();
    load_titled("Invite", PURPOSE, invitable(path_id()), move |UserView { user, .. }| {
        let href = user_href(user.id.as_str());
        let title = format!("Invite {}", user.label());
        let content = match link {
            Some(InvitationLink(link)) => view! {
                <Notice tone=Tone::Warning>"The link is shown once. Give it to this person alone: whoever opens it first chooses the password."</Notice>
                <div class="ids"><CopyField label="Invitation link" id="invitation" value=link.text().to_owned() /></div>
                <p><a class="button primary" href=href.clone()>"Done"</a></p>
            }
            .into_any(),
            None => view! {
                <form class="stack form" method="post" action=format!("{href}/invite")>
                    {form.whole()}
                    <p>"A link that was made before stops working. A password that is set goes on working until the link is used."</p>
                    <div class="cluster">
                        <button class="button primary" type="submit">"Make the link"</button>
                        <a class="button quiet" href=href.clone()>"Cancel"</a>
                    </div>
                </form>
            }
            .into_any(),
        };
        view! {
            <nav class="crumbs" aria-label="Where this is"><a href=href>"The user"</a></nav>
            <PageHeader title purpose=PURPOSE />
            {content}
        }
    })
}

/// The user of the address, for whoever may invite them.
async fn invitable(id: String) -> Result<UserView, ServerError> {
    let view = get_user_alone(id).await?;
    if view.rights.update { Ok(view) } else { Err(ServerError::Denied) }
}
