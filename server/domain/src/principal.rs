//! Who calls: a virtual key with everything above it that has a say in what it may do.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::access_group::AccessGroup;
use crate::address::Networks;
use crate::budget::Budget;
use crate::choice;
use crate::clock::Timestamp;
use crate::ids::{OrganisationId, TeamId, UserId};
use crate::key::{KeyStatus, VirtualKey};
use crate::membership::Membership;
use crate::organisation::Organisation;
use crate::team::Team;
use crate::user::User;

/// Whom a call is charged to, beside its key, as it stood when the call was made. Interned: a charge carries its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ownership {
    pub user_id: Option<UserId>,
    pub team_id: Option<TeamId>,
    pub organisation_id: Option<OrganisationId>,
}

impl Ownership {
    pub fn of(key: &VirtualKey, team: Option<&Team>) -> Self {
        Self {
            user_id: key.user_id.clone(),
            team_id: key.team_id.clone(),
            organisation_id: key.place(team).organisation,
        }
    }
}

/// A caller with a virtual key, as the data plane keeps it in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    pub key: VirtualKey,
    pub user: Option<User>,
    pub team: Option<Team>,
    pub organisation: Option<Organisation>,
    /// Of the key's user in the key's team.
    pub membership: Option<Membership>,
    /// Those that the key, its team or its organisation name.
    pub access_groups: Vec<AccessGroup>,
    /// Those that the key or anything above it points to.
    pub budgets: Vec<Budget>,
    /// The interned [`Ownership`]; 0: nobody's.
    pub ownership_id: i64,
    /// The key's text was exchanged; this old one works until then.
    pub retires_at: Option<Timestamp>,
}

/// Why a principal may not call a model, and at which level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelDenial {
    Key,
    User,
    Member,
    Team,
    Organisation,
}

/// What keeps a key from being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyDenial {
    Blocked,
    Expired(Timestamp),
    Deleted,
    UserDisabled,
    TeamBlocked(TeamId),
    OrganisationBlocked(OrganisationId),
}

impl Principal {
    /// Whether the key may be used at all now.
    pub fn check(&self, now: Timestamp) -> Result<(), KeyDenial> {
        match self.key.status(now) {
            KeyStatus::Active => {}
            KeyStatus::Blocked => return Err(KeyDenial::Blocked),
            KeyStatus::Expired => return Err(KeyDenial::Expired(self.key.expires_at.unwrap_or(now))),
            KeyStatus::Deleted => return Err(KeyDenial::Deleted),
        }
        if let Some(at) = self.retires_at.filter(|at| *at <= now) {
            return Err(KeyDenial::Expired(at));
        }
        if let Some(team) = self.team.as_ref().filter(|team| team.blocked) {
            return Err(KeyDenial::TeamBlocked(team.id.clone()));
        }
        if let Some(organisation) = self.organisation.as_ref().filter(|organisation| organisation.blocked) {
            return Err(KeyDenial::OrganisationBlocked(organisation.id.clone()));
        }
        if self.user.as_ref().is_some_and(|user| user.disabled) {
            return Err(KeyDenial::UserDisabled);
        }
        Ok(())
    }

    /// From where it may be used: all of these lists have to let it in.
    pub fn networks(&self) -> Vec<Networks> {
        let settings = [Some(&self.key.settings), self.team.as_ref().map(|team| &team.settings)];
        settings.into_iter().flatten().filter_map(choice::networks).collect()
    }

    /// Whether it may be used from there; from an address that nobody knows only where there are no lists.
    pub fn admits(&self, address: Option<IpAddr>) -> bool {
        self.networks().iter().all(|networks| networks.admits(address))
    }

    /// What `model` stands for with this key: the key's own aliases first, then its team's.
    pub fn resolve_alias<'a>(&'a self, model: &'a str) -> &'a str {
        let own = self.key.model_aliases.get(model);
        own.or_else(|| self.team.as_ref()?.model_aliases.get(model)).map_or(model, String::as_str)
    }

    /// Whether the key may call `model`: each level that names models has to name it, itself or in an access group.
    pub fn check_model(&self, model: &str) -> Result<(), ModelDenial> {
        let team = self.team.as_ref();
        let team_models = team.map(|team| team.models.as_slice()).unwrap_or_default();
        let levels = [
            (ModelDenial::Key, self.key.models.as_slice(), self.key.access_groups.as_slice()),
            (
                ModelDenial::Member,
                self.membership.as_ref().map(|membership| membership.models.as_slice()).unwrap_or_default(),
                &[],
            ),
            (ModelDenial::Team, team_models, team.map(|team| team.access_groups.as_slice()).unwrap_or_default()),
            (
                ModelDenial::Organisation,
                self.organisation.as_ref().map(|o| o.models.as_slice()).unwrap_or_default(),
                self.organisation.as_ref().map(|o| o.access_groups.as_slice()).unwrap_or_default(),
            ),
            (
                ModelDenial::User,
                // A person's own limits are for personal keys.
                self.user.as_ref().filter(|_| team.is_none()).map(|user| user.models.as_slice()).unwrap_or_default(),
                &[],
            ),
        ];
        for (level, models, groups) in levels {
            if models.is_empty() && groups.is_empty() {
                continue;
            }
            let named = models.iter().any(|pattern| match pattern.as_str() {
                "all-proxy-models" => true,
                // What the team may is checked at the team's level.
                "all-team-models" => level == ModelDenial::Key || level == ModelDenial::Member,
                "no-default-models" => false,
                name => pattern.matches(model) || self.group_has(name, model),
            });
            if !named && !groups.iter().any(|group| self.group_has(group.as_str(), model)) {
                return Err(level);
            }
        }
        Ok(())
    }

    fn group_has(&self, group: &str, model: &str) -> bool {
        let mut groups = self.access_groups.iter().filter(|known| known.id.as_str() == group);
        groups.any(|known| known.models.iter().any(|pattern| pattern.matches(model)))
    }
}

#[cfg(test)]
mod tests;
