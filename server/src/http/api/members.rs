//! `/api/v1/teams/{id}/members` and `/api/v1/organisations/{id}/members`

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tollgate_control::groups;
use tollgate_control::records::{self as control_records, Filter};
use tollgate_domain::ids::{BudgetId, OrganisationId, TeamId, UserId};
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::model::ModelPattern;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::problem::Problem;
use super::super::server::Server;
use super::errors::{CreateErrors, DeleteErrors, GetErrors, UpdateErrors};
use super::extract::{Caller, IfMatch, InBody, InPath, InQuery};
use super::limits::{Limits, LimitsPatch};
use super::list::{List, Order, wanted};
use super::records::{Answer, History, created, encoded, shown, stale};
use super::values::{MemberRole, Patch};

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list_of_team, add_to_team))
        .routes(routes!(get_of_team, update_of_team, remove_from_team))
        .routes(routes!(list_of_organisation, add_to_organisation))
        .routes(routes!(get_of_organisation, update_of_organisation, remove_from_organisation))
}

/// One person in a team or organisation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Member {
    #[schema(value_type = String)]
    user_id: UserId,
    role: MemberRole,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    /// What this member may spend within the group.
    limits: Limits,
    /// What this member may call within the group; empty means what the group may.
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[serde(flatten)]
    history: History,
}

impl From<Membership> for Member {
    fn from(record: Membership) -> Self {
        Self {
            user_id: record.user_id,
            role: record.role.into(),
            budget_id: record.budget_id,
            limits: record.limits.into(),
            models: record.models,
            history: record.meta.into(),
        }
    }
}

/// Somebody who becomes a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    #[schema(value_type = String)]
    user_id: UserId,
    /// `member`, unless it is said otherwise.
    role: Option<MemberRole>,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
}

/// A change of a member: what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPatch {
    #[serde(default)]
    #[schema(value_type = MemberRole)]
    role: Patch<MemberRole>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    budget_id: Patch<BudgetId>,
    #[serde(default)]
    #[schema(value_type = Option<LimitsPatch>)]
    limits: Patch<LimitsPatch>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    models: Patch<Vec<ModelPattern>>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MemberQuery {
    /// Part of the user's id, whatever the case.
    search: Option<String>,
    #[param(inline)]
    order: Option<Order>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

fn team(id: &str) -> Result<Group, Problem> {
    TeamId::parse(id).map(Group::Team).ok_or_else(|| Problem::not_found("team"))
}

fn organisation(id: &str) -> Result<Group, Problem> {
    OrganisationId::parse(id).map(Group::Organisation).ok_or_else(|| Problem::not_found("organisation"))
}

fn user(id: &str) -> Result<UserId, Problem> {
    UserId::parse(id).ok_or_else(|| Problem::not_found("membership"))
}

async fn list(server: &Server, caller: &Caller, group: &Group, query: MemberQuery) -> Answer {
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    let (control, op) = (server.control(), caller.op());
    // Whoever may not see the group does not see who is in it, nor that it is there.
    match group {
        Group::Team(id) => {
            control_records::get::<tollgate_domain::team::Team>(control, op, id.as_str()).await.map(drop)?;
        }
        Group::Organisation(id) => {
            control_records::get::<tollgate_domain::organisation::Organisation>(control, op, id.as_str())
                .await
                .map(drop)?;
        }
    }
    let filter = Filter {
        search: query.search,
        team_id: group.team().map(ToString::to_string),
        organisation_id: group.organisation().map(ToString::to_string),
        order: query.order.unwrap_or_default().into(),
        ..Filter::default()
    };
    let page = control_records::list::<Membership>(control, op, &filter, wanted.cursor.as_ref(), wanted.limit).await?;
    Ok(Json(List::of(page, Member::from)).into_response())
}

async fn add(server: &Server, caller: &Caller, group: &Group, body: NewMember) -> Answer {
    let added = groups::add_member(server.control(), caller.op(), group, &body.user_id, |new| {
        new.role = body.role.map(Into::into).unwrap_or_default();
        new.budget_id = body.budget_id;
        new.limits = body.limits.into();
        new.models = body.models;
    })
    .await?;
    let collection = match group {
        Group::Team(id) => format!("teams/{}/members", encoded(id.as_str())),
        Group::Organisation(id) => format!("organisations/{}/members", encoded(id.as_str())),
    };
    let (id, version) = (added.user_id.clone(), added.meta.version);
    Ok(created(&collection, id.as_str(), version, &Member::from(added)))
}

async fn get(server: &Server, caller: &Caller, group: &Group, id: &str) -> Answer {
    let membership = Membership::id_of(group, &user(id)?).ok_or_else(|| Problem::not_found("membership"))?;
    let found = control_records::get::<Membership>(server.control(), caller.op(), membership.as_str()).await?;
    Ok(shown::<Membership, Member>(StatusCode::OK, found))
}

async fn update(
    server: &Server,
    caller: &Caller,
    group: &Group,
    id: &str,
    IfMatch(expected): IfMatch,
    body: MemberPatch,
) -> Answer {
    let user = user(id)?;
    let changed = groups::update_member(server.control(), caller.op(), group, &user, expected, |record| {
        body.role.required("role", &mut record.role)?;
        body.budget_id.optional(&mut record.budget_id);
        body.limits.limits(&mut record.limits);
        body.models.or_default(&mut record.models);
        Ok(())
    });
    match Box::pin(changed).await {
        Ok(saved) => Ok(shown::<Membership, Member>(StatusCode::OK, saved)),
        Err(error) => Err(problem(server, group, &user, expected, error).await),
    }
}

async fn remove(server: &Server, caller: &Caller, group: &Group, id: &str, IfMatch(expected): IfMatch) -> Answer {
    let user = user(id)?;
    match Box::pin(groups::remove_member_at(server.control(), caller.op(), group, &user, expected)).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error) => Err(problem(server, group, &user, expected, error).await),
    }
}

