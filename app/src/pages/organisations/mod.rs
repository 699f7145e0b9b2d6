//! The pages about organisations.

mod delete;
mod detail;
mod form;
mod list;
mod new;
mod settings;

use super::members::MEMBER_SAID;
use crate::kit::{Said, Tab, segment};

pub use delete::DeleteOrganisationPage;
pub use detail::{OrganisationDetail, OrganisationMembers};
pub use list::OrganisationList;
pub use new::NewOrganisationPage;
pub use settings::OrganisationSettings;

pub const ORGANISATIONS: &str = "/ui/organisations";

/// The page of one organisation.
pub fn organisation_href(id: &str) -> String {
    format!("{ORGANISATIONS}/{}", segment(id))
}

fn tabs(id: &str, current: &str) -> Vec<Tab> {
    let href = organisation_href(id);
    let tab = |label, href: String| Tab { label, current: label == current, href };
    vec![
        tab("Teams", href.clone()),
        tab("Members", format!("{href}/members")),
        tab("Settings", format!("{href}/settings")),
    ]
}

/// How a change of an organisation went.
pub const SAID: &[Said] = &[
    Said::good("created", "The organisation is created. Add its teams, and whoever runs it."),
    Said::good("blocked", "The organisation is blocked. Calls with its teams' keys are refused from now on."),
    Said::good("unblocked", "The organisation is no longer blocked."),
    Said::good("deleted", "The organisation is deleted. What it did stays on record."),
    MEMBER_SAID[0],
    MEMBER_SAID[1],
    MEMBER_SAID[2],
];
