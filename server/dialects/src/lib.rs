//! The wire formats of callers and providers, and how one becomes another.
//!
//! Pure functions over bytes and values: no clock, no network, no database, no randomness. It knows the domain's types
//! and nothing of people, keys or limits.
//!
//! Every dialect is read into and written from one [`neutral`] form, so that N dialects need N translations and not
//! N × N.

pub mod json;
pub mod neutral;
pub mod usage;
