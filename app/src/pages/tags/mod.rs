//! The pages about tags.

mod delete;
mod detail;
mod form;
mod list;

use crate::kit::{Said, segment};

pub use delete::DeleteTagPage;
pub use detail::TagPage;
pub use form::NewTagPage;
pub use list::TagList;

pub const TAGS: &str = "/ui/tags";

/// The page of one tag.
pub fn tag_href(id: &str) -> String {
    format!("{TAGS}/{}", segment(id))
}

/// How a change of a tag went.
const SAID: &[Said] = &[
    Said::good("created", "The tag is created. Give it to keys and teams, or send it with calls."),
    Said::good("deleted", "The tag is deleted. What was spent under it stays on record."),
];
