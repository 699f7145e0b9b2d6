//! The pages about access groups.

mod delete;
mod detail;
mod form;
mod list;

use crate::kit::{Said, segment};

pub use delete::DeleteAccessGroupPage;
pub use detail::AccessGroupPage;
pub use form::NewAccessGroupPage;
pub use list::AccessGroupList;

pub const ACCESS_GROUPS: &str = "/ui/access-groups";

/// The page of one access group.
pub fn access_group_href(id: &str) -> String {
    format!("{ACCESS_GROUPS}/{}", segment(id))
}

/// How a change of an access group went.
const SAID: &[Said] = &[
    Said::good("created", "The access group is created. Keys, teams and organisations can name it from now on."),
    Said::good("deleted", "The access group is deleted."),
];
