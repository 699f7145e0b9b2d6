//! Who is let in, and as what.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Fault;
use crate::actor::Role;
use crate::ids::TeamId;
use crate::limits::Limits;
use crate::model::ModelPattern;

/// The groups that a provider says somebody is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Groups {
    Told(BTreeSet<String>),
    /// There are too many for a token: nothing that hangs on groups is changed.
    TooMany,
}

/// Somebody, as a provider proved: every text is from a token that was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proven {
    /// The provider's name in the configuration.
    pub provider: String,
    /// With `subject`, who it is. Nothing else is: addresses and names are given to others.
    pub issuer: String,
    pub subject: String,
    /// The provider's own session (`sid`), for when it is ended there.
    pub session: Option<String>,
    /// In the form of [`crate::user::normalise_email`].
    pub email: Option<String>,
    /// The provider vouches for the address.
    pub email_verified: bool,
    /// Whether an account here may be found by the address. Never with Microsoft, where whoever runs a tenant chooses
    /// its addresses.
    pub email_links: bool,
    pub name: Option<String>,
    /// Another name by which `PROXY_ADMIN_ID` may mean them.
    pub alias: Option<String>,
    /// Roles that the provider names as such.
    pub roles: Vec<String>,
    pub groups: Groups,
}

/// From groups to roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleMapping {
    /// For whoever is in none of the groups; otherwise [`Admission::role`].
    pub otherwise: Option<Role>,
    pub groups: BTreeMap<String, Role>,
}

/// From groups to teams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TeamMapping {
    pub teams: BTreeMap<String, BTreeSet<TeamId>>,
    /// A group that is called as a team's id is that team.
    pub by_id: bool,
}

/// Whom the configuration lets in through single sign-on, and as what.
#[derive(Clone, Debug, PartialEq)]
pub struct Admission {
    /// Lower case. Empty: every domain.
    pub email_domains: BTreeSet<String>,
    /// Whether somebody who has an account here already takes it over by a verified address.
    pub link_by_email: bool,
    /// `PROXY_ADMIN_ID`: always an administrator. A subject, an alias or a verified address.
    pub admin_id: Option<String>,
    /// What somebody new is.
    pub role: Role,
    pub teams: BTreeSet<TeamId>,
    pub limits: Limits,
    pub models: Vec<ModelPattern>,
    /// By the provider's name.
    pub role_mappings: BTreeMap<String, RoleMapping>,
    /// By the provider's name.
    pub team_mappings: BTreeMap<String, TeamMapping>,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            email_domains: BTreeSet::new(),
            link_by_email: false,
            admin_id: None,
            role: Role::Viewer,
            teams: BTreeSet::new(),
            limits: Limits::default(),
            models: Vec::new(),
            role_mappings: BTreeMap::new(),
            team_mappings: BTreeMap::new(),
        }
    }
}

impl Admission {
    /// Refuses whom the configuration does not let in.
    pub fn check(&self, who: &Proven) -> Result<(), Fault> {
        if self.email_domains.is_empty() {
            return Ok(());
        }
        let domain = who.email.as_deref().and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
        if !domain.is_some_and(|domain| self.email_domains.contains(domain)) {
            return Err(Fault::Domain);
        }
        // Otherwise anybody could say that they are of the domain.
        if who.email_verified { Ok(()) } else { Err(Fault::EmailUnverified) }
    }

    /// The role that the provider's groups, its own roles or `PROXY_ADMIN_ID` give; `None`: none of them says anything,
    /// so that the role stays what it is (or is [`Self::role`], for somebody new). The highest counts.
    pub fn role_of(&self, who: &Proven) -> Option<Role> {
        if self.is_admin(who) {
            return Some(Role::Admin);
        }
        let named = who.roles.iter().filter_map(|name| role_named(name));
        let mapping = self.role_mappings.get(&who.provider);
        let by_group = match (&who.groups, mapping) {
            (Groups::Told(groups), Some(mapping)) => {
                groups.iter().filter_map(|group| mapping.groups.get(group).copied()).collect()
            }
            _ => Vec::new(),
        };
        let highest = named.chain(by_group).min_by_key(|role| rank(*role));
        // Whoever left the group that made them an administrator is none any more.
        let left = mapping
            .filter(|mapping| !mapping.groups.is_empty() && matches!(who.groups, Groups::Told(_)))
            .map(|mapping| mapping.otherwise.unwrap_or(self.role));
        highest.or(left)
    }

    fn is_admin(&self, who: &Proven) -> bool {
        let Some(id) = self.admin_id.as_deref() else { return false };
        let by_email = who.email_verified && who.email.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(id));
        who.subject == id || who.alias.as_deref() == Some(id) || by_email
    }

    /// The teams that the provider's groups give. `None`: it does not say. Whether those that are only meant by their
    /// id exist is for whoever asks.
    pub fn teams_of(&self, who: &Proven) -> Option<BTreeSet<TeamId>> {
        let mapping = self.team_mappings.get(&who.provider)?;
        let Groups::Told(groups) = &who.groups else { return None };
        let mut teams = BTreeSet::new();
        for group in groups {
            teams.extend(mapping.teams.get(group).into_iter().flatten().cloned());
            if mapping.by_id {
                teams.extend(TeamId::parse(group));
            }
        }
        Some(teams)
    }
}

