//! `/team/*`

mod callbacks;
mod change;
mod info;
mod list;
mod members;
mod models;
mod new;
mod reset;
mod shape;

pub use callbacks::{callback_add, callback_delete, callbacks, disable_logging};
pub use change::{block, delete, patch, unblock, update};
pub use info::info;
pub use list::{available, list, list_v2};
pub use members::{bulk_member_add, member_add, member_delete, member_update};
pub use models::{model_add, model_delete, permissions_list, permissions_update};
pub use new::new;
pub use reset::member_reset_budget;
pub use shape::{describe_all, describe_membership};
