//! What the pages about teams ask.

use tollgate_control::keys::{self, KeyFilter};
use tollgate_control::people::{Counted, CountedBy, counts};
use tollgate_control::records::{self, Filter, Order};
use tollgate_control::{Control, OpContext};
use tollgate_domain::Timestamp;
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::budget::Budget;
use tollgate_domain::membership::Group;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::page::Cursor;
use tollgate_domain::record::Record as _;
use tollgate_domain::report::{Totals, TotalsOf};
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use super::choices::{choices, meant, name_of};
use super::members::{member_counts, members, place};
use super::usage::totals_of;
use super::{KeyView, MembersView, ServerError};
use crate::kit::{Choices, ListQuery};

/// Rows of a page of teams.
const PAGE: u32 = 50;

/// The most keys that are looked at to say what deleting a team breaks.
const MOST_KEYS: u32 = 1000;

/// A team in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct TeamRow {
    pub team: Team,
    /// Its organisation's name.
    pub organisation: Option<String>,
    /// `None`: not for whoever looks.
    pub members: Option<i64>,
    pub keys: i64,
    /// What its calls used, ever. `None`: not for whoever looks.
    pub totals: Option<Totals>,
}

/// A page of teams.
#[derive(Clone, Debug, PartialEq)]
pub struct TeamsView {
    pub rows: Vec<TeamRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// The name of the organisation that is filtered by.
    pub organisation: Option<String>,
}

/// Which teams a list shows.
pub(super) fn filter_of(list: &ListQuery) -> Filter {
    let status = list.get("status");
    Filter {
        search: list.get("q"),
        organisation_id: list.get("organisation"),
        blocked: match status.as_deref() {
            Some("blocked") => Some(true),
            Some("active") => Some(false),
            _ => None,
        },
        deleted: status.as_deref() == Some("deleted"),
        order: match list.sort() {
            Some(("created", true)) => Order::NewestFirst,
            Some(("created", false)) => Order::OldestFirst,
            _ => Order::Name,
        },
        ..Filter::default()
    }
}

/// A page of teams.
pub async fn list_teams(list: ListQuery) -> Result<TeamsView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let mut filter = filter_of(&list);
    if let Some(text) = filter.organisation_id.take() {
        filter.organisation_id = Some(meant::<Organisation>(&control, &op, text).await?);
    }
    let page = records::list::<Team>(&control, &op, &filter, list.after().as_ref(), PAGE).await?;
    let organisation = match filter.organisation_id {
        Some(id) => Some(name_of::<Organisation>(&control, &op, &id).await?),
        None => None,
    };
    Ok(TeamsView { rows: team_rows(&control, &op, page.items).await?, next: page.next, organisation })
}

/// The same teams with what lists show of them.
pub(super) async fn team_rows(
    control: &Control,
    op: &OpContext,
    teams: Vec<Team>,
) -> Result<Vec<TeamRow>, ServerError> {
    let ids: Vec<_> = teams.iter().map(|team| team.id.to_string()).collect();
    let members = member_counts(control, op, CountedBy::Team, &ids).await?;
    let keys = counts(control, op, Counted::Keys, CountedBy::Team, &ids).await?;
    let mut organisations: Vec<_> = teams.iter().filter_map(|team| team.organisation_id.clone()).collect();
    organisations.sort();
    organisations.dedup();
    let mut names = std::collections::HashMap::new();
    for id in organisations {
        let name = name_of::<Organisation>(control, op, id.as_str()).await?;
        names.insert(id, name);
    }
    let places = teams.iter().map(|team| (team.id.to_string(), team.place()));
    let mut totals = totals_of(control, op, TotalsOf::Team, places).await?;
    let mut row = |team: Team| TeamRow {
        totals: totals.remove(team.id.as_str()),
        organisation: team.organisation_id.as_ref().and_then(|id| names.get(id).cloned()),
        members: op
            .may(Action::Read, Resource::Membership, &team.place())
            .then(|| members.get(team.id.as_str()).copied().unwrap_or_default()),
        keys: keys.get(team.id.as_str()).copied().unwrap_or_default(),
        team,
    };
    Ok(teams.into_iter().map(&mut row).collect())
}

/// What whoever looks may do to a team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent permissions")]
pub struct TeamRights {
    pub update: bool,
    /// What it was given, too: its organisation, models, budget, and whether it is blocked.
    pub give: bool,
    pub delete: bool,
    pub create_keys: bool,
}

fn rights(op: &OpContext, team: &Team) -> TeamRights {
    let may = |action, resource| op.may(action, resource, &team.place());
    TeamRights {
        update: may(Action::Update, Resource::Team),
        give: may(Action::Create, Resource::Team),
        delete: may(Action::Delete, Resource::Team),
        create_keys: may(Action::Create, Resource::Key),
    }
}

/// What every page of a team shows.
#[derive(Clone, Debug, PartialEq)]
pub struct TeamView {
    pub team: Team,
    /// Its organisation's name.
    pub organisation: Option<String>,
    pub rights: TeamRights,
    /// What its calls used, ever. `None`: not for whoever looks.
    pub totals: Option<Totals>,
}

