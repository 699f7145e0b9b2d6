//! Before an organisation is deleted: what breaks then.

use leptos::prelude::*;

use super::organisation_href;
use crate::api::organisation_losses;
use crate::components::{Notice, PageHeader, Tone, count_text};
use crate::kit::{ConfirmPage, Form, load_titled, path_id};

#[component]
pub fn DeleteOrganisationPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    let asked = organisation_losses(path_id());
    load_titled("Delete organisation", "What breaks then.", asked, move |(view, members)| {
        let (name, href) = (view.organisation.name.clone(), organisation_href(view.organisation.id.as_str()));
        if view.teams > 0 {
            let teams = if view.teams == 1 { "1 team".to_owned() } else { format!("{} teams", count_text(view.teams)) };
            return view! {
                <PageHeader title=format!("Delete {name}?") purpose="Not while it has teams." />
                <Notice tone=Tone::Warning>
                    {format!("It has {teams}: delete them first, or move them to another organisation. ")}
                    <a href=href>"Its teams"</a>
                </Notice>
            }
            .into_any();
        }
        let members = match members {
            0 => "It has no teams and no members, so nothing that runs should break.".to_owned(),
            1 => "1 person is no longer a member of it; they stay a user.".to_owned(),
            count => format!("{} people are no longer members of it; they stay users.", count_text(count)),
        };
        view! {
            <ConfirmPage
                back=(href.clone(), "The organisation")
                title=format!("Delete {name}?")
                action=format!("{href}/delete")
                verb="Delete organisation"
                name=Some(name)
                hidden=vec![("version", view.organisation.meta.version.to_string())]
                form
            >
                <p>{members}</p>
                <p>"It can't be undone. What its teams called and what it cost stays on record."</p>
            </ConfirmPage>
        }
        .into_any()
    })
}
