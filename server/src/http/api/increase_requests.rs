//! `/api/v1/increase-requests`

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tollgate_control::increases::{self, Approval, Approver, IncreaseFilter, IncreaseRow, NewIncrease};
use tollgate_control::{ControlError, people};
use tollgate_domain::ids::{IncreaseRequestId, OrganisationId, TeamId, UserId};
use tollgate_domain::increase::IncreaseRequest as Record;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{CreateErrors, DecideErrors, GetErrors, ListErrors};
use super::extract::{Caller, IfMatch, InBody, InBodyIfAny, InPath, InQuery};
use super::list::{List, wanted};
use super::records::{Answer, History, check_id, created, one, stale};
use super::values::{IncreaseAccount, IncreaseState, Moment, Money, WhoseIncreases};

const COLLECTION: &str = "increase-requests";

const NOUN: &str = "request for an increase";

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(get))
        .routes(routes!(approve))
        .routes(routes!(deny))
        .routes(routes!(withdraw))
}

/// A request for more money on an account, for a while.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncreaseRequest {
    #[schema(value_type = String)]
    id: IncreaseRequestId,
    /// Who asks.
    #[schema(value_type = String)]
    asker: UserId,
    /// What people call whoever asks.
    asker_name: Option<String>,
    account_kind: IncreaseAccount,
    account_id: String,
    /// What the account was called when it was asked for.
    account_name: String,
    #[schema(value_type = Option<String>)]
    team_id: Option<TeamId>,
    #[schema(value_type = Option<String>)]
    organisation_id: Option<OrganisationId>,
    /// How much more.
    amount: Money,
    until: Moment,
    reason: String,
    state: IncreaseState,
    /// What was approved, which may be other than what was asked for.
    granted_amount: Option<Money>,
    granted_until: Option<Moment>,
    /// A user's or key's id, or `master_key`, `system`.
    decided_by: Option<String>,
    /// What people call that user.
    decided_by_name: Option<String>,
    decided_at: Option<Moment>,
    note: Option<String>,
    /// Whether the caller may approve or deny it now.
    may_decide: bool,
    /// Who can be asked to decide it, by name and address, as long as it is open: those nearest to the account first, at
    /// most ten. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    approvers: Option<Vec<String>>,
    #[serde(flatten)]
    history: History,
}

impl IncreaseRequest {
    fn of(row: IncreaseRow, names: &HashMap<UserId, String>) -> Self {
        let it = row.request;
        let decider = it.decided_by.as_deref().and_then(UserId::parse);
        Self {
            id: it.id,
            asker_name: names.get(&it.asker).cloned(),
            decided_by_name: decider.and_then(|id| names.get(&id).cloned()),
            approvers: None,
            asker: it.asker,
            account_kind: IncreaseAccount(it.account),
            account_id: it.account_id,
            account_name: it.account_name,
            team_id: it.team_id,
            organisation_id: it.organisation_id,
            amount: Money(it.amount),
            until: Moment(it.until),
            reason: it.reason,
            state: row.state.into(),
            granted_amount: it.granted.map(|granted| Money(granted.amount)),
            granted_until: it.granted.map(|granted| Moment(granted.until)),
            decided_by: it.decided_by,
            decided_at: it.decided_at.map(Moment),
            note: it.note,
            may_decide: row.may_decide,
            history: it.meta.into(),
        }
    }
}

/// What people call those whom the requests name.
async fn names(server: &Server, rows: &[IncreaseRow]) -> Result<HashMap<UserId, String>, ControlError> {
    let requests = rows.iter().map(|row| &row.request);
    let deciders = requests.clone().filter_map(|it| it.decided_by.as_deref().and_then(UserId::parse));
    let mut ids: Vec<UserId> = requests.map(|it| it.asker.clone()).chain(deciders).collect();
    ids.sort();
    ids.dedup();
    people::labels(server.control(), &ids).await
}

async fn named(server: &Server, caller: &Caller, row: IncreaseRow) -> Result<IncreaseRequest, ControlError> {
    let names = names(server, std::slice::from_ref(&row)).await?;
    let deciders = increases::deciders(server.control(), caller.op(), row.request.id.as_str()).await?;
    let approvers = Some(deciders.iter().map(Approver::text).collect());
    Ok(IncreaseRequest { approvers, ..IncreaseRequest::of(row, &names) })
}

async fn shown(server: &Server, caller: &Caller, row: IncreaseRow) -> Answer {
    let version = row.request.meta.version;
    Ok(one(StatusCode::OK, version, &named(server, caller, row).await?))
}

/// A new request for an increase.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncreaseRequest {
    account_kind: IncreaseAccount,
    /// A key's, user's, membership's, team's, organisation's, customer's or tag's id.
    account_id: String,
    /// How much more than the limit.
    amount: Money,
    /// By default the end of the budget's window, or 30 days from now where it has none; at most a year from now.
    until: Option<Moment>,
    /// What it is needed for: at most 2,000 characters.
    reason: String,
}

/// What is approved, where it is other than what was asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IncreaseApproval {
    amount: Option<Money>,
    until: Option<Moment>,
    /// For whoever asked: at most 2,000 characters.
    note: Option<String>,
}

