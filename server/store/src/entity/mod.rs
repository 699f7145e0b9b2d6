//! The tables as SeaORM sees them, and the way between rows and the domain's types.

pub mod audit_event;
pub mod charge;
pub mod identity;
pub mod key_total;
pub mod one_time_token;
pub mod refusal;
pub mod retired_digest;
pub mod scim_entry;
pub mod session;
pub mod sign_in;
pub mod virtual_key;
