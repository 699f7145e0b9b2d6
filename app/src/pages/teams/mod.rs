//! The pages about teams.

mod delete;
mod detail;
mod form;
mod list;
mod new;
mod settings;
mod table;

use super::members::MEMBER_SAID;
use crate::kit::{Said, Tab, segment};

pub use delete::{DeleteTeamPage, keys_text};
pub use detail::{TeamDetail, TeamKeys};
pub use list::TeamList;
pub use new::NewTeamPage;
pub use settings::TeamSettings;
pub use table::{ModelsCell, StateBadge, TeamTable};

pub const TEAMS: &str = "/ui/teams";

/// The page of one team.
pub fn team_href(id: &str) -> String {
    format!("{TEAMS}/{}", segment(id))
}

fn tabs(id: &str, current: &str) -> Vec<Tab> {
    let href = team_href(id);
    let tab = |label, href: String| Tab { label, current: label == current, href };
    vec![tab("Members", href.clone()), tab("Keys", format!("{href}/keys")), tab("Settings", format!("{href}/settings"))]
}

/// How a change of a team went.
pub const SAID: &[Said] = &[
    Said::good("created", "The team is created. Add its members, then give it keys."),
    Said::good("blocked", "The team is blocked. Calls with its keys are refused from now on, until it is unblocked."),
    Said::good("unblocked", "The team is no longer blocked."),
    Said::good("deleted", "The team is deleted, with its keys and memberships. What it did stays on record."),
    MEMBER_SAID[0],
    MEMBER_SAID[1],
    MEMBER_SAID[2],
];
