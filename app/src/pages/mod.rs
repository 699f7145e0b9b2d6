//! The pages, one a file.

mod keys;
mod models;
mod not_found;
mod overview;
mod requests;
mod setup;
mod sign_in;

pub use keys::{CreatedKeyPage, KeyDetail, KeyList, NewKeyPage};
pub use models::Models;
pub use not_found::NotFound;
pub use overview::Overview;
pub use requests::{RequestDetailPage, RequestList};
pub use setup::Setup;
pub use sign_in::SignIn;
