//! Memberships: who is in which team or organisation, and as what. The only place where that is kept.

use serde::{Deserialize, Serialize};

use crate::actor::Place;
use crate::ids::{BudgetId, MembershipId, OrganisationId, TeamId, UserId};
use crate::limits::Limits;
use crate::model::ModelPattern;
use crate::record::{Index, Meta, no_meta, record};

/// What somebody is in a team or organisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Manages it: members, keys, models and limits within what was given to it.
    Admin,
    #[default]
    Member,
}

impl MemberRole {
    pub const ALL: [Self; 2] = [Self::Admin, Self::Member];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// What one is a member of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of", content = "id")]
pub enum Group {
    Team(TeamId),
    Organisation(OrganisationId),
}

impl Group {
    pub fn team(&self) -> Option<&TeamId> {
        if let Self::Team(id) = self { Some(id) } else { None }
    }

    /// Of the team or organisation.
    pub fn id(&self) -> &str {
        match self {
            Self::Team(id) => id.as_str(),
            Self::Organisation(id) => id.as_str(),
        }
    }

    pub fn organisation(&self) -> Option<&OrganisationId> {
        if let Self::Organisation(id) = self { Some(id) } else { None }
    }
}

/// One person in one team or organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Membership {
    pub id: MembershipId,
    pub group: Group,
    pub user_id: UserId,
    pub role: MemberRole,
    #[serde(default)]
    pub budget_id: Option<BudgetId>,
    /// What this member may spend within the group; empty: the group's `member_limits`.
    #[serde(default)]
    pub limits: Limits,
    /// What this member may call within the group; empty means what the group may.
    #[serde(default)]
    pub models: Vec<ModelPattern>,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

impl Membership {
    /// An administrator's, with nothing else to it.
    pub fn example(group: Group, user_id: UserId) -> Option<Self> {
        Some(Self {
            id: Self::id_of(&group, &user_id)?,
            group,
            user_id,
            role: MemberRole::Admin,
            budget_id: None,
            limits: Limits::default(),
            models: Vec::new(),
            meta: no_meta(),
        })
    }

    /// The id that the membership of this person in this group has: there can be only one.
    pub fn id_of(group: &Group, user: &UserId) -> Option<MembershipId> {
        let text = match group {
            Group::Team(id) => format!("team:{id}:{user}"),
            Group::Organisation(id) => format!("organisation:{id}:{user}"),
        };
        MembershipId::parse_long(&text)
    }
}

record!(Membership, Membership, |this|
index Index {
    name: this.user_id.to_string(),
    user_id: Some(this.user_id.to_string()),
    team_id: this.group.team().map(ToString::to_string),
    organisation_id: this.group.organisation().map(ToString::to_string),
    budget_id: this.budget_id.as_ref().map(ToString::to_string),
    ..Index::default()
},
// Not the member's own: nobody makes themselves an administrator.
place Place {
    team: this.group.team().cloned(),
    organisation: this.group.organisation().cloned(),
    ..Place::default()
});
