//! The pages about requests.

mod breakdown;
mod detail;
mod list;
mod query;
mod refusals;
mod table;
mod timing;
mod words;

pub use breakdown::line as cost_line;
pub use detail::RequestDetailPage;
pub use list::RequestList;
pub use query::{RequestsQuery, request_href, requests_of_key};
pub use table::RequestTable;
