//! The accounts whose limits can be raised, told apart by their kind.

use tollgate_domain::Timestamp;
use tollgate_domain::actor::Action;
use tollgate_domain::budget::Budget;
use tollgate_domain::customer::Customer;
use tollgate_domain::ids::{BudgetId, OrganisationId, TeamId};
use tollgate_domain::increase::Granted;
use tollgate_domain::key::VirtualKey;
use tollgate_domain::ledger::{AccountKind, WindowRule, Zone};
use tollgate_domain::limits::Limits;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::tag::Tag;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use crate::change::Change;
use crate::{ControlError, Managed};

/// How long an increase lasts, in seconds, where the budget has no window that ends: 30 days.
const DEFAULT_LENGTH: i64 = 30 * 86_400;

/// Something with limits of its own.
trait Limited: Managed {
    fn limits(&self) -> &Limits;
    fn limits_mut(&mut self) -> &mut Limits;
    fn budget_id(&self) -> Option<&BudgetId>;
    fn called(&self) -> String;
}

macro_rules! limited {
    ($($type:ty: |$it:ident| $called:expr;)*) => {$(
        impl Limited for $type {
            fn limits(&self) -> &Limits {
                &self.limits
            }

            fn limits_mut(&mut self) -> &mut Limits {
                &mut self.limits
            }

            fn budget_id(&self) -> Option<&BudgetId> {
                self.budget_id.as_ref()
            }

            fn called(&self) -> String {
                let $it = self;
                $called
            }
        }
    )*};
}

limited! {
    VirtualKey: |it| it.label().to_owned();
    User: |it| it.label().to_owned();
    Membership: |it| format!("{} in {}", it.user_id, it.group.id());
    Team: |it| it.name.clone();
    Organisation: |it| it.name.clone();
    Customer: |it| it.name.clone().unwrap_or_else(|| it.id.to_string());
    Tag: |it| it.id.to_string();
}

/// What is kept of the account that somebody asks for.
pub(super) struct Found {
    pub name: String,
    pub team: Option<TeamId>,
    pub organisation: Option<OrganisationId>,
    /// When an increase ends for which no end is given.
    pub end: Timestamp,
}

macro_rules! by_kind {
    ($kind:expr, $run:ident($($arg:expr),*)) => {
        match $kind {
            AccountKind::Key => $run::<VirtualKey>($($arg),*).await,
            AccountKind::User => $run::<User>($($arg),*).await,
            AccountKind::Membership => $run::<Membership>($($arg),*).await,
            AccountKind::Team => $run::<Team>($($arg),*).await,
            AccountKind::Organisation => $run::<Organisation>($($arg),*).await,
            AccountKind::Customer => $run::<Customer>($($arg),*).await,
            AccountKind::Tag => $run::<Tag>($($arg),*).await,
            AccountKind::Gateway | AccountKind::Person | AccountKind::Provider | AccountKind::Deployment => {
                Err(ControlError::invalid("account_kind", "limits of this kind are not asked for"))
            }
        }
    };
}

/// The account, if there is one and the actor may see it or is the person whom it limits.
pub(super) async fn find(change: &Change<'_>, kind: AccountKind, id: &str) -> Result<Found, ControlError> {
    let mut found = by_kind!(kind, find_one(change, id))?;
    if kind == AccountKind::Membership {
        found.name = member_name(change, id).await?.unwrap_or(found.name);
    }
    Ok(found)
}

/// Raises the account's budget, if the actor may change its limits: as it stands now, whatever was changed since the
/// request was made.
pub(super) async fn raise(
    change: &mut Change<'_>,
    kind: AccountKind,
    id: &str,
    by: Granted,
) -> Result<(), ControlError> {
    by_kind!(kind, raise_one(change, id, by))
}

/// `Ann in Search`
async fn member_name(change: &Change<'_>, id: &str) -> Result<Option<String>, ControlError> {
    let Some(member) = change.find_managed::<Membership>(id).await? else { return Ok(None) };
    let user = change.find_managed::<User>(member.user_id.as_str()).await?;
    let group = match &member.group {
        Group::Team(id) => change.find_managed::<Team>(id.as_str()).await?.map(|team| team.name),
        Group::Organisation(id) => change.find_managed::<Organisation>(id.as_str()).await?.map(|it| it.name),
    };
    let user = user.map_or_else(|| member.user_id.to_string(), |user| user.label().to_owned());
    let group = group.unwrap_or_else(|| member.group.id().to_owned());
    Ok(Some(format!("{user} in {group}")))
}

async fn find_one<T: Limited>(change: &Change<'_>, id: &str) -> Result<Found, ControlError> {
    let not_found = || ControlError::not_found(format!("the {}", T::NOUN));
    let found = change.find_managed::<T>(id).await?.ok_or_else(not_found)?;
    let place = change.place_of_managed(&found, Action::Read).await?;
    let op = change.op();
    // People don't see who is in their teams, but know that they are.
    let own = T::RESOURCE == tollgate_domain::actor::Resource::Membership && change.is_own_membership(id);
    if !own && !op.may(Action::Read, T::RESOURCE, &place) {
        return Err(not_found());
    }
    let limits = found.limits();
    let mut duration = limits.budget_duration.clone();
    if let (None, Some(budget)) = (limits.max_budget, found.budget_id()) {
        let shared = change.read().find::<Budget>(budget.as_str()).await?;
        duration = shared.and_then(|budget| budget.limits.budget_duration);
    }
    // In UTC: where midnight is elsewhere by the configuration, the end is the same day.
    let window = WindowRule::of(duration.as_ref(), found.meta().created_at).span(change.now, &Zone::default());
    let end = if window.end == Timestamp(i64::MAX) { change.now.plus_seconds(DEFAULT_LENGTH) } else { window.end };
    Ok(Found { name: found.called(), team: place.team, organisation: place.organisation, end })
}

async fn raise_one<T: Limited>(change: &mut Change<'_>, id: &str, by: Granted) -> Result<(), ControlError> {
    let mut permit = change.open::<T>(Action::Update, id, None).await?;
    let raised = permit.after.limits().raised(by, change.now);
    *permit.after.limits_mut() = raised.ok_or_else(|| ControlError::invalid("amount", "too much"))?;
    change.save(permit, &format!("{}.increase", T::KIND)).await?;
    Ok(())
}
