//! The pages about keys.

mod created;
mod delete;
mod detail;
mod edit;
mod form;
mod list;
mod new;
mod owner;
mod rotate;
mod table;

use crate::kit::{Query, Said};

pub use created::{CreatedKeyPage, CreatedKeyView, HowMade, ShownOnce};
pub use delete::{DeleteKeyPage, DeleteKeysPage};
pub use detail::KeyDetail;
pub use form::{Expiry, leaving_name};
pub use list::{KeyList, key_filters};
pub use new::NewKeyPage;
pub use owner::Owner;
pub use rotate::{CollectKeyPage, RotateKeyPage};
pub use table::KeyTable;

pub const KEYS: &str = "/ui/keys";

/// The page of one key.
pub fn key_href(id: &str) -> String {
    format!("{KEYS}/{id}")
}

/// The list's page that an address of it names, whatever else it says: where a form may come back to.
pub fn list_address(back: &str) -> Option<String> {
    let rest = back.strip_prefix(KEYS)?;
    (rest.is_empty() || rest.starts_with('?')).then(|| key_filters().read(&Query::parse(rest)).href())
}

/// How a change of a key went.
pub const SAID: &[Said] = &[
    Said::good("blocked", "The key is blocked. Calls with it are refused from now on, until it is unblocked."),
    Said::good("unblocked", "The key is no longer blocked."),
    Said::good(
        "deleted",
        "The key is deleted. Calls with it are refused; what it did stays on record. It can't be brought back.",
    ),
    Said::bad("nothing_waits", "There is no new text to collect: somebody was faster, or the key was rotated since."),
    Said::good("keys_blocked", "The keys are blocked. Calls with them are refused from now on."),
    Said::bad("keys_partly", "It failed before all of the keys were done: look at the list, and try again."),
    Said::good("keys_unblocked", "The keys are no longer blocked."),
    Said::good("keys_deleted", "The keys are deleted. Calls with them are refused; what they did stays on record."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_comes_back_to_the_list_and_nowhere_else() {
        assert_eq!(list_address("/ui/keys").as_deref(), Some("/ui/keys"));
        assert_eq!(
            list_address("/ui/keys?q=a%20b&status=active&after=1_a&evil=1").as_deref(),
            Some("/ui/keys?q=a%20b&status=active&after=1_a")
        );
        for other in ["", "https://evil.example/ui/keys", "//evil.example", "/ui/keysx", "/ui/requests"] {
            assert_eq!(list_address(other), None, "{other}");
        }
    }
}
