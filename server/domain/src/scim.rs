//! SCIM 2.0 (RFC 7643 and 7644), as far as it is no I/O: filters, paths, patches, and how people and teams look in it.
//!
//! Resources are JSON objects here, as clients send them: what is not understood is kept and given back.

mod entry;
mod error;
mod filter;
mod group;
mod patch;
mod path;
mod person;
mod schemas;
mod text;
mod token;
mod value;

pub use entry::{Entry, Kind};
pub use error::{ErrorKind, ScimError};
pub use filter::{Filter, Operator};
pub use group::{GroupAttributes, MOST_MEMBERS, group_resource};
pub use patch::{Operation, Verb, apply, operations};
pub use path::{Attribute, Path};
pub use person::{PersonAttributes, patch_person, user_resource};
pub use schemas::{LARGEST_PAGE, RESOURCE_TYPES, SCHEMAS, resource_types, schema_documents, service_provider_config};
pub use token::{PlainScimToken, ScimToken};
pub use value::Projection;

/// The schemas that are spoken here.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

#[cfg(test)]
mod tests;
