//! Changing a team.

use leptos::prelude::*;

use super::detail::TeamPage;
use super::form::{fields, form_of};
use super::team_href;
use crate::api::edit_team;
use crate::kit::{Fact, Facts, Form, LimitFacts, load_titled, path_id};

#[component]
pub fn TeamSettings() -> impl IntoView {
    let refused = Form::of_context();
    load_titled("Team", "What this team may do.", edit_team(path_id()), move |(view, form_view)| {
        let team = view.team.clone();
        let href = format!("{}/settings", team_href(team.id.as_str()));
        let back = href.clone();
        let body = if view.rights.update {
            let form = refused.unwrap_or_else(|| form_of(&team, &form_view));
            view! {
                <form class="stack form" method="post" action=href data-guard="">
                    {form.version_field(team.meta.version)}
                    {fields(&form, form_view, view.rights.give)}
                    <div class="cluster">
                        <button class="button primary" type="submit">"Save changes"</button>
                        <a class="button quiet" href=back>"Cancel"</a>
                    </div>
                </form>
            }
            .into_any()
        } else {
            let aliases =
                team.model_aliases.iter().map(|(alias, model)| format!("{alias} = {model}")).collect::<Vec<_>>();
            let or_none = |text: String| if text.is_empty() { "None".to_owned() } else { text };
            view! {
                <LimitFacts limits=team.limits.clone() />
                <Facts>
                    <Fact label="Model aliases" mono=true>{or_none(aliases.join(", "))}</Fact>
                    <Fact label="Tags">{or_none(team.tags.join(", "))}</Fact>
                </Facts>
            }
            .into_any()
        };
        view! { <TeamPage view current="Settings">{body}</TeamPage> }
    })
}
