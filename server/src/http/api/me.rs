//! `/api/v1/me`: who asks.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde::Serialize;
use tollgate_control::ControlError;
use tollgate_domain::actor::{Actor, Visible};
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::record::Record as _;
use tollgate_store::RecordFilter;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::ListErrors;
use super::extract::Caller;
use super::keys::Key;
use super::limits::Limits;
use super::records::Answer;
use super::users::User;
use super::values::MemberRole;

/// The most memberships that are shown.
const MOST_MEMBERSHIPS: usize = 1000;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(me))
}

/// What kind of caller.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallerKind {
    /// Whoever holds the master key.
    MasterKey,
    /// A person, through a personal key.
    User,
    /// A key that belongs to nobody.
    Key,
}

/// A team or organisation that the caller is in.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnMembership {
    /// `null`: an organisation.
    team_id: Option<String>,
    /// `null`: a team.
    organisation_id: Option<String>,
    /// Of the team or organisation.
    name: String,
    role: MemberRole,
    /// What the caller may spend within it.
    limits: Limits,
}

/// Who asks, with what they may and used.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    kind: CallerKind,
    user: Option<User>,
    /// The key that was shown, with its limits and what it used.
    key: Option<Key>,
    memberships: Vec<OwnMembership>,
    /// What the key's team may spend, if it has one.
    team_limits: Option<Limits>,
}

/// Tell who asks
///
/// Any key may ask, whatever else it may.
#[utoipa::path(get, path = "/api/v1/me", operation_id = "get_me", tag = "Me",
    responses((status = 200, description = "Who asks", body = Me), ListErrors))]
async fn me(State(server): State<Server>, caller: Caller) -> Answer {
    let (control, store) = (server.control(), server.store());
    let kind = match &caller.op().actor {
        Actor::User { .. } => CallerKind::User,
        Actor::Key { .. } => CallerKind::Key,
        _ => CallerKind::MasterKey,
    };
    let user = match caller.op().actor.user_id() {
        Some(id) => store.find::<tollgate_domain::user::User>(id.as_str()).await?.map(User::from),
        None => None,
    };
    let (mut key, mut team_limits) = (None, None);
    if let Some(shown) = &caller.0.key {
        let row = tollgate_control::keys::own(control, shown.id).await?;
        if let Some(team) = &row.key.team_id {
            let team = store.find::<tollgate_domain::team::Team>(team.as_str()).await?;
            team_limits = team.map(|team| team.limits.into());
        }
        key = Some(Key::of_row(row, control.clock().now()));
    }
    let memberships = match caller.op().actor.user_id() {
        Some(id) => own_memberships(&server, id.as_str()).await?,
        None => Vec::new(),
    };
    Ok(Json(Me { kind, user, key, memberships, team_limits }).into_response())
}

async fn own_memberships(server: &Server, user: &str) -> Result<Vec<OwnMembership>, ControlError> {
    let store = server.store();
    let filter = RecordFilter { user_id: Some(user.to_owned()), ..RecordFilter::default() };
    let all: Vec<Membership> = store.list_all(&Visible::All, &filter, MOST_MEMBERSHIPS).await?;
    let ids = |of: fn(&Group) -> Option<String>| RecordFilter {
        ids: Some(all.iter().filter_map(|membership| of(&membership.group)).collect()),
        ..RecordFilter::default()
    };
    let teams: Vec<tollgate_domain::team::Team> =
        store.list_all(&Visible::All, &ids(|group| group.team().map(ToString::to_string)), MOST_MEMBERSHIPS).await?;
    let organisations: Vec<tollgate_domain::organisation::Organisation> = store
        .list_all(&Visible::All, &ids(|group| group.organisation().map(ToString::to_string)), MOST_MEMBERSHIPS)
        .await?;
    let name = |group: &Group| match group {
        Group::Team(id) => teams.iter().find(|team| team.id() == id.as_str()).map(|team| team.name.clone()),
        Group::Organisation(id) => organisations.iter().find(|one| one.id() == id.as_str()).map(|one| one.name.clone()),
    };
    let shown = all.iter().filter_map(|membership| {
        Some(OwnMembership {
            team_id: membership.group.team().map(ToString::to_string),
            organisation_id: membership.group.organisation().map(ToString::to_string),
            name: name(&membership.group)?,
            role: membership.role.into(),
            limits: membership.limits.clone().into(),
        })
    });
    Ok(shown.collect())
}
