//! The pages about credentials: secrets that models share.

mod delete;
mod detail;
mod form;
mod list;
mod new;

use crate::kit::{Said, segment};

pub use delete::DeleteCredentialPage;
pub use detail::CredentialPage;
pub use list::CredentialList;
pub use new::NewCredentialPage;

pub const CREDENTIALS: &str = "/ui/credentials";

/// The page of one credential.
pub fn credential_href(id: &str) -> String {
    format!("{CREDENTIALS}/{}", segment(id))
}

/// How a change of a credential went.
const SAID: &[Said] = &[
    Said::good("created", "The credential is created. Models can use it from now on."),
    Said::good("updated", "The changes are saved. Models that use the credential call with them from now on."),
    Said::good("deleted", "The credential is deleted, and what it held is erased."),
];
