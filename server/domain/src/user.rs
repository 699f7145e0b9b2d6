//! People who sign in at the dashboard.

use serde::{Deserialize, Serialize};

use crate::actor::Role;
use crate::clock::Timestamp;
use crate::ids::UserId;

/// A person. The password's hash is not part of it: it never leaves the store but for the check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    /// Lower case.
    pub email: String,
    pub name: Option<String>,
    pub role: Role,
    pub disabled: bool,
    pub created_at: Timestamp,
    pub last_sign_in_at: Option<Timestamp>,
}

/// The shortest password that is accepted, in characters.
pub const SHORTEST_PASSWORD: usize = 12;

/// An e-mail address in the form in which it is kept and compared, if it looks like one.
pub fn normalise_email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, host) = text.split_once('@')?;
    let good = !local.is_empty()
        && !host.is_empty()
        && !host.contains('@')
        && text.len() <= 254
        && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    good.then_some(text)
}
