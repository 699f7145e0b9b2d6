//! Who does something, and what they may do.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// What a person is, gateway-wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything.
    Admin,
    /// Reads everything, changes nothing.
    Auditor,
    Member,
    Viewer,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Admin, Self::Auditor, Self::Member, Self::Viewer];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }
}

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Actor {
    /// A signed-in person.
    User { id: UserId, email: String, role: Role },
    /// Whoever holds the master key.
    MasterKey,
    /// The operator at the command line, or the program itself.
    System,
    /// Nobody known: a sign-in that failed.
    Anonymous,
}

impl Actor {
    /// For `created_by` and the audit log: a user's id, or `master_key`, `system`, `anonymous`.
    pub fn label(&self) -> String {
        match self {
            Self::User { id, .. } => id.to_string(),
            Self::MasterKey => "master_key".to_owned(),
            Self::System => "system".to_owned(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::MasterKey => "master_key",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
}

/// What it is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    Key,
    /// Charges and refusals, and sums of them.
    Request,
    Model,
    User,
    Audit,
}

/// Whether `actor` may do `action` to `resource`: the one place where that is decided. Deny by default.
pub fn allowed(actor: &Actor, action: Action, resource: Resource) -> bool {
    match actor {
        Actor::MasterKey | Actor::System => true,
        Actor::Anonymous => false,
        Actor::User { role, .. } => match (role, action, resource) {
            (Role::Admin, _, _) | (Role::Auditor, Action::Read, _) => true,
            // Members' and viewers' own keys and spend come with teams and memberships.
            (Role::Auditor | Role::Member | Role::Viewer, _, _) => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_administrators_change_and_auditors_read() {
        let user = |role| Actor::User { id: UserId(Uuid::nil()), email: String::new(), role };
        assert!(allowed(&user(Role::Admin), Action::Delete, Resource::Key));
        assert!(allowed(&user(Role::Auditor), Action::Read, Resource::Audit));
        assert!(!allowed(&user(Role::Auditor), Action::Update, Resource::Key));
        assert!(!allowed(&user(Role::Viewer), Action::Read, Resource::Key));
        assert!(!allowed(&Actor::Anonymous, Action::Read, Resource::Key));
    }
}
