//! What the pages about members ask: of teams and of organisations alike.

use std::collections::HashMap;

use tollgate_control::keys::{self, KeyFilter};
use tollgate_control::people::{self, Counted, CountedBy};
use tollgate_control::records::{self, Filter, Order};
use tollgate_control::{Control, OpContext};
use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::budget::Budget;
use tollgate_domain::ids::UserId;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::page::Cursor;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use super::ServerError;
use super::choices::{choices, name_of};
use crate::kit::Choices;

const PAGE: u32 = 100;

/// A member of a team or organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberRow {
    pub membership: Membership,
    /// What people call them.
    pub label: String,
}

/// A page of the members of a team or organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct MembersView {
    pub rows: Vec<MemberRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// Whether whoever looks may see who is a member at all.
    pub may_see: bool,
    pub may_change: bool,
    pub may_add: bool,
    /// Whom one may add, as far as whoever looks may see people.
    pub people: Choices,
}

/// One member, with what the form needs.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberView {
    pub member: MemberRow,
    pub group_name: String,
    pub budgets: Choices,
    pub models: Vec<String>,
    /// The aliases or hints of the keys that go with the membership.
    pub keys: Vec<String>,
    pub may_change: bool,
    pub may_remove: bool,
}

/// Where the members of a group are, for permissions. `organisation`: a team's.
pub(super) fn place(group: &Group, organisation: Option<&tollgate_domain::ids::OrganisationId>) -> Place {
    Place {
        team: group.team().cloned(),
        organisation: group.organisation().or(organisation).cloned(),
        ..Place::default()
    }
}

/// A page of members, by their ids.
pub(super) async fn members(
    control: &Control,
    op: &OpContext,
    group: &Group,
    place: &Place,
    after: Option<Cursor>,
) -> Result<MembersView, ServerError> {
    let may = |action| op.may(action, Resource::Membership, place);
    let (may_see, may_change, may_add) = (may(Action::Read), may(Action::Update), may(Action::Create));
    let mut view =
        MembersView { rows: Vec::new(), next: None, may_see, may_change, may_add, people: Choices::default() };
    if !may_see {
        return Ok(view);
    }
    let filter = Filter { order: Order::Name, ..of_group(group) };
    let page = records::list::<Membership>(control, op, &filter, after.as_ref(), PAGE).await?;
    view.next = page.next;
    view.rows = labelled(control, page.items).await?;
    if may_add {
        view.people = choices::<User>(control, op).await?;
        // Whoever sees only themselves types whom they mean.
        view.people.more |= !op.may(Action::Read, Resource::User, &Place::default());
    }
    Ok(view)
}

fn of_group(group: &Group) -> Filter {
    Filter {
        team_id: group.team().map(ToString::to_string),
        organisation_id: group.organisation().map(ToString::to_string),
        ..Filter::default()
    }
}

async fn labelled(control: &Control, memberships: Vec<Membership>) -> Result<Vec<MemberRow>, ServerError> {
    let ids: Vec<UserId> = memberships.iter().map(|membership| membership.user_id.clone()).collect();
    let labels = people::labels(control, &ids).await?;
    let row = |membership: Membership| {
        let label = labels.get(&membership.user_id).cloned().unwrap_or_else(|| membership.user_id.to_string());
        MemberRow { membership, label }
    };
    Ok(memberships.into_iter().map(row).collect())
}

/// The members of each of these groups, as far as the actor may see them.
pub(super) async fn member_counts(
    control: &Control,
    op: &OpContext,
    by: CountedBy,
    ids: &[String],
) -> Result<HashMap<String, i64>, ServerError> {
    Ok(people::counts(control, op, Counted::Memberships, by, ids).await?)
}

/// One member of a group.
pub async fn get_member(group: Group, user: String) -> Result<MemberView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let user = UserId::parse(&user).ok_or(ServerError::NotFound)?;
    let id = Membership::id_of(&group, &user).ok_or(ServerError::NotFound)?;
    let membership = records::get::<Membership>(&control, &op, id.as_str()).await?;
    let (group_name, organisation) = match &group {
        Group::Team(id) => {
            let team = records::get::<Team>(&control, &op, id.as_str()).await?;
            (team.name, team.organisation_id)
        }
        Group::Organisation(id) => (name_of::<Organisation>(&control, &op, id.as_str()).await?, None),
    };
    let place = place(&group, organisation.as_ref());
    let keys = match &group {
        Group::Team(team) => {
            let filter =
                KeyFilter { team_id: Some(team.to_string()), user_id: Some(user.to_string()), ..KeyFilter::default() };
            let rows = keys::list(&control, &op, &filter, None, PAGE).await?.items;
            rows.into_iter().map(|row| row.key.label().to_owned()).collect()
        }
        Group::Organisation(_) => Vec::new(),
    };
    let may = |action| op.may(action, Resource::Membership, &place);
    let (may_change, may_remove) = (may(Action::Update), may(Action::Delete));
    let member = labelled(&control, vec![membership]).await?.pop().ok_or(ServerError::NotFound)?;
    let budgets = choices::<Budget>(&control, &op).await?;
    let models = super::keys::model_names(&control, &op).await?;
    Ok(MemberView { member, group_name, budgets, models, keys, may_change, may_remove })
}
