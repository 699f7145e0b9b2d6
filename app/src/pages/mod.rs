//! The pages, one a file.

mod ago;
mod keys;
mod models;
mod not_found;
mod overview;
mod problem;
mod requests;
mod setup;
mod sign_in;

pub use crate::kit::Query;
pub use keys::back_to_list;
pub use keys::{
    CreatedKeyContext, CreatedKeyPage, CreatedKeyView, EditKeyContext, Expiry, FormErrors, FormState, KeyDetail,
    KeyForm, KeyList, KeysQuery, NewKeyPage, Notice, ShownOnce, key_href,
};
pub use models::{Models, ModelsContent};
pub use not_found::NotFound;
pub use overview::{Overview, OverviewContent, OverviewHeader};
pub use problem::Problem;
pub use requests::{RequestDetailPage, RequestList, RequestsQuery, request_href};
pub use setup::Setup;
pub use sign_in::SignIn;
