//! People and teams as an identity provider keeps them: SCIM 2.0.
//!
//! A client shows a token that an administrator issued; what it does then, it does by the administrator's word, and the
//! audit log names the token. Whoever it deactivates is signed out, and their personal keys stop at once.

mod groups;
mod tokens;
mod users;

use std::sync::Arc;

use serde_json::{Map, Value};
use tollgate_domain::scim::{ErrorKind, LARGEST_PAGE, ScimError};
use tollgate_domain::sso::Admission;

pub use tokens::{Issued, NewToken, authenticate, issue};

use crate::{Control, ControlError, OpContext};

/// The most users or teams that are looked through for a filter that no index knows.
const MOST_SCANNED: usize = 10_000;

/// Why a client did not get what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    #[error(transparent)]
    Scim(#[from] ScimError),
    #[error(transparent)]
    Control(#[from] ControlError),
}

impl From<tollgate_store::StoreError> for ProvisionError {
    fn from(error: tollgate_store::StoreError) -> Self {
        Self::Control(error.into())
    }
}

impl ProvisionError {
    /// In SCIM's words.
    pub fn told(self) -> ScimError {
        let error = match self {
            Self::Scim(error) => return error,
            Self::Control(error) => error,
        };
        let text = error.to_string();
        match error {
            ControlError::Denied { .. } => ScimError::plain(403, text),
            ControlError::NotFound { .. } => ScimError::plain(404, text),
            ControlError::Invalid { .. } => ScimError::of(ErrorKind::InvalidValue, text),
            ControlError::Conflict { .. } => ScimError::plain(409, text),
            ControlError::Unavailable => ScimError::plain(503, text),
            ControlError::Internal(source) => {
                tracing::error!(error = %source, "a SCIM request failed");
                ScimError::plain(500, text)
            }
        }
    }
}

/// A client that showed a token: what it may do is here. Only [`authenticate`] makes one.
#[derive(Clone)]
pub struct Provisioner {
    control: Control,
    op: OpContext,
    provider: Option<String>,
    /// What somebody new gets.
    admission: Arc<Admission>,
    /// The address under which the client finds SCIM here.
    base: String,
}

impl std::fmt::Debug for Provisioner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provisioner").field("op", &self.op).finish_non_exhaustive()
    }
}

/// Which resources are asked for.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub filter: Option<tollgate_domain::scim::Filter>,
    /// Counted from 1.
    pub start: usize,
    pub count: usize,
}

impl Query {
    /// As clients say it: what is below 1 is 1, and nobody gets more than a page.
    pub fn new(filter: Option<&str>, start: Option<i64>, count: Option<i64>) -> Result<Self, ScimError> {
        let number = |number: i64| usize::try_from(number).unwrap_or_default();
        Ok(Self {
            filter: filter.map(tollgate_domain::scim::Filter::parse).transpose()?,
            start: start.map_or(1, number).max(1),
            count: count.map_or(100, number).min(LARGEST_PAGE),
        })
    }

    /// Of those that fit, the ones that are on the page.
    fn page<T>(&self, all: Vec<T>) -> Found<T> {
        let total = all.len();
        Found { total, items: all.into_iter().skip(self.start - 1).take(self.count).collect() }
    }
}

/// What was found, and how many there are beyond the page.
#[derive(Clone, Debug)]
pub struct Found<T> {
    pub total: usize,
    pub items: Vec<T>,
}

/// Somebody would have to look through too many.
fn too_many() -> ScimError {
    ScimError::of(
        ErrorKind::TooMany,
        format!("more than {MOST_SCANNED} would have to be looked through: ask by userName, externalId or displayName"),
    )
}

fn not_found(what: &str, id: &str) -> ScimError {
    let id: String = id.chars().filter(|c| !c.is_control()).take(80).collect();
    ScimError::plain(404, format!("there is no {what} {id}"))
}

type Resource = Map<String, Value>;
