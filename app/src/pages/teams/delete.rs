//! Before a team is deleted: what breaks then.

use leptos::prelude::*;

use super::team_href;
use crate::api::{Losses, team_losses};
use crate::components::count_text;
use crate::kit::{ConfirmPage, Form, load_titled, path_id};
use crate::pages::ago::ago;

#[component]
pub fn DeleteTeamPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled("Delete team", "What breaks then.", team_losses(path_id()), move |(view, losses)| {
        let (name, href) = (view.team.name.clone(), team_href(view.team.id.as_str()));
        let note = "It can't be undone. What was called and what it cost stays on record. To stop a team for a while, block it instead.";
        view! {
            <ConfirmPage
                back=(href.clone(), "The team")
                title=format!("Delete {name}?")
                action=format!("{href}/delete")
                verb="Delete team"
                name=Some(name)
                hidden=vec![("version", view.team.meta.version.to_string())]
                form
            >
                <ul class="stack tight">
                    <li>{keys_text(&losses)}</li>
                    <li>{members_text(losses.members)}</li>
                </ul>
                <p>{note}</p>
            </ConfirmPage>
        }
    })
}

/// What becomes of keys that go with something.
pub fn keys_text(losses: &Losses) -> String {
    let keys = match losses.keys {
        0 => return "It has no keys, so nothing that runs should break.".to_owned(),
        1 => "1 key is deleted, and whatever uses it is refused from that moment on".to_owned(),
        count => {
            format!("{} keys are deleted, and whatever uses them is refused from that moment on", count_text(count))
        }
    };
    match (losses.last_used_at, losses.keys_in_use) {
        (None, _) => format!("{keys}. None was ever used."),
        (Some(at), 0) => format!("{keys}. The last was used {}.", ago(at, losses.now)),
        (Some(at), used) => {
            format!("{keys}. {} used within the last day, the last {}.", were(used), ago(at, losses.now))
        }
    }
}

fn were(count: i64) -> String {
    if count == 1 { "1 was".to_owned() } else { format!("{} were", count_text(count)) }
}

fn members_text(members: i64) -> String {
    match members {
        0 => "It has no members.".to_owned(),
        1 => "1 person is no longer a member of it; they stay a user.".to_owned(),
        count => format!("{} people are no longer members of it; they stay users.", count_text(count)),
    }
}