async fn problem(
    server: &Server,
    group: &Group,
    user: &UserId,
    expected: Option<i64>,
    error: tollgate_control::ControlError,
) -> Problem {
    match Membership::id_of(group, user) {
        Some(id) => stale::<Membership>(server, id.as_str(), expected, error).await,
        None => error.into(),
    }
}

/// List a team's members
///
/// A plain member sees the team and not who else is in it: the list is empty then.
#[utoipa::path(get, path = "/api/v1/teams/{id}/members", operation_id = "list_team_members", tag = "Members",
    params(("id" = String, Path), MemberQuery),
    responses((status = 200, description = "A page", body = List<Member>), GetErrors))]
async fn list_of_team(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    InQuery(query): InQuery<MemberQuery>,
) -> Answer {
    list(&server, &caller, &team(&id)?, query).await
}

/// Add a member to a team
#[utoipa::path(post, path = "/api/v1/teams/{id}/members", operation_id = "add_team_member", tag = "Members",
    params(("id" = String, Path)), request_body = NewMember,
    responses((status = 201, description = "Added", body = Member), CreateErrors))]
async fn add_to_team(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    InBody(body): InBody<NewMember>,
) -> Answer {
    add(&server, &caller, &team(&id)?, body).await
}

/// Get a member of a team
#[utoipa::path(get, path = "/api/v1/teams/{id}/members/{user_id}", operation_id = "get_team_member", tag = "Members",
    params(("id" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, description = "The member", body = Member), GetErrors))]
async fn get_of_team(
    State(server): State<Server>,
    caller: Caller,
    InPath((id, user_id)): InPath<(String, String)>,
) -> Answer {
    get(&server, &caller, &team(&id)?, &user_id).await
}

