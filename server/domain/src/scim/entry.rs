//! What a client keeps with a person or a team, beside what they are here.

use serde_json::{Map, Value};

/// Of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    User,
    Group,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Group].into_iter().find(|kind| kind.as_str() == text)
    }

    /// The end of its addresses.
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }
}

/// What a client says of a person or a team that has no place of its own here.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub kind: Kind,
    /// The user's or the team's.
    pub id: String,
    /// A user's, as it was sent. No two users have the same, whatever the case.
    pub user_name: Option<String>,
    /// The client's own id.
    pub external_id: Option<String>,
    /// The single sign-on through which the same people come, as the token says.
    pub provider: Option<String>,
    /// It was here before the client knew of it.
    pub adopted: bool,
    /// Everything else, as it was sent.
    pub attributes: Map<String, Value>,
}
