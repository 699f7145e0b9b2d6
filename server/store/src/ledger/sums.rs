//! The tables of sums, and how lines are added to what they hold.

use super::bulk::Bulk;

/// A table with measures after its key: adds to what is there, up to the ceiling.
macro_rules! measures {
    ($table:literal, $($key:literal),+) => {
        Bulk {
            table: $table,
            columns: &[
                $($key,)+
                "calls",
                "errors",
                "refused",
                "uncertain",
                "input_tokens",
                "output_tokens",
                "cache_read_tokens",
                "cache_write_tokens",
                "cost_nanos",
            ],
            conflict: concat!(
                "(", keys!($($key),+), ") DO UPDATE SET ",
                sum!($table, "calls"), ", ",
                sum!($table, "errors"), ", ",
                sum!($table, "refused"), ", ",
                sum!($table, "uncertain"), ", ",
                sum!($table, "input_tokens"), ", ",
                sum!($table, "output_tokens"), ", ",
                sum!($table, "cache_read_tokens"), ", ",
                sum!($table, "cache_write_tokens"), ", ",
                sum!($table, "cost_nanos"),
            ),
        }
    };
}

macro_rules! keys {
    ($first:literal $(, $more:literal)*) => { concat!($first $(, ", ", $more)*) };
}

macro_rules! sum {
    ($table:literal, $column:literal) => {
        concat!($column, " = {least}(100000000000000000, ", $table, ".", $column, " + excluded.", $column, ")")
    };
}

/// A table of what one thing used, ever.
macro_rules! totals {
    ($table:literal, $key:literal) => {
        Bulk {
            table: $table,
            columns: &[$key, "calls", "refused", "spent_nanos", "last_used_at"],
            conflict: concat!(
                "(",
                $key,
                ") DO UPDATE SET ",
                sum!($table, "calls"),
                ", ",
                sum!($table, "refused"),
                ", ",
                sum!($table, "spent_nanos"),
                ", ",
                "last_used_at = {greatest}(",
                $table,
                ".last_used_at, excluded.last_used_at)",
            ),
        }
    };
}

pub const USAGE_HOURS: Bulk = measures!("usage_hours", "hour", "key_id", "ownership_id", "model", "provider");
pub const USAGE_DAYS: Bulk = measures!("usage_days", "day", "key_id", "ownership_id", "model", "provider");
pub const MODEL_HOURS: Bulk = measures!("model_hours", "hour", "model");
pub const KEY_DAYS: Bulk = measures!("key_days", "day", "key_id");
pub const CUSTOMER_DAYS: Bulk =
    measures!("customer_days", "day", "customer", "key_id", "ownership_id", "model", "provider");
pub const TAG_DAYS: Bulk = measures!("tag_days", "day", "tag", "key_id", "ownership_id", "model", "provider");

pub const LATENCY_HOURS: Bulk = Bulk {
    table: "latency_hours",
    columns: &["model", "hour", "bucket", "calls"],
    conflict: "(model, hour, bucket) DO UPDATE SET calls = latency_hours.calls + excluded.calls",
};

pub const KEY_TOTALS: Bulk = totals!("key_totals", "key_id");
pub const OWNERSHIP_TOTALS: Bulk = totals!("ownership_totals", "ownership_id");
pub const CUSTOMER_TOTALS: Bulk = totals!("customer_totals", "customer");
pub const TAG_TOTALS: Bulk = totals!("tag_totals", "tag");
