//! `/model/*`, `/model_group/info`: what can be called, and the models that are kept in the database.

mod change;
mod info;
mod metrics;
mod shape;

pub use change::{block, delete, new, patch, unblock, update};
pub use info::{deprecations, group_info, info, info_v2};
pub use metrics::{exceptions, metrics, slow_responses, streaming_metrics};
