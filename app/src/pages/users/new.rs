//! The form that makes a user.

use leptos::prelude::*;
use tollgate_domain::user::SHORTEST_PASSWORD;

use super::USERS;
use super::form::fields;
use crate::api::{UserFormView, new_user_form};
use crate::components::{Notice, PageHeader, Tone};
use crate::kit::{Crumb, Form, load};
use crate::pages::members::role_options;

#[component]
pub fn NewUserPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    view! {
        <Crumb href=USERS label="Users" />
        <PageHeader title="Create user" purpose="A person who signs in here, or whose keys call models." />
        {load(new_user_form(), move |view| {
            if !view.may_create {
                let text = "Your role does not create users. Ask an administrator.";
                return view! { <Notice tone=Tone::Info>{text}</Notice> }.into_any();
            }
            let models = view.models.clone();
            let password = format!("At least {SHORTEST_PASSWORD} characters. Without one, the person can't sign in until you set it.");
            view! {
                <form class="stack form" method="post" action="/ui/users/new" data-guard="">
                    {fields(&form, models, &view)}
                    {memberships(&form, view)}
                    <h2>"Signing in"</h2>
                    {form.password("password", "Password").help(password).view()}
                    <div class="cluster">
                        <button class="button primary" type="submit">"Create user"</button>
                        <a class="button quiet" href=USERS>"Cancel"</a>
                    </div>
                </form>
            }
            .into_any()
        })}
    }
}

/// What the person is a member of from the start.
fn memberships(form: &Form, view: UserFormView) -> impl IntoView + use<> {
    let UserFormView { teams, organisations, .. } = view;
    let some_teams = (!teams.known.is_empty()).then(|| {
        view! {
            {form.ticks("teams", "Teams", "", teams.known)}
            {form.select("team_role", "Role in these teams", role_options()).view()}
        }
    });
    let one_organisation = (!organisations.known.is_empty()).then(|| {
        view! {
            <div class="cluster form-row">
                {form.pick("organisation", "Organisation", "", "None", &organisations)}
                {form.select("organisation_role", "Role in it", role_options()).view()}
            </div>
        }
    });
    (some_teams.is_some() || one_organisation.is_some())
        .then(|| view! { <h2>"Memberships"</h2> {some_teams} {one_organisation} })
}
