//! `/api/v1/teams`

use std::collections::BTreeMap;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use tollgate_control::groups;
use tollgate_control::records::Filter;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{AccessGroupId, BudgetId, OrganisationId, TeamId, UserId};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::no_meta;
use tollgate_domain::team;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{CreateErrors, DeleteErrors, GetErrors, ListErrors, UpdateErrors};
use super::extract::{Caller, IfMatch, InBody, InPath, InQuery};
use super::limits::{Limits, LimitsPatch};
use super::list::{List, Order, wanted};
use super::records::{self, Answer, History, shown_new};
use super::values::{MemberRole, Object, Patch, allowed_ips, set_allowed_ips};

type Record = team::Team;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(get, update, delete))
}

/// A team: people who share keys, models and a budget.
#[derive(Debug, Serialize, ToSchema)]
pub struct Team {
    #[schema(value_type = String)]
    id: TeamId,
    name: String,
    #[schema(value_type = Option<String>)]
    organisation_id: Option<OrganisationId>,
    /// What its keys may call; empty means every model that its organisation may.
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[schema(value_type = Vec<String>)]
    access_groups: Vec<AccessGroupId>,
    /// Names that its keys may use for other models.
    model_aliases: BTreeMap<String, String>,
    blocked: bool,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    limits: Limits,
    /// What each member gets that has no limits of its own.
    member_limits: Limits,
    /// Routes of key management that plain members may use for the team's keys: `/key/generate`, `/key/update`,
    /// `/key/delete`, `/key/regenerate`, `/key/info`, `/key/list`. They count for this API's routes of keys, too.
    member_permissions: Vec<String>,
    /// Addresses and networks from which its keys work; empty means from everywhere.
    allowed_ips: Vec<String>,
    /// Added to each of its calls.
    tags: Vec<String>,
    #[schema(value_type = Object)]
    metadata: Object,
    #[serde(flatten)]
    history: History,
}

impl From<Record> for Team {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            name: record.name,
            organisation_id: record.organisation_id,
            models: record.models,
            access_groups: record.access_groups,
            model_aliases: record.model_aliases,
            blocked: record.blocked,
            budget_id: record.budget_id,
            limits: record.limits.into(),
            member_limits: record.member_limits.into(),
            member_permissions: record.member_permissions,
            allowed_ips: allowed_ips(&record.settings),
            tags: record.tags,
            metadata: record.metadata,
            history: record.meta.into(),
        }
    }
}

/// Somebody who is in the team from the start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstMember {
    #[schema(value_type = String)]
    user_id: UserId,
    role: MemberRole,
}

/// A new team.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTeam {
    /// Without one, an id is made.
    #[schema(value_type = Option<String>)]
    id: Option<TeamId>,
    name: String,
    #[schema(value_type = Option<String>)]
    organisation_id: Option<OrganisationId>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    access_groups: Vec<AccessGroupId>,
    #[serde(default)]
    model_aliases: BTreeMap<String, String>,
    #[serde(default)]
    blocked: bool,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    member_limits: Limits,
    #[serde(default)]
    member_permissions: Vec<String>,
    /// Addresses and networks from which its keys work: `203.0.113.9`, `10.0.0.0/8`. Empty: from everywhere.
    #[serde(default)]
    allowed_ips: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Object,
    /// Who is in it from the start.
    #[serde(default)]
    #[schema(max_items = 500)]
    members: Vec<FirstMember>,
}

/// A change of a team: what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamPatch {
    #[serde(default)]
    #[schema(value_type = String)]
    name: Patch<String>,
    /// The team moves to another organisation.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    organisation_id: Patch<OrganisationId>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    models: Patch<Vec<ModelPattern>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    access_groups: Patch<Vec<AccessGroupId>>,
    /// Merged: `null` takes an alias away.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    model_aliases: Patch<BTreeMap<String, Option<String>>>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    blocked: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    budget_id: Patch<BudgetId>,
    #[serde(default)]
    #[schema(value_type = Option<LimitsPatch>)]
    limits: Patch<LimitsPatch>,
    #[serde(default)]
    #[schema(value_type = Option<LimitsPatch>)]
    member_limits: Patch<LimitsPatch>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    member_permissions: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    allowed_ips: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    tags: Patch<Vec<String>>,
    /// Merged: `null` takes a member away.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Patch<Object>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TeamQuery {
    /// Part of the id or the name, whatever the case.
    search: Option<String>,
    organisation_id: Option<String>,
    blocked: Option<bool>,
    budget_id: Option<String>,
    #[param(inline)]
    order: Option<Order>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// List teams
