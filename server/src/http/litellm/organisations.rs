//! `/organization/*`

mod change;
mod members;
mod shape;

pub use change::{delete, info, info_many, list, new, patch, update};
pub use members::{member_add, member_delete, member_update};
