//! Requests: what was called, what it cost, how it went.

mod get;
mod list;

pub use get::get;
pub use list::list;
