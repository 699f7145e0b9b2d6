//! What is true of every dialect.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test and its parts")]

mod cost;
mod fuzz;
mod golden;
mod mapping;
mod properties;
mod streams;
mod support;
