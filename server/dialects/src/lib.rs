//! The wire formats of callers and providers, and how one becomes another.
//!
//! Pure functions over bytes and values: no clock, no network, no database, no randomness. It knows the domain's types
//! and nothing of people, keys or limits.

pub mod tokens;
pub mod usage;
