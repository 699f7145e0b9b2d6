//! Who does something, to whose thing, and whether they may.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{KeyId, OrganisationId, TeamId, UserId};
use crate::membership::{Group, MemberRole, Membership};

/// What a person is, gateway-wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything.
    Admin,
    /// Reads everything, changes nothing.
    Auditor,
    /// Has keys of their own, and what their teams and organisations make them.
    Member,
    /// Sees what a member sees, and changes nothing.
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
    /// A person: signed in, or through a personal key.
    User {
        id: UserId,
        /// For people who read about it.
        label: String,
        role: Role,
        /// The virtual key through which the person asks.
        via: Option<KeyId>,
    },
    /// A virtual key that belongs to nobody.
    Key { id: KeyId },
    /// Whoever holds the master key.
    MasterKey,
    /// The operator at the command line, or the program itself.
    System,
    /// Nobody known: a sign-in that failed.
    Anonymous,
}

impl Actor {
    /// For `created_by` and the audit log: a user's or key's id, or `master_key`, `system`, `anonymous`.
    pub fn label(&self) -> String {
        match self {
            Self::User { id, .. } => id.to_string(),
            Self::Key { id } => id.to_string(),
            Self::MasterKey => "master_key".to_owned(),
            Self::System => "system".to_owned(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::Key { .. } => "key",
            Self::MasterKey => "master_key",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }

    /// A person in a browser, and not through a key of theirs.
    pub fn is_signed_in(&self) -> bool {
        matches!(self, Self::User { via: None, .. })
    }

    pub fn user_id(&self) -> Option<&UserId> {
        if let Self::User { id, .. } = self { Some(id) } else { None }
    }

    fn standing(&self) -> Standing {
        match self {
            Self::MasterKey | Self::System => Standing::Root,
            Self::User { role, .. } => Standing::Person(*role),
            Self::Key { .. } => Standing::Key,
            Self::Anonymous => Standing::Nobody,
        }
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    Read,
    /// Taking out in bulk: a file of everything that a filter matches.
    Export,
    Create,
    Update,
    Delete,
}

impl Action {
    pub const ALL: [Self; 5] = [Self::Read, Self::Export, Self::Create, Self::Update, Self::Delete];
}

/// What it is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    Organisation,
    Team,
    /// Who is in a team or organisation.
    Membership,
    User,
    Key,
    Customer,
    Tag,
    Budget,
    AccessGroup,
    /// Models and their deployments.
    Model,
    Credential,
    /// Charges and refusals, and sums of them.
    Request,
    Audit,
    Settings,
    /// Requests for increases of limits. To update one is to decide it, to delete one is to withdraw it.
    IncreaseRequest,
}

impl Resource {
    pub const ALL: [Self; 15] = [
        Self::Organisation,
        Self::Team,
        Self::Membership,
        Self::User,
        Self::Key,
        Self::Customer,
        Self::Tag,
        Self::Budget,
        Self::AccessGroup,
        Self::Model,
        Self::Credential,
        Self::Request,
        Self::Audit,
        Self::Settings,
        Self::IncreaseRequest,
    ];

    /// As the audit log and addresses have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Team => "team",
            Self::Membership => "membership",
            Self::User => "user",
            Self::Key => "key",
            Self::Customer => "customer",
            Self::Tag => "tag",
            Self::Budget => "budget",
            Self::AccessGroup => "access_group",
            Self::Model => "model",
            Self::Credential => "credential",
            Self::Request => "request",
            Self::Audit => "audit",
            Self::Settings => "settings",
            Self::IncreaseRequest => "increase_request",
        }
    }
}

/// Whose something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The person whose it is.
    pub owner: Option<UserId>,
    pub team: Option<TeamId>,
    /// Of the thing or of its team.
    pub organisation: Option<OrganisationId>,
    /// The key that it is or belongs to.
    pub key: Option<KeyId>,
    /// The team lets its plain members do this with what is theirs.
    pub delegated: bool,
}

