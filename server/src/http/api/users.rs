//! `/api/v1/users`

use axum::extract::State;
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tollgate_control::records::Filter;
use tollgate_control::{ControlError, users};
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{BudgetId, OrganisationId, TeamId, UserId};
use tollgate_domain::membership::Group;
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::{self, normalise_email};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::problem::Problem;
use super::super::server::Server;
use super::errors::{CreateErrors, DeleteErrors, GetErrors, ListErrors, UpdateErrors};
use super::extract::{Caller, IfMatch, InBody, InPath, InQuery};
use super::limits::{Limits, LimitsPatch};
use super::list::{List, Order, wanted};
use super::records::{self, Answer, History, shown_new};
use super::values::{MemberRole, Object, Patch, Role, invalid};

type Record = user::User;

/// The most groups that somebody may be in from the start.
const MOST_GROUPS: usize = 100;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
        .routes(routes!(set_password))
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    #[schema(value_type = String)]
    id: UserId,
    /// In lower case. `null`: known by the id alone, and can't sign in.
    email: Option<String>,
    name: Option<String>,
    role: Role,
    /// May neither sign in nor call with personal keys.
    disabled: bool,
    /// What personal keys may call; empty means every model.
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    /// What all personal keys together may spend, and how fast.
    limits: Limits,
    #[schema(value_type = Object)]
    metadata: Object,
    #[serde(flatten)]
    history: History,
}

impl From<Record> for User {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            email: record.email,
            name: record.name,
            role: record.role.into(),
            disabled: record.disabled,
            models: record.models,
            budget_id: record.budget_id,
            limits: record.limits.into(),
            metadata: record.metadata,
            history: record.meta.into(),
        }
    }
}

/// A team or an organisation (one of the two) that somebody is in from the start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstMembership {
    #[schema(value_type = Option<String>)]
    team_id: Option<TeamId>,
    #[schema(value_type = Option<String>)]
    organisation_id: Option<OrganisationId>,
    role: MemberRole,
}

/// A new user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Without one, an id is made.
    #[schema(value_type = Option<String>)]
    id: Option<UserId>,
    email: Option<String>,
    name: Option<String>,
    /// `member`, unless it is said otherwise.
    role: Option<Role>,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    models: Vec<ModelPattern>,
    #[schema(value_type = Option<String>)]
    budget_id: Option<BudgetId>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Object,
    /// What they are in from the start.
    #[serde(default)]
    #[schema(max_items = 100)]
    memberships: Vec<FirstMembership>,
}

/// A change of a user: what is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Role)]
    role: Patch<Role>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    disabled: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    models: Patch<Vec<ModelPattern>>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    budget_id: Patch<BudgetId>,
    #[serde(default)]
    #[schema(value_type = Option<LimitsPatch>)]
    limits: Patch<LimitsPatch>,
    /// Merged: `null` takes a member away.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Patch<Object>,
}

/// A new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    #[schema(value_type = String, format = Password, min_length = 12)]
    password: Secret,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Part of the id, the name or the address, whatever the case.
    search: Option<String>,
    disabled: Option<bool>,
    budget_id: Option<String>,
    #[param(inline)]
    order: Option<Order>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

fn email(text: &str) -> Result<String, ControlError> {
    normalise_email(text).ok_or_else(|| invalid("email", "that is not an e-mail address"))
}

/// List users
///
/// Whoever is no administrator or auditor sees only themselves.
#[utoipa::path(get, path = "/api/v1/users", operation_id = "list_users", tag = "Users", params(UserQuery),
    responses((status = 200, description = "A page", body = List<User>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<UserQuery>) -> Answer {
    let filter = Filter {
        search: query.search,
        blocked: query.disabled,
        budget_id: query.budget_id,
        order: query.order.unwrap_or_default().into(),
        ..Filter::default()
    };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    records::list::<Record, User>(&server, &caller, filter, wanted).await
}

/// Make a user
///
/// Without a password: they sign in by other means, or get one from an administrator.
#[utoipa::path(post, path = "/api/v1/users", operation_id = "create_user", tag = "Users", request_body = NewUser,
    responses((status = 201, description = "Made", body = User), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewUser>) -> Answer {
    if body.memberships.len() > MOST_GROUPS {
        return Err(invalid("memberships", format!("at most {MOST_GROUPS} from the start")).into());
    }
    let groups = body.memberships.into_iter().map(|first| {
        let group = match (first.team_id, first.organisation_id) {
            (Some(team), None) => Group::Team(team),
            (None, Some(organisation)) => Group::Organisation(organisation),
            _ => return Err(invalid("memberships", "each names a team or an organisation, one of the two")),
        };
        Ok((group, first.role.into()))
    });
    let groups = groups.collect::<Result<Vec<_>, _>>()?;
    let new = Record {
        id: body.id.unwrap_or_else(|| UserId::new(server.control().clock().as_ref(), &SystemEntropy)),
        email: body.email.as_deref().map(email).transpose()?,
        name: body.name,
        role: body.role.unwrap_or(Role::Member).into(),
        disabled: body.disabled,
        models: body.models,
        budget_id: body.budget_id,
        limits: body.limits.into(),
        metadata: body.metadata,
        settings: Object::new(),
        meta: no_meta(),
    };
    let made = users::create(server.control(), caller.op(), new, &groups).await?;
    Ok(shown_new::<Record, User>("users", made))
}

/// Get a user
#[utoipa::path(get, path = "/api/v1/users/{id}", operation_id = "get_user", tag = "Users",
    params(("id" = String, Path)), responses((status = 200, description = "The user", body = User), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    records::get::<Record, User>(&server, &caller, &id).await
}

/// Change a user
#[utoipa::path(patch, path = "/api/v1/users/{id}", operation_id = "update_user", tag = "Users",
    params(("id" = String, Path)), request_body = UserPatch,
    responses((status = 200, description = "Changed", body = User), UpdateErrors))]
async fn update(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    seen: IfMatch,
    InBody(body): InBody<UserPatch>,
) -> Answer {
    records::update::<Record, User>(&server, &caller, &id, seen, |record| {
        match body.email {
            Patch::Value(text) => record.email = Some(email(&text)?),
            other => other.optional(&mut record.email),
        }
        body.name.optional(&mut record.name);
        body.role.required("role", &mut record.role)?;
        body.disabled.or_default(&mut record.disabled);
        body.models.or_default(&mut record.models);
        body.budget_id.optional(&mut record.budget_id);
        body.limits.limits(&mut record.limits);
        body.metadata.merge(&mut record.metadata);
        Ok(())
    })
    .await
}

/// Delete a user
///
/// With their memberships and their keys, which stop working at once.
#[utoipa::path(delete, path = "/api/v1/users/{id}", operation_id = "delete_user", tag = "Users",
    params(("id" = String, Path)), responses((status = 204, description = "Deleted"), DeleteErrors))]
async fn delete(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>, seen: IfMatch) -> Answer {
    records::delete::<Record>(&server, &caller, &id, seen).await
}

/// Set a user's password
#[utoipa::path(post, path = "/api/v1/users/{id}/password", operation_id = "set_user_password", tag = "Users",
    params(("id" = String, Path)), request_body = NewPassword,
    responses((status = 204, description = "Set"), CreateErrors))]
async fn set_password(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    InBody(body): InBody<NewPassword>,
) -> Answer {
    let user = UserId::parse(&id).ok_or_else(|| Problem::not_found("user"))?;
    users::set_password(server.control(), caller.op(), &user, body.password).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
