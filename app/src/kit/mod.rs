//! What pages are made of beyond single components: how they are addressed, loaded and framed. `PAGES.md` shows how a
//! page is put together from these.

mod address;
mod load;

pub use address::{Query, path_param, query};
pub use load::{load, load_titled};