async fn team_view(control: &Control, op: &OpContext, id: &str) -> Result<TeamView, ServerError> {
    let team = records::get::<Team>(control, op, id).await?;
    let organisation = match &team.organisation_id {
        Some(id) => Some(name_of::<Organisation>(control, op, id.as_str()).await?),
        None => None,
    };
    let place = (team.id.to_string(), team.place());
    let totals = totals_of(control, op, TotalsOf::Team, [place]).await?.remove(team.id.as_str());
    Ok(TeamView { rights: rights(op, &team), team, organisation, totals })
}

/// A team with a page of its members.
pub async fn get_team(id: String, after: Option<String>) -> Result<(TeamView, MembersView), ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let view = team_view(&control, &op, &id).await?;
    let group = Group::Team(view.team.id.clone());
    let place = place(&group, view.team.organisation_id.as_ref());
    let members = members(&control, &op, &group, &place, after.as_deref().and_then(Cursor::decode)).await?;
    Ok((view, members))
}

/// Keys of a team, or of a person: a page of a page about something else.
#[derive(Clone, Debug, PartialEq)]
pub struct SomeKeysView {
    pub rows: Vec<KeyView>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// A page of the keys that match.
pub(super) async fn some_keys(
    control: &Control,
    op: &OpContext,
    filter: &KeyFilter,
    after: Option<&str>,
) -> Result<SomeKeysView, ServerError> {
    let page = keys::list(control, op, filter, after.and_then(Cursor::decode), PAGE).await?;
    Ok(SomeKeysView { rows: super::keys::views(control, op, page.items).await?, next: page.next })
}

/// A team with a page of its keys.
pub async fn get_team_keys(id: String, after: Option<String>) -> Result<(TeamView, SomeKeysView), ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let view = team_view(&control, &op, &id).await?;
    let filter = KeyFilter { team_id: Some(view.team.id.to_string()), ..KeyFilter::default() };
    let keys = some_keys(&control, &op, &filter, after.as_deref()).await?;
    Ok((view, keys))
}

/// What the form of a team needs.
#[derive(Clone, Debug, PartialEq)]
pub struct TeamFormView {
    pub models: Vec<String>,
    pub organisations: Choices,
    pub budgets: Choices,
    pub access_groups: Choices,
    pub people: Choices,
    /// Whether a team may be without an organisation: whoever runs one organisation makes teams in it.
    pub may_be_free: bool,
    pub may_create: bool,
}

async fn form_view(control: &Control, op: &OpContext) -> Result<TeamFormView, ServerError> {
    Ok(TeamFormView {
        models: super::keys::model_names(control, op).await?,
        organisations: choices::<Organisation>(control, op).await?,
        budgets: choices::<Budget>(control, op).await?,
        access_groups: choices::<AccessGroup>(control, op).await?,
        people: choices::<User>(control, op).await?,
        may_be_free: op.may(Action::Create, Resource::Team, &tollgate_domain::actor::Place::default()),
        may_create: super::op_may(op, Action::Create, Resource::Team),
    })
}

/// What the form of a new team needs.
pub async fn new_team_form() -> Result<TeamFormView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    form_view(&control, &op).await
}

/// A team with what the form to change it needs.
pub async fn edit_team(id: String) -> Result<(TeamView, TeamFormView), ServerError> {
    let (control, op) = crate::server::op_context().await?;
    Ok((team_view(&control, &op, &id).await?, form_view(&control, &op).await?))
}

/// What goes with a thing that is deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    pub keys: i64,
    /// Those that were called within the last day.
    pub keys_in_use: i64,
    pub last_used_at: Option<Timestamp>,
    pub members: i64,
    /// The server's time.
    pub now: Timestamp,
}

/// What becomes of the keys that match.
pub(super) async fn losses(
    control: &Control,
    op: &OpContext,
    filter: &KeyFilter,
    members: &Filter,
) -> Result<Losses, ServerError> {
    let now = control.clock().now();
    let keys = keys::count(control, op, filter).await?;
    let rows = keys::list(control, op, filter, None, MOST_KEYS).await?.items;
    let used = || rows.iter().filter_map(|row| row.last_used_at);
    let day_ago = now.plus_seconds(-86_400);
    let members = records::count::<tollgate_domain::membership::Membership>(control, op, members).await?;
    Ok(Losses {
        keys: i64::try_from(keys).unwrap_or(i64::MAX),
        keys_in_use: i64::try_from(used().filter(|at| *at >= day_ago).count()).unwrap_or(i64::MAX),
        last_used_at: used().max(),
        members: i64::try_from(members).unwrap_or(i64::MAX),
        now,
    })
}

/// A team that somebody is about to delete, and what goes with it.
pub async fn team_losses(id: String) -> Result<(TeamView, Losses), ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let view = team_view(&control, &op, &id).await?;
    let team_id = Some(view.team.id.to_string());
    let keys = KeyFilter { team_id: team_id.clone(), ..KeyFilter::default() };
    let members = Filter { team_id, ..Filter::default() };
    Ok((view, losses(&control, &op, &keys, &members).await?))
}
