//! `/model/*`, `/model_group/info`: what can be called, and the models that are kept in the database.

mod change;
mod info;
mod shape;

pub use change::{block, delete, new, patch, unblock, update};
pub use info::{group_info, info, info_v2};