/// What somebody is a member of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memberships(BTreeMap<Group, MemberRole>);

impl Memberships {
    /// What one is where.
    pub fn iter(&self) -> impl Iterator<Item = (&Group, MemberRole)> {
        self.0.iter().map(|(group, role)| (group, *role))
    }
}

impl FromIterator<Membership> for Memberships {
    fn from_iter<I: IntoIterator<Item = Membership>>(memberships: I) -> Self {
        Self(memberships.into_iter().map(|membership| (membership.group, membership.role)).collect())
    }
}

/// How somebody stands to a thing. One may stand in several ways at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// Of no kind.
    Stranger,
    /// It is theirs alone, or the team lets its members do this.
    Owner,
    /// It is theirs, within a team.
    OwnerInTeam,
    TeamMember,
    TeamAdmin,
    OrganisationMember,
    OrganisationAdmin,
}

impl Relation {
    pub const ALL: [Self; 7] = [
        Self::Stranger,
        Self::Owner,
        Self::OwnerInTeam,
        Self::TeamMember,
        Self::TeamAdmin,
        Self::OrganisationMember,
        Self::OrganisationAdmin,
    ];
}

/// What kind of actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Standing {
    Nobody,
    Key,
    Person(Role),
    Root,
}

/// Whether one of that standing and relation may do `action` to `resource`: the one place where that is decided.
/// Deny by default.
#[expect(clippy::match_same_arms, reason = "a line for each rule, in an order that matters")]
fn permitted(standing: Standing, relation: Relation, action: Action, resource: Resource) -> bool {
    use Action::{Create, Delete, Export, Read, Update};
    use Relation::{OrganisationAdmin, OrganisationMember, Owner, OwnerInTeam, Stranger, TeamAdmin, TeamMember};
    use Resource::{IncreaseRequest, Key, Membership, Model, Organisation, Request, Team, User};

    match (standing, relation, resource, action) {
        (Standing::Root | Standing::Person(Role::Admin), ..) => true,
        (Standing::Person(Role::Auditor), _, _, Read | Export) => true,
        (Standing::Nobody | Standing::Person(Role::Auditor), ..) => false,

        // What may be called is no secret from those who may call.
        (_, Stranger, Model, Read) => true,
        (_, Stranger, ..) => false,

        // A key sees itself and what it did.
        (Standing::Key, Owner | OwnerInTeam, Key | Request, Read) => true,
        (Standing::Key, ..) => false,

        (_, Owner | OwnerInTeam, Key | Request | User | IncreaseRequest, Read) => true,
        (_, TeamMember, Team, Read) => true,
        (_, OrganisationMember, Organisation, Read) => true,
        (_, TeamAdmin, Team | Membership | Key | Request | IncreaseRequest, Read) => true,
        (_, OrganisationAdmin, Organisation | Team | Membership | Key | Request | IncreaseRequest, Read) => true,
        (Standing::Person(Role::Viewer), ..) => false,

        (_, Owner, Key, Create | Update | Delete) => true,
        (_, Owner | OwnerInTeam | TeamAdmin | OrganisationAdmin, Request, Export) => true,
        (_, TeamAdmin, Team, Update) => true,
        (_, TeamAdmin | OrganisationAdmin, Membership | Key, Create | Update | Delete) => true,
        (_, OrganisationAdmin, Team, Create | Update | Delete) => true,
        (_, OrganisationAdmin, Organisation, Update) => true,
        // Asking and taking back; and deciding, which nobody does about themselves.
        (_, Owner | OwnerInTeam, IncreaseRequest, Create | Delete) => true,
        (_, TeamAdmin | OrganisationAdmin, IncreaseRequest, Update) => true,
        (Standing::Person(Role::Member), ..) => false,
    }
}

