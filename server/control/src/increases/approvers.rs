//! Who can be asked: the people who may raise the limits of an account, by name.

use tollgate_domain::actor::{Actor, Place, Role, Visible};
use tollgate_domain::ids::UserId;
use tollgate_domain::ledger::AccountKind;
use tollgate_domain::membership::{MemberRole, Membership};
use tollgate_domain::user::User;
use tollgate_store::{RecordFilter, RecordOrder};

use super::{account, whereabouts};
use crate::{Control, ControlError, OpContext, rules};

/// The most that are named: those nearest to the account first.
const MOST: usize = 10;

/// The most members and users that are looked through.
const MOST_MEMBERS: usize = 1000;
const MOST_USERS: usize = 10_000;

/// Somebody who may decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    pub id: UserId,
    /// What people call them: the name, or else the address or the id.
    pub label: String,
    pub email: Option<String>,
}

impl Approver {
    /// `Ada (ada@example.com)`
    pub fn text(&self) -> String {
        match &self.email {
            Some(email) if *email != self.label => format!("{} ({email})", self.label),
            _ => self.label.clone(),
        }
    }
}

/// Who may raise the limits of an account that the actor may see: administrators of its team, then of its organisation,
/// then the gateway's, at most ten. Of people who ask, the asker is none unless an administrator of the gateway.
pub async fn approvers(
    control: &Control,
    op: &OpContext,
    kind: AccountKind,
    id: &str,
) -> Result<Vec<Approver>, ControlError> {
    let place = {
        let change = control.change(op).await?;
        let found = account::find(&change, kind, id).await?;
        let place = Place { team: found.team, organisation: found.organisation, ..Place::default() };
        whereabouts(&change, place).await?
    };
    of_account(control, kind, op.actor.user_id(), &place).await
}

/// The same for an account at this place, for which somebody asks.
pub(super) async fn of_account(
    control: &Control,
    kind: AccountKind,
    asker: Option<&UserId>,
    place: &Place,
) -> Result<Vec<Approver>, ControlError> {
    let store = control.store();
    let mut found: Vec<Approver> = Vec::new();
    let team = place.team.as_ref().map(ToString::to_string);
    let organisation = place.organisation.as_ref().map(ToString::to_string);
    let groups = [
        team.map(|id| RecordFilter { team_id: Some(id), ..RecordFilter::default() }),
        organisation.map(|id| RecordFilter { organisation_id: Some(id), ..RecordFilter::default() }),
    ];
    for filter in groups.into_iter().flatten() {
        let members: Vec<Membership> = store.list_all(&Visible::All, &filter, MOST_MEMBERS).await?;
        for member in members.into_iter().filter(|member| member.role == MemberRole::Admin) {
            let user = store.find::<User>(member.user_id.as_str()).await?;
            let Some(user) = user.filter(|user| user.meta.deleted_at.is_none()) else { continue };
            add(&mut found, control, user, kind, asker, place).await?;
        }
    }
    // The first users are most likely to be administrators.
    let filter = RecordFilter { blocked: Some(false), order: RecordOrder::OldestFirst, ..RecordFilter::default() };
    let users: Vec<User> = store.list_all(&Visible::All, &filter, MOST_USERS).await?;
    for user in users.into_iter().filter(|user| user.role == Role::Admin) {
        add(&mut found, control, user, kind, asker, place).await?;
    }
    Ok(found)
}

/// Names somebody who may decide, by the rule itself.
async fn add(
    found: &mut Vec<Approver>,
    control: &Control,
    user: User,
    kind: AccountKind,
    asker: Option<&UserId>,
    place: &Place,
) -> Result<(), ControlError> {
    if found.len() >= MOST || user.disabled || found.iter().any(|other| other.id == user.id) {
        return Ok(());
    }
    let label = user.label().to_owned();
    let actor = Actor::User { id: user.id.clone(), label: label.clone(), role: user.role, via: None };
    let op = OpContext { actor, memberships: control.memberships(&user.id).await?, ..OpContext::system("") };
    if rules::decides_on(&op, kind, asker, place) {
        found.push(Approver { id: user.id, label, email: user.email });
    }
    Ok(())
}
