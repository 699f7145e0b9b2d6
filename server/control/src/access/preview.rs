//! What other rules of admission would do to those who came through providers: seen before they are set.

use std::collections::BTreeSet;

use tollgate_domain::actor::{Action, Place, Resource, Role, Visible};
use tollgate_domain::ids::{TeamId, UserId};
use tollgate_domain::membership::Membership;
use tollgate_domain::sso::{Admission, Fault};
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::RecordFilter;

use crate::{Control, ControlError, OpContext};

/// The most identities that are looked at, those used last.
const MOST: u64 = 10_000;

/// The most teams of one person.
const MOST_TEAMS: usize = 1000;

/// What would become of somebody at the next sign-in, if the provider said what it said at the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    pub user: UserId,
    pub label: String,
    pub provider: String,
    /// Would not be let in.
    pub refused: Option<Fault>,
    /// As it is, and as it would be.
    pub role: (Role, Role),
    pub joins: BTreeSet<TeamId>,
    pub leaves: BTreeSet<TeamId>,
}

impl Foreseen {
    pub fn is_change(&self) -> bool {
        self.refused.is_some() || self.role.0 != self.role.1 || !self.joins.is_empty() || !self.leaves.is_empty()
    }
}

/// What these rules would do to whom; and how many people's last sign-in is from before what was said was kept.
pub async fn preview(
    control: &Control,
    op: &OpContext,
    admission: &Admission,
) -> Result<(Vec<Foreseen>, usize), ControlError> {
    control.authorise(op, Action::Read, Resource::Settings, &Place::default(), "").await?;
    let store = control.store();
    let (mut all, mut unknown) = (Vec::new(), 0);
    for identity in store.identities(MOST).await? {
        let found = store.find::<User>(identity.user_id.as_str()).await?;
        let Some(user) = found.filter(|user| user.meta.deleted_at.is_none() && !user.disabled) else { continue };
        let Some(who) = &identity.said else {
            unknown += 1;
            continue;
        };
        let mut foreseen = Foreseen {
            label: user.label().to_owned(),
            provider: identity.provider.clone(),
            refused: admission.check(who).err(),
            role: (user.role, admission.role_of(who).unwrap_or(user.role)),
            joins: BTreeSet::new(),
            leaves: BTreeSet::new(),
            user: user.id,
        };
        if foreseen.refused.is_some() {
            // Who is not let in stays as they are.
            foreseen.role.1 = foreseen.role.0;
        } else if let Some(wanted) = admission.teams_of(who) {
            let filter = RecordFilter { user_id: Some(foreseen.user.to_string()), ..RecordFilter::default() };
            let memberships: Vec<Membership> = store.list_all(&Visible::All, &filter, MOST_TEAMS).await?;
            let now: BTreeSet<TeamId> = memberships.iter().filter_map(|m| m.group.team().cloned()).collect();
            for team in wanted.difference(&now) {
                let found = store.find::<Team>(team.as_str()).await?;
                if found.is_some_and(|team| team.meta.deleted_at.is_none()) {
                    foreseen.joins.insert(team.clone());
                }
            }
            // What somebody made by hand is left alone.
            let given = identity.teams.difference(&wanted);
            foreseen.leaves = given.filter(|team| now.contains(*team)).cloned().collect();
        }
        all.push(foreseen);
    }
    all.sort_by(|one, other| one.label.cmp(&other.label).then_with(|| one.user.cmp(&other.user)));
    Ok((all, unknown))
}
