//! Requests for increases: somebody asks for more money than a limit leaves, for a while; somebody else decides.

use serde::{Deserialize, Serialize};

use crate::actor::Place;
use crate::clock::Timestamp;
use crate::ids::{IncreaseRequestId, OrganisationId, TeamId, UserId};
use crate::ledger::AccountKind;
use crate::limits::Limits;
use crate::money::Nanos;
use crate::record::{Index, Meta, no_meta, record};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncreaseState {
    Open,
    Approved,
    Denied,
    /// By whoever asked.
    Withdrawn,
    /// Nobody decided before its end, or what was approved is over.
    Expired,
}

impl IncreaseState {
    pub const ALL: [Self; 5] = [Self::Open, Self::Approved, Self::Denied, Self::Withdrawn, Self::Expired];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The accounts whose limits can be asked to be raised: those that people are given limits by.
pub const RAISABLE: [AccountKind; 7] = [
    AccountKind::Key,
    AccountKind::User,
    AccountKind::Membership,
    AccountKind::Team,
    AccountKind::Organisation,
    AccountKind::Customer,
    AccountKind::Tag,
];

/// Somebody asks for more money on an account, until a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncreaseRequest {
    pub id: IncreaseRequestId,
    pub asker: UserId,
    /// One of [`RAISABLE`].
    pub account: AccountKind,
    pub account_id: String,
    /// What the account was called when it was asked for.
    pub account_name: String,
    /// The account's, when it was asked for: whose administrators decide.
    #[serde(default)]
    pub team_id: Option<TeamId>,
    #[serde(default)]
    pub organisation_id: Option<OrganisationId>,
    /// How much more than the limit.
    pub amount: Nanos,
    /// Until when; an open request is of no use after it.
    pub until: Timestamp,
    pub reason: String,
    /// As it was decided; what time made of it is told by [`Self::state_at`].
    pub state: IncreaseState,
    /// What was approved, which may be other than what was asked for.
    #[serde(default)]
    pub granted: Option<Granted>,
    /// [`crate::actor::Actor::label`]
    #[serde(default)]
    pub decided_by: Option<String>,
    #[serde(default)]
    pub decided_at: Option<Timestamp>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(skip, default = "no_meta")]
    pub meta: Meta,
}

/// What was approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    pub amount: Nanos,
    pub until: Timestamp,
}

impl IncreaseRequest {
    /// What it is at a moment: requests and increases end by themselves, without anybody's change.
    pub fn state_at(&self, now: Timestamp) -> IncreaseState {
        match (self.state, self.granted) {
            (IncreaseState::Open, _) if self.until <= now => IncreaseState::Expired,
            (IncreaseState::Approved, Some(granted)) if granted.until <= now => IncreaseState::Expired,
            (state, _) => state,
        }
    }

    /// The text that only one living, open request can have: an asker has one for an account at a time.
    pub fn handle_of(asker: &UserId, account: AccountKind, account_id: &str) -> String {
        // Lengths keep two ids apart whatever is in them.
        format!("{}:{asker}:{}:{account_id}", asker.as_str().len(), account.as_str())
    }
}

record!(IncreaseRequest, IncreaseRequest, |this|
index Index {
    name: this.account_name.clone(),
    handle: (this.state == IncreaseState::Open)
        .then(|| Self::handle_of(&this.asker, this.account, &this.account_id)),
    search: vec![this.account_id.clone(), this.reason.clone()],
    user_id: Some(this.asker.to_string()),
    team_id: this.team_id.as_ref().map(ToString::to_string),
    organisation_id: this.organisation_id.as_ref().map(ToString::to_string),
    budget_id: None,
    // Lists of open ones go by it.
    blocked: this.state != IncreaseState::Open,
},
place Place {
    owner: Some(this.asker.clone()),
    team: this.team_id.clone(),
    organisation: this.organisation_id.clone(),
    ..Place::default()
});

impl Limits {
    /// Raises the budget for a while. One that still runs is added to, and both last until the later end: nothing that
    /// somebody was granted is taken away by granting more. `None`: the sum is beyond all money.
    #[must_use]
    pub fn raised(&self, by: Granted, now: Timestamp) -> Option<Self> {
        let running = self.temporary_increase.zip(self.temporary_until).filter(|(_, until)| *until > now);
        let (amount, until) = match running {
            Some((amount, until)) => (amount.checked_add(by.amount)?, until.max(by.until)),
            None => (by.amount, by.until),
        };
        Some(Self { temporary_increase: Some(amount), temporary_until: Some(until), ..self.clone() })
    }

    /// Whether nothing is limited but in shadow, though there may be an increase of what others limit.
    pub fn is_bare(&self) -> bool {
        let own = Self { temporary_increase: None, temporary_until: None, shadow: None, ..self.clone() };
        own.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(amount: i64, until: i64) -> Granted {
        Granted { amount: Nanos(amount), until: Timestamp(until) }
    }

    #[test]
    fn a_running_increase_is_added_to_and_one_that_is_over_is_replaced() {
        let limits = Limits { max_budget: Some(Nanos(100)), ..Limits::default() };
        let once = limits.raised(granted(10, 50), Timestamp(1)).unwrap();
        assert_eq!((once.temporary_increase, once.temporary_until), (Some(Nanos(10)), Some(Timestamp(50))));
        let twice = once.raised(granted(5, 30), Timestamp(2)).unwrap();
        assert_eq!((twice.temporary_increase, twice.temporary_until), (Some(Nanos(15)), Some(Timestamp(50))));
        let later = twice.raised(granted(7, 90), Timestamp(50)).unwrap();
        assert_eq!((later.temporary_increase, later.temporary_until), (Some(Nanos(7)), Some(Timestamp(90))));
        assert_eq!(later.max_budget, Some(Nanos(100)));
        assert!(later.raised(granted(i64::MAX, 99), Timestamp(60)).is_none());
    }

    #[test]
    fn an_increase_alone_limits_nothing() {
        assert!(Limits::default().raised(granted(1, 9), Timestamp(0)).unwrap().is_bare());
        assert!(!Limits { rpm_limit: Some(1), ..Limits::default() }.is_bare());
    }

    #[test]
    fn handles_tell_askers_and_accounts_apart() {
        let handle =
            |user: &str, id: &str| IncreaseRequest::handle_of(&UserId::parse(user).unwrap(), AccountKind::Team, id);
        assert_ne!(handle("a", "b:team:c"), handle("a:team:b", "c"));
        assert_eq!(handle("a", "b"), handle("a", "b"));
    }
}