/// Ours, and LiteLLM's names.
pub(crate) fn role_named(text: &str) -> Option<Role> {
    match text {
        "proxy_admin" => Some(Role::Admin),
        "proxy_admin_viewer" | "proxy_admin_view_only" => Some(Role::Auditor),
        "internal_user" => Some(Role::Member),
        "internal_user_viewer" | "internal_user_view_only" => Some(Role::Viewer),
        other => Role::parse(other),
    }
}

impl Role {
    /// Also LiteLLM's names: `proxy_admin`, `proxy_admin_viewer`, `internal_user`, `internal_user_viewer`.
    pub fn parse_any(text: &str) -> Option<Self> {
        role_named(text)
    }
}

/// The highest first.
fn rank(role: Role) -> u8 {
    match role {
        Role::Admin => 0,
        Role::Auditor => 1,
        Role::Member => 2,
        Role::Viewer => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somebody(groups: &[&str]) -> Proven {
        Proven {
            provider: "okta".to_owned(),
            issuer: "https://idp".to_owned(),
            subject: "00u1".to_owned(),
            session: None,
            email: Some("eve@example.com".to_owned()),
            email_verified: true,
            email_links: true,
            name: None,
            alias: None,
            roles: Vec::new(),
            groups: Groups::Told(groups.iter().map(|group| (*group).to_owned()).collect()),
        }
    }

    fn mapped() -> Admission {
        let groups = [("ops", Role::Admin), ("audit", Role::Auditor), ("staff", Role::Member)];
        let mapping = RoleMapping {
            otherwise: None,
            groups: groups.iter().map(|(group, role)| ((*group).to_owned(), *role)).collect(),
        };
        Admission { role_mappings: BTreeMap::from([("okta".to_owned(), mapping)]), ..Admission::default() }
    }

    #[test]
    fn the_highest_role_counts_and_a_left_group_is_left() {
        let admission = mapped();
        assert_eq!(admission.role_of(&somebody(&["staff", "ops"])), Some(Role::Admin));
        assert_eq!(admission.role_of(&somebody(&["staff", "audit", "x"])), Some(Role::Auditor));
        assert_eq!(admission.role_of(&somebody(&["x"])), Some(Role::Viewer), "what somebody new is");
        assert_eq!(admission.role_of(&Proven { groups: Groups::TooMany, ..somebody(&[]) }), None);
        // A provider without a mapping says nothing.
        assert_eq!(admission.role_of(&Proven { provider: "google".to_owned(), ..somebody(&["ops"]) }), None);
        // A role that is named as such.
        let named =
            Proven { roles: vec!["proxy_admin_viewer".to_owned(), "nonsense".to_owned()], ..somebody(&["staff"]) };
        assert_eq!(admission.role_of(&named), Some(Role::Auditor));
    }

    #[test]
    fn the_administrator_is_meant_by_a_verified_address_alone() {
        let admission = Admission { admin_id: Some("Eve@example.com".to_owned()), ..Admission::default() };
        assert_eq!(admission.role_of(&somebody(&[])), Some(Role::Admin));
        assert_eq!(admission.role_of(&Proven { email_verified: false, ..somebody(&[]) }), None);
        let admission = Admission { admin_id: Some("00u1".to_owned()), ..Admission::default() };
        assert_eq!(admission.role_of(&Proven { email: None, ..somebody(&[]) }), Some(Role::Admin));
    }

    #[test]
    fn domains_are_whole_and_addresses_verified() {
        let admission = Admission { email_domains: BTreeSet::from(["example.com".to_owned()]), ..Admission::default() };
        let with = |email: Option<&str>, email_verified| {
            admission.check(&Proven { email: email.map(str::to_owned), email_verified, ..somebody(&[]) })
        };
        assert_eq!(with(Some("eve@example.com"), true), Ok(()));
        assert_eq!(with(Some("eve@example.com"), false), Err(Fault::EmailUnverified));
        for foreign in ["eve@evil.example.com", "eve@notexample.com", "eve@example.com.evil", "\"@example.com\"@evil"] {
            assert_eq!(with(Some(foreign), true), Err(Fault::Domain), "{foreign}");
        }
        assert_eq!(with(None, true), Err(Fault::Domain));
        assert_eq!(Admission::default().check(&Proven { email: None, ..somebody(&[]) }), Ok(()));
    }

    #[test]
    fn teams_come_from_groups() {
        let team = |id: &str| TeamId::parse(id).unwrap();
        let mapping = TeamMapping {
            teams: BTreeMap::from([("eng".to_owned(), BTreeSet::from([team("blue"), team("red")]))]),
            by_id: true,
        };
        let admission =
            Admission { team_mappings: BTreeMap::from([("okta".to_owned(), mapping)]), ..Admission::default() };
        let wanted = BTreeSet::from([team("blue"), team("green"), team("red"), team("eng")]);
        assert_eq!(admission.teams_of(&somebody(&["eng", "green"])), Some(wanted));
        assert_eq!(admission.teams_of(&somebody(&[])), Some(BTreeSet::new()));
        assert_eq!(admission.teams_of(&Proven { groups: Groups::TooMany, ..somebody(&[]) }), None);
        assert_eq!(Admission::default().teams_of(&somebody(&["eng"])), None);
    }

    #[test]
    fn faults_have_names_of_their_own() {
        let names: BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.as_str()).collect();
        assert_eq!(names.len(), Fault::ALL.len());
    }
}
