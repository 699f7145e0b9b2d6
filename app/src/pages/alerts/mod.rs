//! Alerts of budgets and limits, and limits that are tried on the past.

mod account;
mod list;
mod replay;
mod words;

pub use account::ShadowFacts;
pub use list::AlertList;
pub use replay::TryLimitPage;

pub const ALERTS: &str = "/ui/alerts";
pub const TRY_LIMIT: &str = "/ui/alerts/try";
