//! The pages, one a file.

mod ago;
mod keys;
mod models;
mod not_found;
mod overview;
mod problem;
mod query;
mod requests;
mod setup;
mod sign_in;

#[cfg(feature = "ssr")]
pub use keys::back_to_list;
pub use keys::{
    CreatedKeyContext, CreatedKeyPage, CreatedKeyView, EditKeyContext, Expiry, FormErrors, FormState, KeyDetail,
    KeyForm, KeyList, KeysQuery, NewKeyPage, Notice, ShownOnce, key_href,
};
pub use models::{Models, ModelsContent};
pub use not_found::NotFound;
pub use overview::{Overview, OverviewContent, OverviewHeader};
#[cfg(all(test, feature = "ssr"))]
pub(crate) use query::Query;
pub use requests::{RequestDetailPage, RequestList, RequestsQuery};
pub use setup::Setup;
pub use sign_in::SignIn;
