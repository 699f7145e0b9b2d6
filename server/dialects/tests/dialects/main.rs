//! What is true of every dialect.

mod fuzz;
mod golden;
mod mapping;
mod properties;
mod streams;
mod support;
