//! The pages about keys.

mod created;
mod detail;
mod edit;
mod form;
mod list;
mod new;
mod notice;
mod query;
mod snippets;

pub use created::{CreatedKeyContext, CreatedKeyPage, CreatedKeyView, ShownOnce};
pub use detail::KeyDetail;
pub use edit::EditKeyContext;
pub use form::{Expiry, FormErrors, FormState, KeyForm};
pub use list::KeyList;
pub use list::back_to_list;
pub use new::NewKeyPage;
pub use notice::Notice;
pub use query::{KeysQuery, key_href};
pub use snippets::Call;
