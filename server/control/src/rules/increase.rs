//! Requests for increases: what may stand in one, and who decides it.

use tollgate_domain::actor::{Action, Actor, Place, Resource, Role};
use tollgate_domain::ids::UserId;
use tollgate_domain::increase::{IncreaseRequest, IncreaseState, RAISABLE};
use tollgate_domain::ledger::AccountKind;
use tollgate_domain::{Nanos, Timestamp};

use super::fields;
use crate::change::Change;
use crate::{ControlError, OpContext};

/// The latest end, in seconds from now: a year. Who needs more for longer needs another limit.
const LONGEST: i64 = 366 * 86_400;

/// The most that can be asked for at once: a billion dollars, far from where sums overflow.
const MOST: Nanos = Nanos(1_000_000_000 * 1_000_000_000);

/// Whether the actor may raise the limits of the account that is asked for, which is at `place`, and is not the one who asks: nobody
/// decides about themselves but an administrator of the gateway, who could change the limit anyway.
pub(crate) fn decides(op: &OpContext, request: &IncreaseRequest, place: &Place) -> bool {
    decides_on(op, request.account, Some(&request.asker), place)
}

/// The same for an account of this kind, for which somebody asks.
pub(crate) fn decides_on(op: &OpContext, account: AccountKind, asker: Option<&UserId>, place: &Place) -> bool {
    // What a team or an organisation was given is changed by whoever could make one.
    let (action, resource) = match account {
        AccountKind::Key => (Action::Update, Resource::Key),
        AccountKind::Membership => (Action::Update, Resource::Membership),
        AccountKind::User => (Action::Update, Resource::User),
        AccountKind::Team => (Action::Create, Resource::Team),
        AccountKind::Organisation => (Action::Create, Resource::Organisation),
        AccountKind::Customer => (Action::Update, Resource::Customer),
        AccountKind::Tag => (Action::Update, Resource::Tag),
        AccountKind::Gateway | AccountKind::Person | AccountKind::Provider | AccountKind::Deployment => return false,
    };
    let own = asker.is_some() && op.actor.user_id() == asker;
    let administrator = matches!(op.actor, Actor::User { role: Role::Admin, .. });
    // Whoever asks is no owner here: a key is raised by those above it.
    let account = Place { owner: None, ..place.clone() };
    (!own || administrator)
        && op.may(Action::Update, Resource::IncreaseRequest, place)
        && op.may(action, resource, &account)
}

fn money(field: &'static str, amount: Nanos) -> Result<(), ControlError> {
    if amount.0 <= 0 || amount > MOST {
        return Err(ControlError::invalid(field, "more than nothing, and at most a billion dollars"));
    }
    Ok(())
}

fn end(field: &'static str, until: Timestamp, now: Timestamp) -> Result<(), ControlError> {
    if until <= now || until > now.plus_seconds(LONGEST) {
        return Err(ControlError::invalid(field, "a moment to come, at most a year from now"));
    }
    Ok(())
}

pub(crate) async fn increase(
    before: Option<&IncreaseRequest>,
    after: &IncreaseRequest,
    change: &Change<'_>,
) -> Result<(), ControlError> {
    if !RAISABLE.contains(&after.account) {
        return Err(ControlError::invalid("account_kind", "limits of this kind are not asked for"));
    }
    fields::text("note", after.note.as_deref())?;
    match before {
        None => {
            money("amount", after.amount)?;
            end("until", after.until, change.now)?;
            if after.reason.trim().is_empty() {
                return Err(ControlError::invalid("reason", "say what it is needed for"));
            }
            fields::text("reason", Some(&after.reason))
        }
        Some(before) => {
            let asked = |it: &IncreaseRequest| {
                let account = (it.account, it.account_id.clone(), it.team_id.clone(), it.organisation_id.clone());
                (it.asker.clone(), account, it.amount, it.until, it.reason.clone())
            };
            if asked(before) != asked(after) {
                return Err(ControlError::invalid("id", "what was asked for can't be changed: withdraw it, ask anew"));
            }
            if before.state != IncreaseState::Open {
                return Err(ControlError::conflict("this request is closed"));
            }
            if matches!(after.state, IncreaseState::Approved | IncreaseState::Denied) {
                let place = change.place_of_increase(after).await?;
                if !decides(change.op(), after, &place) {
                    return Err(ControlError::Denied { action: Action::Update, resource: Resource::IncreaseRequest });
                }
            }
            let Some(granted) = after.granted else { return Ok(()) };
            money("amount", granted.amount)?;
            end("until", granted.until, change.now)
        }
    }
}
