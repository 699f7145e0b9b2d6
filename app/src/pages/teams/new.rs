//! The form that makes a team.

use leptos::prelude::*;

use super::TEAMS;
use super::form::fields;
use crate::api::new_team_form;
use crate::components::{Notice, PageHeader, Tone};
use crate::kit::{Crumb, Form, load, query};

#[component]
pub fn NewTeamPage() -> impl IntoView {
    let organisation = query().get("organisation").unwrap_or_default();
    let form = Form::of_context().unwrap_or_else(|| Form::filled([("organisation_id", organisation)]));
    view! {
        <Crumb href=TEAMS label="Teams" />
        <PageHeader title="Create team" purpose="People who share models, keys and a budget. Members and keys come after this." />
        {load(new_team_form(), move |view| {
            if !view.may_create {
                let text = "Your role may look at teams and not create any. Ask an administrator.";
                return view! { <Notice tone=Tone::Info>{text}</Notice> }.into_any();
            }
            let help = "Manages members and keys. Optional: more members are added on the team's page.";
            let first = (!view.people.known.is_empty())
                .then(|| form.pick("first_admin", "Its administrator", help, "Nobody yet", &view.people));
            view! {
                <form class="stack form" method="post" action="/ui/teams/new" data-guard="">
                    {fields(&form, view, true)}
                    {first}
                    <div class="cluster">
                        <button class="button primary" type="submit">"Create team"</button>
                        <a class="button quiet" href=TEAMS>"Cancel"</a>
                    </div>
                </form>
            }
            .into_any()
        })}
    }
}