/// How the actor stands to a thing at `place`, strongest last.
fn relations(actor: &Actor, memberships: &Memberships, place: &Place) -> Vec<Relation> {
    let mut all = vec![Relation::Stranger];
    let owns = match actor {
        Actor::User { id, .. } => place.owner.as_ref() == Some(id),
        Actor::Key { id } => place.key == Some(*id),
        _ => false,
    };
    let team_role = place.team.clone().and_then(|team| memberships.0.get(&Group::Team(team)));
    if owns {
        // What is theirs within a team is the team's too.
        all.push(match (&place.team, place.delegated && team_role.is_some()) {
            (None, _) | (_, true) => Relation::Owner,
            (Some(_), false) => Relation::OwnerInTeam,
        });
    }
    match team_role {
        Some(MemberRole::Admin) => all.extend([Relation::TeamMember, Relation::TeamAdmin]),
        Some(MemberRole::Member) => all.push(Relation::TeamMember),
        None => {}
    }
    match place.organisation.clone().and_then(|id| memberships.0.get(&Group::Organisation(id))) {
        Some(MemberRole::Admin) => all.extend([Relation::OrganisationMember, Relation::OrganisationAdmin]),
        Some(MemberRole::Member) => all.push(Relation::OrganisationMember),
        None => {}
    }
    all
}

/// Whether `actor`, who is a member of these, may do `action` to a `resource` at `place`.
pub fn allowed(actor: &Actor, memberships: &Memberships, action: Action, resource: Resource, place: &Place) -> bool {
    let standing = actor.standing();
    relations(actor, memberships, place).into_iter().any(|relation| permitted(standing, relation, action, resource))
}

/// Which things of a kind somebody may see: what every list is filtered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visible {
    All,
    /// Whatever fits one of these; nothing if all are empty.
    Within {
        user: Option<UserId>,
        key: Option<KeyId>,
        teams: Vec<TeamId>,
        organisations: Vec<OrganisationId>,
    },
}

impl Visible {
    /// Whether nothing can be seen, whatever there is.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Within { user: None, key: None, teams, organisations } if teams.is_empty() && organisations.is_empty())
    }
}

/// Of which things of a kind the actor may do `action` (`Read` or `Export`) to all.
pub fn visible(actor: &Actor, memberships: &Memberships, action: Action, resource: Resource) -> Visible {
    let may = |relation| permitted(actor.standing(), relation, action, resource);
    if may(Relation::Stranger) {
        return Visible::All;
    }
    let role_in =
        |role: MemberRole, member: Relation, admin: Relation| may(member) || (role == MemberRole::Admin && may(admin));
    let owner = may(Relation::OwnerInTeam);
    let mut teams = Vec::new();
    let mut organisations = Vec::new();
    for (group, role) in &memberships.0 {
        match group {
            Group::Team(id) if role_in(*role, Relation::TeamMember, Relation::TeamAdmin) => teams.push(id.clone()),
            Group::Organisation(id) if role_in(*role, Relation::OrganisationMember, Relation::OrganisationAdmin) => {
                organisations.push(id.clone());
            }
            Group::Team(_) | Group::Organisation(_) => {}
        }
    }
    Visible::Within {
        user: actor.user_id().filter(|_| owner).cloned(),
        key: if let (Actor::Key { id }, true) = (actor, owner) { Some(*id) } else { None },
        teams,
        organisations,
    }
}

/// Whether there is anything at all of this kind that the actor may do this to: for what pages offer.
pub fn allowed_somewhere(actor: &Actor, memberships: &Memberships, action: Action, resource: Resource) -> bool {
    let may = |relation| permitted(actor.standing(), relation, action, resource);
    let owner = matches!(actor, Actor::User { .. } | Actor::Key { .. }) && may(Relation::Owner);
    may(Relation::Stranger)
        || owner
        || memberships.0.iter().any(|(group, role)| {
            let (member, admin) = match group {
                Group::Team(_) => (Relation::TeamMember, Relation::TeamAdmin),
                Group::Organisation(_) => (Relation::OrganisationMember, Relation::OrganisationAdmin),
            };
            may(member) || (*role == MemberRole::Admin && may(admin))
        })
}

#[cfg(test)]
mod tests;