/// Change a member of a team
#[utoipa::path(patch, path = "/api/v1/teams/{id}/members/{user_id}", operation_id = "update_team_member",
    tag = "Members", params(("id" = String, Path), ("user_id" = String, Path)), request_body = MemberPatch,
    responses((status = 200, description = "Changed", body = Member), UpdateErrors))]
async fn update_of_team(
    State(server): State<Server>,
    caller: Caller,
    InPath((id, user_id)): InPath<(String, String)>,
    seen: IfMatch,
    InBody(body): InBody<MemberPatch>,
) -> Answer {
    update(&server, &caller, &team(&id)?, &user_id, seen, body).await
}

/// Take a member out of a team
///
/// With the keys that they had in it, which stop working at once.
#[utoipa::path(delete, path = "/api/v1/teams/{id}/members/{user_id}", operation_id = "remove_team_member",
    tag = "Members", params(("id" = String, Path), ("user_id" = String, Path)),
    responses((status = 204, description = "Taken out"), DeleteErrors))]
async fn remove_from_team(
    State(server): State<Server>,
    caller: Caller,
    InPath((id, user_id)): InPath<(String, String)>,
    seen: IfMatch,
) -> Answer {
    remove(&server, &caller, &team(&id)?, &user_id, seen).await
}

/// List an organisation's members
#[utoipa::path(get, path = "/api/v1/organisations/{id}/members", operation_id = "list_organisation_members",
    tag = "Members", params(("id" = String, Path), MemberQuery),
    responses((status = 200, description = "A page", body = List<Member>), GetErrors))]
async fn list_of_organisation(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    InQuery(query): InQuery<MemberQuery>,
) -> Answer {
    list(&server, &caller, &organisation(&id)?, query).await
}

/// Add a member to an organisation
#[utoipa::path(post, path = "/api/v1/organisations/{id}/members", operation_id = "add_organisation_member",
    tag = "Members", params(("id" = String, Path)), request_body = NewMember,
    responses((status = 201, description = "Added", body = Member), CreateErrors))]
async fn add_to_organisation(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    InBody(body): InBody<NewMember>,
) -> Answer {
    add(&server, &caller, &organisation(&id)?, body).await
}

/// Get a member of an organisation
#[utoipa::path(get, path = "/api/v1/organisations/{id}/members/{user_id}", operation_id = "get_organisation_member",
    tag = "Members", params(("id" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, description = "The member", body = Member), GetErrors))]
async fn get_of_organisation(
    State(server): State<Server>,
    caller: Caller,
    InPath((id, user_id)): InPath<(String, String)>,
) -> Answer {
    get(&server, &caller, &organisation(&id)?, &user_id).await
}

/// Change a member of an organisation
#[utoipa::path(patch, path = "/api/v1/organisations/{id}/members/{user_id}",
    operation_id = "update_organisation_member", tag = "Members",
    params(("id" = String, Path), ("user_id" = String, Path)), request_body = MemberPatch,
    responses((status = 200, description = "Changed", body = Member), UpdateErrors))]
async fn update_of_organisation(
    State(server): State<Server>,
    caller: Caller,
    InPath((id, user_id)): InPath<(String, String)>,
    seen: IfMatch,
    InBody(body): InBody<MemberPatch>,
) -> Answer {
    update(&server, &caller, &organisation(&id)?, &user_id, seen, body).await
}

/// Take a member out of an organisation
#[utoipa::path(delete, path = "/api/v1/organisations/{id}/members/{user_id}",
    operation_id = "remove_organisation_member", tag = "Members",
    params(("id" = String, Path), ("user_id" = String, Path)),
    responses((status = 204, description = "Taken out"), DeleteErrors))]
async fn remove_from_organisation(
    State(server): State<Server>,
    caller: Caller,
    InPath((id, user_id)): InPath<(String, String)>,
    seen: IfMatch,
) -> Answer {
    remove(&server, &caller, &organisation(&id)?, &user_id, seen).await
}
