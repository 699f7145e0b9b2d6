//! Requests: what was called, what it cost, how it went.

mod charges;
mod get;
mod list;

pub use charges::charges;
pub use get::get;
pub use list::list;
pub use tollgate_store::{ExportedCharge, LARGEST_PART};
