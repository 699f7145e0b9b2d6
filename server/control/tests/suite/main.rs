//! The control plane's tests, on SQLite: what differs between the databases is tested with the store.

#![expect(clippy::pedantic, reason = "tests say what they mean in fewer words")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by it")]

mod access;
mod alerts;
mod callbacks;
mod escalation;
mod exports;
mod groups;
mod harness;
mod increases;
mod keys;
mod principals;
mod proof;
mod reads;
mod second_factor;
mod secrets;
mod sso;
mod sweep;
