//! What was called and spent: `/spend/*`, `/global/*`, and the daily activity of everything.

mod activity;
mod calculate;
mod daily;
mod global;
mod keys;
mod lists;
mod logs;
mod range;
mod report;
mod rows;
mod totals;

pub use activity::{global_activity, global_activity_model};
pub use calculate::calculate;
pub use daily::{customer_daily, organisation_daily, tag_daily, team_daily, user_daily};
pub use global::{global_keys, global_logs, global_models, global_provider, global_spend, global_tags, global_teams};
pub use lists::{spend_keys, spend_tags, spend_users};
pub use logs::{logs, logs_v2};
pub use range::Range;
pub use report::global_report;
pub use totals::Spent;