/// Why it is denied.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IncreaseDenial {
    /// For whoever asked: at most 2,000 characters.
    note: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IncreaseRequestQuery {
    /// Whose: `all` that the caller may see, the caller's `own`, or those `to_decide` by the caller.
    #[param(inline)]
    whose: Option<WhoseIncreases>,
    #[param(inline)]
    state: Option<IncreaseState>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// List requests for increases
///
/// Newest first. A page may have fewer items than its limit though there is a next one.
#[utoipa::path(get, path = "/api/v1/increase-requests", operation_id = "list_increase_requests",
    tag = "Increase requests", params(IncreaseRequestQuery),
    responses((status = 200, description = "A page", body = List<IncreaseRequest>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<IncreaseRequestQuery>) -> Answer {
    let filter =
        IncreaseFilter { whose: query.whose.map(Into::into).unwrap_or_default(), state: query.state.map(Into::into) };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    let page = increases::list(server.control(), caller.op(), &filter, wanted.cursor.as_ref(), wanted.limit).await?;
    let names = names(&server, &page.items).await?;
    Ok(Json(List::of(page, |row| IncreaseRequest::of(row, &names))).into_response())
}

/// Ask for an increase
///
/// By a person, for an account that the person may see. There can be one open request of a person for an account.
#[utoipa::path(post, path = "/api/v1/increase-requests", operation_id = "create_increase_request",
    tag = "Increase requests", request_body = NewIncreaseRequest,
    responses((status = 201, description = "Asked", body = IncreaseRequest), CreateErrors))]
async fn ask(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewIncreaseRequest>) -> Answer {
    let new = NewIncrease {
        account: body.account_kind.0,
        account_id: body.account_id,
        amount: body.amount.0,
        until: body.until.map(|until| until.0),
        reason: body.reason,
    };
    let row = Box::pin(increases::ask(server.control(), caller.op(), new)).await?;
    let (id, version) = (row.request.id.to_string(), row.request.meta.version);
    Ok(created(COLLECTION, &id, version, &named(&server, &caller, row).await?))
}

/// Get a request for an increase
#[utoipa::path(get, path = "/api/v1/increase-requests/{id}", operation_id = "get_increase_request",
    tag = "Increase requests", params(("id" = String, Path)),
    responses((status = 200, description = "The request", body = IncreaseRequest), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    check_id(&id, NOUN)?;
    let row = increases::get(server.control(), caller.op(), &id).await?;
    shown(&server, &caller, row).await
}

/// Approve an increase
///
/// By whoever may raise the account's limits, and not by whoever asked. The limit is raised when the answer is there. An
/// increase that still runs is added to, and both last until the later end.
#[utoipa::path(post, path = "/api/v1/increase-requests/{id}/approve", operation_id = "approve_increase_request",
    tag = "Increase requests", params(("id" = String, Path)), request_body = IncreaseApproval,
    responses((status = 200, description = "Approved", body = IncreaseRequest), DecideErrors))]
async fn approve(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    IfMatch(seen): IfMatch,
    InBodyIfAny(body): InBodyIfAny<IncreaseApproval>,
) -> Answer {
    check_id(&id, NOUN)?;
    let approval = Approval {
        amount: body.amount.map(|amount| amount.0),
        until: body.until.map(|until| until.0),
        note: body.note,
    };
    match Box::pin(increases::approve(server.control(), caller.op(), &id, seen, approval)).await {
        Ok(row) => shown(&server, &caller, row).await,
        Err(error) => Err(stale::<Record>(&server, &id, seen, error).await),
    }
}

/// Deny an increase
#[utoipa::path(post, path = "/api/v1/increase-requests/{id}/deny", operation_id = "deny_increase_request",
    tag = "Increase requests", params(("id" = String, Path)), request_body = IncreaseDenial,
    responses((status = 200, description = "Denied", body = IncreaseRequest), DecideErrors))]
async fn deny(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    IfMatch(seen): IfMatch,
    InBodyIfAny(body): InBodyIfAny<IncreaseDenial>,
) -> Answer {
    check_id(&id, NOUN)?;
    match Box::pin(increases::deny(server.control(), caller.op(), &id, seen, body.note)).await {
        Ok(row) => shown(&server, &caller, row).await,
        Err(error) => Err(stale::<Record>(&server, &id, seen, error).await),
    }
}

/// Withdraw a request for an increase
#[utoipa::path(post, path = "/api/v1/increase-requests/{id}/withdraw", operation_id = "withdraw_increase_request",
    tag = "Increase requests", params(("id" = String, Path)),
    responses((status = 200, description = "Withdrawn", body = IncreaseRequest), DecideErrors))]
async fn withdraw(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    IfMatch(seen): IfMatch,
) -> Answer {
    check_id(&id, NOUN)?;
    match Box::pin(increases::withdraw(server.control(), caller.op(), &id, seen)).await {
        Ok(row) => shown(&server, &caller, row).await,
        Err(error) => Err(stale::<Record>(&server, &id, seen, error).await),
    }
}
