//! Who is in a team or organisation: parts of their pages, and the pages of one membership.

mod edit;
mod remove;
mod table;

use tollgate_domain::ids::{OrganisationId, TeamId};
use tollgate_domain::membership::{Group, MemberRole};

use crate::kit::{Said, segment};
use crate::pages::{organisation_href, team_href};

pub use edit::{OrganisationMemberPage, TeamMemberPage};
pub use remove::{RemoveOrganisationMemberPage, RemoveTeamMemberPage};
pub use table::{Members, RoleBadge};

/// How a change of members went.
pub const MEMBER_SAID: [Said; 3] = [
    Said::good("member_added", "The person is a member from now on."),
    Said::good("member_changed", "What the member is and may do is changed, from the next call on."),
    Said::good("member_removed", "The person is no longer a member. Keys that they had in it no longer work."),
];

/// The page of a team or organisation.
pub fn group_href(group: &Group) -> String {
    match group {
        Group::Team(id) => team_href(id.as_str()),
        Group::Organisation(id) => organisation_href(id.as_str()),
    }
}

/// The members of a team or organisation.
pub fn members_href(group: &Group) -> String {
    format!("{}/members", group_href(group))
}

/// One of them.
pub fn member_href(group: &Group, user: &str) -> String {
    format!("{}/{}", members_href(group), segment(user))
}

/// A team or organisation that an address names; one with an id that none can have is not there.
fn group_of(team: bool, id: &str) -> Option<Group> {
    if team { TeamId::parse(id).map(Group::Team) } else { OrganisationId::parse(id).map(Group::Organisation) }
}

fn noun(group: &Group) -> &'static str {
    if group.team().is_some() { "team" } else { "organisation" }
}

/// What can be chosen as a member's role.
pub fn role_options() -> [(&'static str, &'static str); 2] {
    [(MemberRole::Member.as_str(), "Member"), (MemberRole::Admin.as_str(), "Administrator")]
}
