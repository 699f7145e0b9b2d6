//! Single sign-on: what a provider proves about somebody, what becomes of them here, and what can go wrong.
//!
//! Pure: which role and which teams somebody gets is decided here, from what was verified elsewhere.

mod admission;
mod fault;

pub use admission::{Admission, Groups, Proven, RoleMapping, TeamMapping};
pub use fault::Fault;
