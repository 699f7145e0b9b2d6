//! Before somebody is taken out of a team or organisation.

use leptos::prelude::*;
use tollgate_domain::membership::Group;

use super::edit::asked;
use super::{group_of, member_href, members_href, noun};
use crate::kit::{ConfirmPage, Form, id_of_segment, load_titled, path_id, path_param};

/// Keys that are named one by one.
const NAMED: usize = 20;

#[component]
pub fn RemoveTeamMemberPage() -> impl IntoView {
    page(group_of(true, &path_id()))
}

#[component]
pub fn RemoveOrganisationMemberPage() -> impl IntoView {
    page(group_of(false, &path_id()))
}

fn page(group: Option<Group>) -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled(
        "Remove member",
        "What breaks then.",
        asked(group, id_of_segment(&path_param("user"))),
        move |(group, view)| {
            let (label, keys) = (view.member.label.clone(), view.keys.len());
            let action = format!("{}/remove", member_href(&group, view.member.membership.user_id.as_str()));
            let loses = match keys {
                0 => format!("They have no key in this {}, so nothing that runs should break.", noun(&group)),
                1 => {
                    "Their key in this team is deleted, and whatever uses it is refused from that moment on:".to_owned()
                }
                _ => format!(
                    "Their {keys} keys in this team are deleted, and whatever uses them is refused from that moment on:"
                ),
            };
            let named =
                view.keys.iter().take(NAMED).map(|key| view! { <li class="mono">{key.clone()}</li> }).collect_view();
            let rest = (keys > NAMED).then(|| view! { <li>{format!("and {} more", keys - NAMED)}</li> });
            let note = "The person stays a user, and may be made a member again; deleted keys can't be brought back. What was called and what it cost stays on record.";
            view! {
                <ConfirmPage
                    back=(members_href(&group), "Members")
                    title=format!("Remove {label} from {}?", view.group_name)
                    action
                    verb="Remove member"
                    form
                >
                    <p>{loses}</p>
                    {(keys > 0).then(|| view! { <ul class="stack tight">{named}{rest}</ul> })}
                    <p>{note}</p>
                </ConfirmPage>
            }
        },
    )
}
