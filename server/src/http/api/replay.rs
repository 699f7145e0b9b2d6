//! `/api/v1/limits/replay`: a limit tried on the calls on record.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use tollgate_control::replay::{self, Outcome, Proposal, Refused};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::CreateErrors;
use super::extract::{Caller, InBody};
use super::limits::Limits;
use super::records::Answer;
use super::values::{Moment, Money};

/// The most charges of one request: the command has no end.
const MOST: u64 = 1_000_000;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(replay_limits))
}

/// What to try, on what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// `gateway`, `organisation:ID`, `team:ID`, `membership:ID`, `user:ID`, `key:ID`, `customer:ID`, `tag:ID`,
    /// `provider:ID` or `deployment:ID`.
    account: String,
    /// Not of single models, and not in shadow. Windows that roll do so from `since`.
    limits: Limits,
    /// Without it, 30 days before `until`.
    #[schema(inline)]
    since: Option<Moment>,
    /// Without it, now.
    #[schema(inline)]
    until: Option<Moment>,
}

/// Somebody whose calls would have been refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedCaller {
    /// `null`: a key that is nobody's.
    user_id: Option<String>,
    /// Of a key that is nobody's; `master_key`: the master key.
    key_id: Option<String>,
    calls: u64,
    /// What these calls cost.
    saved: Money,
    /// When the first of them was made.
    first_at: Moment,
}

impl From<Refused> for RefusedCaller {
    fn from(one: Refused) -> Self {
        let some = |id: String| (!id.is_empty()).then_some(id);
        Self {
            user_id: some(one.user_id),
            key_id: some(one.key_id),
            calls: one.calls,
            saved: Money(one.saved),
            first_at: Moment(one.first_at),
        }
    }
}

/// The first call that would have been refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct FirstRefusal {
    at: Moment,
    request_id: String,
    /// As the caller would have been told.
    reason: String,
}

/// What would have happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayResult {
    since: Moment,
    until: Moment,
    /// Attempts at providers that were played.
    calls: u64,
    cost: Money,
    /// Of `calls`: those that would have been refused.
    refused: u64,
    /// What those cost.
    saved: Money,
    first: Option<FirstRefusal>,
    /// Whose calls would have been refused: the first 50, those with the most calls first.
    callers: Vec<RefusedCaller>,
    callers_total: u64,
    /// `false`: only the first million calls of that time were played.
    complete: bool,
}

/// Try a limit on the calls on record
///
/// Plays the account's calls, oldest first, with what was reserved for them and what they cost, to a limit that was not
/// there. Calls that it would have refused spend nothing. Nothing is changed.
#[utoipa::path(post, path = "/api/v1/limits/replay", operation_id = "replay_limits", tag = "Budgets",
    request_body = Replay, responses((status = 200, description = "What would have happened", body = ReplayResult),
    CreateErrors))]
async fn replay_limits(State(server): State<Server>, caller: Caller, InBody(body): InBody<Replay>) -> Answer {
    let account = replay::account(&body.account)?;
    let until = body.until.map_or_else(|| server.control().clock().now(), |at| at.0);
    let since = body.since.map_or_else(|| until.plus_seconds(-replay::PERIOD), |at| at.0);
    let proposal = Proposal { account, limits: body.limits.into(), since, until };
    let outcome = replay::run(server.control(), caller.op(), proposal, MOST).await?;
    let Outcome { calls, cost, refused, saved, first, who, callers, complete } = outcome;
    let first = first.map(|(at, request_id, reason)| FirstRefusal { at: Moment(at), request_id, reason });
    Ok(Json(ReplayResult {
        since: Moment(since),
        until: Moment(until),
        calls,
        cost: Money(cost),
        refused,
        saved: Money(saved),
        first,
        callers: who.into_iter().map(Into::into).collect(),
        callers_total: callers,
        complete,
    })
    .into_response())
}
