//! The pages about end customers.

mod delete;
mod detail;
mod form;
mod list;

use crate::kit::{Said, segment};

pub use delete::DeleteCustomerPage;
pub use detail::CustomerPage;
pub use form::NewCustomerPage;
pub use list::CustomerList;

pub const CUSTOMERS: &str = "/ui/customers";

/// The page of one customer.
pub fn customer_href(id: &str) -> String {
    format!("{CUSTOMERS}/{}", segment(id))
}

/// How a change of a customer went.
const SAID: &[Said] = &[
    Said::good("created", "The customer is created. Calls that name its id as their user are its."),
    Said::good("blocked", "The customer is blocked."),
    Said::good("unblocked", "The customer is no longer blocked."),
    Said::good("deleted", "The customer is deleted. What was spent for it stays on record."),
];
