//! `/user/*`

mod bulk;
mod change;
mod info;
mod list;
mod new;
mod shape;

pub use bulk::bulk_update;
pub use change::{delete, update};
pub use info::{available_roles, info, info_v2, me};
pub use list::{filter_ui, list};
pub use new::new;
pub use shape::{brief, describe};
