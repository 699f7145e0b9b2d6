//! Changing an organisation.

use leptos::prelude::*;

use super::detail::OrganisationPage;
use super::form::{fields, form_of};
use super::organisation_href;
use crate::api::edit_organisation;
use crate::kit::{Form, LimitFacts, load_titled, path_id};

#[component]
pub fn OrganisationSettings() -> impl IntoView {
    let refused = Form::of_context();
    let asked = edit_organisation(path_id());
    load_titled("Organisation", "What this organisation may do.", asked, move |(view, form_view)| {
        let organisation = view.organisation.clone();
        let href = format!("{}/settings", organisation_href(organisation.id.as_str()));
        let back = href.clone();
        let body = if view.rights.update {
            let form = refused.unwrap_or_else(|| form_of(&organisation, &form_view));
            view! {
                <form class="stack form" method="post" action=href data-guard="">
                    {form.version_field(organisation.meta.version)}
                    {fields(&form, form_view, view.rights.give)}
                    <div class="cluster">
                        <button class="button primary" type="submit">"Save changes"</button>
                        <a class="button quiet" href=back>"Cancel"</a>
                    </div>
                </form>
            }
            .into_any()
        } else {
            view! { <LimitFacts limits=organisation.limits.clone() /> }.into_any()
        };
        view! { <OrganisationPage view current="Settings">{body}</OrganisationPage> }
    })
}
