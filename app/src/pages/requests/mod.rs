//! The pages about requests.

mod breakdown;
mod detail;
mod list;
mod refusals;
mod table;
mod timing;
mod words;

use tollgate_domain::summary::Period;

use crate::kit::Query;

pub use breakdown::line as cost_line;
pub use detail::RequestDetailPage;
pub use list::{RequestList, request_filters};
pub use table::RequestTable;

pub const REQUESTS: &str = "/ui/requests";

/// The page of one request.
pub fn request_href(id: &str) -> String {
    format!("{REQUESTS}/{id}")
}

/// The requests of one key.
pub fn requests_of_key(id: &str) -> String {
    Query::default().with("key", Some(id)).href(REQUESTS)
}

/// A period in words.
pub fn period_label(period: Period) -> &'static str {
    match period {
        Period::Hour => "Last hour",
        Period::Day => "Last 24 hours",
        Period::Week => "Last 7 days",
        Period::Month => "Last 30 days",
    }
}
