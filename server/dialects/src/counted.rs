//! Usage within an answer that is read for a caller: the same readers count it as for the bill.

use tollgate_domain::usage::Usage;

use crate::json::Object;
use crate::usage::{Shape, read};

/// Reads a `usage` object.
pub fn counted(shape: Shape, usage: Object<'_>) -> Option<Usage> {
    read(shape, &Object::new().with("usage", usage).to_vec())?.usage
}
