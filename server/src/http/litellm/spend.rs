//! What was called and spent: `/spend/*`, `/global/*`, and the daily activity of everything.

mod activity;
mod by_user;
mod calculate;
mod capture;
mod daily;
mod each;
mod global;
mod keys;
mod lists;
mod logs;
mod range;
mod report;
mod rows;
mod scoped;
mod tags;
mod totals;

pub use activity::{global_activity, global_activity_model, global_cache_hits, global_exceptions};
pub use by_user::by_user;
pub use calculate::calculate;
pub use capture::capture_rate;
pub use daily::{
    customer_aggregated, customer_daily, organisation_aggregated, organisation_daily, tag_aggregated, tag_daily,
    team_aggregated, team_daily, user_aggregated, user_daily,
};
pub use each::day;
pub use global::{global_keys, global_logs, global_models, global_provider, global_spend, global_tags, global_teams};
pub use lists::{spend_keys, spend_tags, spend_users};
pub use logs::{log_of_session, log_one, logs, logs_v2};
pub use range::Range;
pub use report::global_report;
pub use scoped::{key_report, organisation_report, team_report, user_report};
pub use tags::{tag_daily_users, tag_monthly_users, tag_names, tag_summary, tag_weekly_users};
pub use totals::Spent;
