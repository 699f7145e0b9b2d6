//! Tollgate's one domain model: the types and rules that the data plane, the control plane and the dashboard share.
//!
//! This crate may not do I/O, know a database, a web framework or a page; time and randomness come in through
//! [`clock::Clock`] and [`entropy::Entropy`]. It compiles to wasm as well as into the server.

pub mod access_group;
pub mod actor;
pub mod address;
pub mod audit;
pub mod budget;
pub mod callback;
pub mod capability;
pub mod charge;
pub mod choice;
pub mod clock;
pub mod credential;
pub mod customer;
pub mod deployment;
pub mod entropy;
pub mod ids;
pub mod increase;
pub mod invoice;
pub mod key;
pub mod ledger;
pub mod limits;
pub mod membership;
pub mod model;
pub mod money;
pub mod organisation;
pub mod page;
pub mod price;
pub mod principal;
pub mod record;
pub mod report;
pub mod repricing;
pub mod route;
pub mod scim;
pub mod sealed;
pub mod secret;
pub mod sso;
pub mod summary;
pub mod tag;
pub mod team;
pub mod usage;
pub mod user;

pub use clock::{Clock, Timestamp};
pub use money::{Nanos, Picos};
