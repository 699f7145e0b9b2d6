//! The pages, one a file.

mod ago;
mod audit;
mod credentials;
mod keys;
mod models;
mod not_found;
mod overview;
mod problem;
mod requests;
mod setup;
mod sign_in;

pub use crate::kit::Query;
pub use audit::{AUDIT, AuditLinePage, AuditList, AuditVerifyPage, Verified, audit_filters, audit_of_thing};
pub use credentials::{
    CREDENTIALS, CredentialList, CredentialPage, DeleteCredentialPage, NewCredentialPage, credential_href,
};
pub use keys::{
    CreatedKeyPage, CreatedKeyView, DeleteKeyPage, DeleteKeysPage, Expiry, KEYS, KeyDetail, KeyList, NewKeyPage,
    ShownOnce, key_href, list_address as keys_address,
};
pub use models::{
    DeleteModelPage, LITELLM_NAMES, MODELS, ModelPage, Models, ModelsContent, NewModelPage, PRICES, Tested, model_href,
};
pub use not_found::NotFound;
pub use overview::{Overview, OverviewContent, OverviewHeader};
pub use problem::Problem;
pub use requests::{RequestDetailPage, RequestList, request_href};
pub use setup::Setup;
pub use sign_in::SignIn;
