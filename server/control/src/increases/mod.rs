//! Requests for increases: asked by people whom a limit holds, decided by whoever may raise that limit.

mod account;
mod approve;
mod approvers;
mod ask;
mod deny;
mod get;
mod list;
mod withdraw;

use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Place};
use tollgate_domain::increase::{IncreaseRequest, IncreaseState};

use crate::change::{Change, Permit};
use crate::managed::{Managed as _, Teams};
use crate::{ControlError, OpContext, rules};

pub use approve::{Approval, approve};
pub use approvers::{Approver, approvers};
pub use ask::{NewIncrease, ask};
pub use deny::deny;
pub use get::{deciders, get};
pub use list::{IncreaseFilter, Whose, list, waiting};
pub use withdraw::withdraw;

/// A request, with what the actor may do about it at the moment.
#[derive(Clone, Debug, PartialEq)]
pub struct IncreaseRow {
    pub request: IncreaseRequest,
    /// As time has made it.
    pub state: IncreaseState,
    pub may_decide: bool,
    pub may_withdraw: bool,
}

impl IncreaseRow {
    async fn of(
        request: IncreaseRequest,
        op: &OpContext,
        teams: &impl Teams,
        now: Timestamp,
    ) -> Result<Self, ControlError> {
        let place = request.place(teams, Action::Read).await?;
        let state = request.state_at(now);
        let open = state == IncreaseState::Open;
        let may_decide = open && rules::decides(op, &request, &place);
        let may_withdraw = open && op.actor.user_id() == Some(&request.asker);
        Ok(Self { request, state, may_decide, may_withdraw })
    }
}

impl Change<'_> {
    /// Where the account is that a request asks for.
    pub(crate) async fn place_of_increase(&self, request: &IncreaseRequest) -> Result<Place, ControlError> {
        whereabouts(self, tollgate_domain::record::Record::place(request)).await
    }
}

/// The place with the organisation of its team.
async fn whereabouts(change: &Change<'_>, place: Place) -> Result<Place, ControlError> {
    let Some(team) = &place.team else { return Ok(place) };
    let found = change.place_of(&tollgate_domain::membership::Group::Team(team.clone())).await?;
    Ok(Place { organisation: found.organisation.or(place.organisation.clone()), ..place })
}

/// An open request, to be decided by the actor; a conflict if it is closed, or not at the version that the caller saw.
async fn to_decide(
    change: &Change<'_>,
    id: &str,
    expected_version: Option<i64>,
) -> Result<Permit<IncreaseRequest>, ControlError> {
    let permit = change.open::<IncreaseRequest>(Action::Update, id, expected_version).await?;
    let request = permit.before();
    let place = change.place_of_increase(request).await?;
    if !rules::decides(change.op(), request, &place) {
        return Err(ControlError::Denied {
            action: Action::Update,
            resource: tollgate_domain::actor::Resource::IncreaseRequest,
        });
    }
    still_open(request, change.now)?;
    Ok(permit)
}

fn still_open(request: &IncreaseRequest, now: Timestamp) -> Result<(), ControlError> {
    match request.state_at(now) {
        IncreaseState::Open => Ok(()),
        state => Err(ControlError::conflict(format!("this request is closed: it is {} already", state.as_str()))),
    }
}

/// Notes who closed it.
fn close(permit: &mut Permit<IncreaseRequest>, state: IncreaseState, by: String, now: Timestamp) {
    permit.after.state = state;
    permit.after.decided_by = Some(by);
    permit.after.decided_at = Some(now);
}
