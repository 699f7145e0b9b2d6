//! The pages about the audit log.

mod detail;
mod diff;
mod list;
mod verify;
mod words;

use crate::kit::{Query, segment};

pub use detail::AuditLinePage;
pub use list::{AuditList, audit_filters};
pub use verify::{AuditVerifyPage, Verified};

pub const AUDIT: &str = "/ui/audit";

/// The page of one line.
pub fn audit_href(id: &str) -> String {
    format!("{AUDIT}/{id}")
}

/// Everything that somebody did.
pub fn audit_of_actor(id: &str) -> String {
    Query::default().with("actor", Some(id)).href(AUDIT)
}

/// Everything that was done to a thing.
pub fn audit_of_thing(kind: &str, id: &str) -> String {
    Query::default().with("kind", Some(kind)).with("id", Some(id)).href(AUDIT)
}

/// The page of a thing that a line names, where it has one.
fn thing_href(kind: &str, id: &str) -> Option<String> {
    let list = match kind {
        "access_group" => "/ui/access-groups",
        "budget" => "/ui/budgets",
        "credential" => "/ui/credentials",
        "customer" => "/ui/customers",
        "key" => "/ui/keys",
        "model" => "/ui/models",
        "organisation" => "/ui/organisations",
        "tag" => "/ui/tags",
        "team" => "/ui/teams",
        "user" => "/ui/users",
        _ => return None,
    };
    (!id.is_empty()).then(|| format!("{list}/{}", segment(id)))
}
