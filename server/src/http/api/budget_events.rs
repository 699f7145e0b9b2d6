//! `/api/v1/budget-events`: what was told of budgets and limits.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use tollgate_control::ControlError;
use tollgate_control::alerts::{self, AlertFilter, ShadowSum};
use tollgate_domain::Nanos;
use tollgate_domain::ledger::{AccountKey, AccountKind, Alert, AlertKind};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::ListErrors;
use super::extract::{Caller, InQuery};
use super::list::{List, wanted};
use super::records::Answer;
use super::values::{Moment, Money, invalid};

/// The most limits in shadow that are told of.
const MOST_SHADOWS: u32 = 1000;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(shadow))
}

/// Whose limits.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    /// `gateway`, `organisation`, `team`, `membership`, `user`, `key`, `customer`, `tag`, `provider` or `deployment`.
    kind: String,
    /// Empty: the whole gateway.
    id: String,
    /// A model or a pattern of models; `null`: all that the account spends.
    model: Option<String>,
}

impl From<AccountKey> for Account {
    fn from(key: AccountKey) -> Self {
        Self {
            kind: key.kind.as_str().to_owned(),
            id: key.id.to_string(),
            model: key.model.map(|model| model.to_string()),
        }
    }
}

/// Something that happened to an account's limits. Amounts are dollars where `unit` is `usd`, otherwise requests,
/// tokens or calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct BudgetEvent {
    id: String,
    at: Moment,
    /// `soft_limit`: spend reached the soft budget. `threshold`: spend reached `percent` of the budget. `shadow`: a limit
    /// in shadow would have refused the call. `overrun`: a provider billed more than was reserved.
    kind: String,
    account: Account,
    /// Which of the account's limits: `budget a month`, `requests a minute`.
    limit_name: String,
    /// `usd` or `count`.
    unit: String,
    window_start: Option<Moment>,
    window_end: Option<Moment>,
    percent: Option<u8>,
    limit: String,
    /// Spent or counted; with the call for marks, before it for limits in shadow.
    used: String,
    /// Held by calls under way, for limits in shadow.
    reserved: String,
    /// What the call would have reserved, for limits in shadow.
    asked: String,
    /// The charge that brought it about: `/api/v1/requests/{id}`.
    request_id: String,
    /// What that call cost.
    cost: Money,
}

impl From<Alert> for BudgetEvent {
    fn from(alert: Alert) -> Self {
        let amount = |value: i64| if alert.is_money { Nanos(value).to_decimal() } else { value.to_string() };
        let edge = |at: i64| (at > i64::MIN && at < i64::MAX).then_some(Moment(tollgate_domain::Timestamp(at)));
        Self {
            at: Moment(alert.at),
            kind: alert.kind.as_str().to_owned(),
            unit: if alert.is_money { "usd" } else { "count" }.to_owned(),
            window_start: alert.span.and_then(|span| edge(span.start.0)),
            window_end: alert.span.and_then(|span| edge(span.end.0)),
            percent: alert.percent,
            limit: amount(alert.limit),
            used: amount(alert.used),
            reserved: amount(alert.reserved),
            asked: amount(alert.asked),
            cost: Money(alert.cost),
            id: alert.id,
            account: alert.account.into(),
            limit_name: alert.limited,
            request_id: alert.charge_id,
        }
    }
}

/// What a limit in shadow would have done.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShadowLimit {
    account: Account,
    /// Which of the account's limits: `budget a month`, `requests a minute`.
    limit_name: String,
    /// Calls that it would have refused.
    calls: i64,
    /// People who made them.
    users: i64,
    /// What they cost.
    saved: Money,
    first_at: Moment,
    last_at: Moment,
}

impl From<ShadowSum> for ShadowLimit {
    fn from(sum: ShadowSum) -> Self {
        Self {
            account: sum.account.into(),
            limit_name: sum.limited,
            calls: sum.calls,
            users: sum.users,
            saved: Money(sum.saved),
            first_at: Moment(sum.first_at),
            last_at: Moment(sum.last_at),
        }
    }
}

/// Those that would have saved most first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShadowReport {
    items: Vec<ShadowLimit>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// `soft_limit`, `threshold`, `shadow` or `overrun`.
    kind: Option<String>,
    /// `gateway`, `organisation`, `team`, `membership`, `user`, `key`, `customer`, `tag`, `provider` or `deployment`.
    account_kind: Option<String>,
    account_id: Option<String>,
    #[param(inline)]
    since: Option<Moment>,
    /// Before this moment.
    #[param(inline)]
    until: Option<Moment>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShadowQuery {
    /// `gateway`, `organisation`, `team`, `membership`, `user`, `key`, `customer`, `tag`, `provider` or `deployment`.
    account_kind: Option<String>,
    account_id: Option<String>,
    #[param(inline)]
    since: Option<Moment>,
    /// Before this moment.
    #[param(inline)]
    until: Option<Moment>,
}

fn account_kind(text: Option<String>) -> Result<Option<AccountKind>, ControlError> {
    let parse = |text: String| AccountKind::parse(&text).ok_or_else(|| invalid("account_kind", "is not known"));
    text.map(parse).transpose()
}

/// List budget events
///
/// Newest first, of the accounts whose spend the caller may see.
#[utoipa::path(get, path = "/api/v1/budget-events", operation_id = "list_budget_events", tag = "Budgets",
    params(EventQuery), responses((status = 200, description = "A page", body = List<BudgetEvent>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<EventQuery>) -> Answer {
    let parse = |text: String| AlertKind::parse(&text).ok_or_else(|| invalid("kind", "is not known"));
    let filter = AlertFilter {
        kind: query.kind.map(parse).transpose()?,
        account_kind: account_kind(query.account_kind)?,
        account_id: query.account_id,
        since: query.since.map(|at| at.0),
        until: query.until.map(|at| at.0),
    };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    let page = alerts::list(server.control(), caller.op(), &filter, wanted.cursor.as_ref(), wanted.limit).await?;
    Ok(Json(List::of(page, BudgetEvent::from)).into_response())
}

/// Get what limits in shadow would have done
///
/// For each of them: how many calls it would have refused, of how many people, and what these cost.
#[utoipa::path(get, path = "/api/v1/budget-events/shadow", operation_id = "get_shadow_limits", tag = "Budgets",
    params(ShadowQuery), responses((status = 200, description = "The sums", body = ShadowReport), ListErrors))]
async fn shadow(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<ShadowQuery>) -> Answer {
    let filter = AlertFilter {
        kind: None,
        account_kind: account_kind(query.account_kind)?,
        account_id: query.account_id,
        since: query.since.map(|at| at.0),
        until: query.until.map(|at| at.0),
    };
    let sums = alerts::shadows(server.control(), caller.op(), &filter, MOST_SHADOWS).await?;
    Ok(Json(ShadowReport { items: sums.into_iter().map(Into::into).collect() }).into_response())
}
