//! People who sign in at the dashboard.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actor::{Place, Role};
use crate::clock::Timestamp;
use crate::ids::{BudgetId, UserId};
use crate::limits::Limits;
use crate::model::ModelPattern;
use crate::record::{Index, Meta, no_meta, record};

/// A person. Passwords and sign-ins are kept elsewhere: see [`SignIns`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    /// Lower case. `None`: known by the id alone, and can't sign in.
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    pub role: Role,
    /// May neither sign in nor call with personal keys.
    #[serde(default)]
    pub disabled: bool,
    /// What personal keys may call; empty means every model.
    #[serde(default)]
    pub models: Vec<ModelPattern>,
    #[serde(default)]
    pub budget_id: Option<BudgetId>,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// LiteLLM's other fields, kept and returned as they were given.
    #[serde(default)]
    pub settings: Map<String, Value>,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

impl User {
    /// Somebody with nothing but a role.
    pub fn new(id: UserId, email: Option<String>, role: Role, meta: Meta) -> Self {
        Self {
            id,
            email,
            name: None,
            role,
            disabled: false,
            models: Vec::new(),
            budget_id: None,
            limits: Limits::default(),
            metadata: Map::new(),
            settings: Map::new(),
            meta,
        }
    }

    /// What people call them: the name, the address or the id.
    pub fn label(&self) -> &str {
        self.name.as_deref().or(self.email.as_deref()).unwrap_or(self.id.as_str())
    }
}

record!(User, User, |this|
    index Index {
        name: this.label().to_owned(),
        handle: this.email.clone(),
        user_id: Some(this.id.to_string()),
        budget_id: this.budget_id.as_ref().map(ToString::to_string),
        blocked: this.disabled,
        ..Index::default()
    },
    place Place { owner: Some(this.id.clone()), ..Place::default() });

/// How and when somebody signed in; apart from [`User`], so that a sign-in is no change of the person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIns {
    pub has_password: bool,
    /// A second factor is set up, or was begun.
    #[serde(default)]
    pub has_second_factor: bool,
    pub last_at: Option<Timestamp>,
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