///
/// Those that the caller may see: a member's own, an organisation administrator's organisation's.
#[utoipa::path(get, path = "/api/v1/teams", operation_id = "list_teams", tag = "Teams", params(TeamQuery),
    responses((status = 200, description = "A page", body = List<Team>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<TeamQuery>) -> Answer {
    let filter = Filter {
        search: query.search,
        organisation_id: query.organisation_id,
        blocked: query.blocked,
        budget_id: query.budget_id,
        order: query.order.unwrap_or_default().into(),
        ..Filter::default()
    };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    records::list::<Record, Team>(&server, &caller, filter, wanted).await
}

/// Make a team
///
/// An organisation's administrator who makes a team becomes its administrator.
#[utoipa::path(post, path = "/api/v1/teams", operation_id = "create_team", tag = "Teams", request_body = NewTeam,
    responses((status = 201, description = "Made", body = Team), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewTeam>) -> Answer {
    if body.members.len() > 500 {
        return Err(super::values::invalid("members", "at most 500 at once").into());
    }
    let mut settings = Object::new();
    set_allowed_ips(&mut settings, body.allowed_ips);
    let new = Record {
        id: body.id.unwrap_or_else(|| TeamId::new(server.control().clock().as_ref(), &SystemEntropy)),
        name: body.name,
        organisation_id: body.organisation_id,
        models: body.models,
        access_groups: body.access_groups,
        model_aliases: body.model_aliases,
        blocked: body.blocked,
        budget_id: body.budget_id,
        limits: body.limits.into(),
        member_limits: body.member_limits.into(),
        member_permissions: body.member_permissions,
        tags: body.tags,
        metadata: body.metadata,
        settings,
        logging: tollgate_domain::callback::Logging::default(),
        meta: no_meta(),
    };
    let members: Vec<_> = body.members.into_iter().map(|member| (member.user_id, member.role.into())).collect();
    let made = groups::create_team(server.control(), caller.op(), new, &members).await?;
    Ok(shown_new::<Record, Team>("teams", made))
}

/// Get a team
#[utoipa::path(get, path = "/api/v1/teams/{id}", operation_id = "get_team", tag = "Teams",
    params(("id" = String, Path)), responses((status = 200, description = "The team", body = Team), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    records::get::<Record, Team>(&server, &caller, &id).await
}

/// Change a team
///
/// A team's administrator changes it within what it was given: models, limits, budget and organisation are the
/// organisation's or the gateway's to change.
#[utoipa::path(patch, path = "/api/v1/teams/{id}", operation_id = "update_team", tag = "Teams",
    params(("id" = String, Path)), request_body = TeamPatch,
    responses((status = 200, description = "Changed", body = Team), UpdateErrors))]
async fn update(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    seen: IfMatch,
    InBody(body): InBody<TeamPatch>,
) -> Answer {
    records::update::<Record, Team>(&server, &caller, &id, seen, |record| {
        body.name.required("name", &mut record.name)?;
        body.organisation_id.optional(&mut record.organisation_id);
        body.models.or_default(&mut record.models);
        body.access_groups.or_default(&mut record.access_groups);
        body.model_aliases.merge_map(&mut record.model_aliases);
        body.blocked.or_default(&mut record.blocked);
        body.budget_id.optional(&mut record.budget_id);
        body.limits.limits(&mut record.limits);
        body.member_limits.limits(&mut record.member_limits);
        body.member_permissions.or_default(&mut record.member_permissions);
        body.allowed_ips.ips(&mut record.settings);
        body.tags.or_default(&mut record.tags);
        body.metadata.merge(&mut record.metadata);
        Ok(())
    })
    .await
}

/// Delete a team
///
/// With its memberships and its keys, which stop working at once.
#[utoipa::path(delete, path = "/api/v1/teams/{id}", operation_id = "delete_team", tag = "Teams",
    params(("id" = String, Path)), responses((status = 204, description = "Deleted"), DeleteErrors))]
async fn delete(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>, seen: IfMatch) -> Answer {
    records::delete::<Record>(&server, &caller, &id, seen).await
}
