//! The pages about reusable budgets.

mod delete;
mod detail;
mod form;
mod list;

use crate::kit::{Said, segment};

pub use delete::DeleteBudgetPage;
pub use detail::BudgetPage;
pub use form::NewBudgetPage;
pub use list::BudgetList;

pub const BUDGETS: &str = "/ui/budgets";

/// The page of one budget.
pub fn budget_href(id: &str) -> String {
    format!("{BUDGETS}/{}", segment(id))
}

/// How a change of a budget went.
const SAID: &[Said] = &[
    Said::good("created", "The budget is created. Give it to keys, teams, people, customers or tags on their pages."),
    Said::good("deleted", "The budget is deleted."),
];
