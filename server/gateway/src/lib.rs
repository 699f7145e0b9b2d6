//! Tollgate's data plane: a call comes in with a virtual key, is authenticated, forwarded to a deployment, relayed
//! back, priced, and charged exactly once.
//!
//! This crate may not know people, sessions or pages, and not the control plane: it takes snapshots of what that
//! publishes ([`Gateway::replace_catalog`], [`Gateway::key_changed`]). On the path of a call nothing waits for the
//! database, but for a key that is not in memory.

mod auth;
mod call;
mod gateway;
mod ledger;
mod models;
mod openai;
mod payers;
mod routes;
mod simulator;
mod targets;
#[cfg(test)]
mod tests;
mod upstream;

pub use auth::{TokenCallers, TokenRules, from_client, present_key};
pub use gateway::{Gateway, GatewayParts, Settings};
pub use ledger::{JournalError, Ledger, Recovered, Written};
pub use openai::error::CallError;
pub use routes::router;
pub use targets::{credentials, signature_for};
pub use upstream::{is_link_local, use_shard};
