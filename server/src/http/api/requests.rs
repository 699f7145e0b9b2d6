//! `/api/v1/requests`: what was called, how it went, what it cost.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use tollgate_control::requests;
use tollgate_domain::price;
use tollgate_domain::summary::{RequestDetail, RequestFilter, RequestRow};
use tollgate_domain::usage;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{GetErrors, ListErrors};
use super::extract::{Caller, InPath, InQuery};
use super::list::{List, wanted};
use super::records::{Answer, check_id, one_by_content};
use super::values::{Certainty, Moment, Money, Operation, Outcome, RequestStatus};

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// A call, or an attempt of one at a provider, or a refusal.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestEntry {
    id: String,
    /// As in `x-litellm-call-id`: one call may have several attempts.
    call_id: String,
    at: Moment,
    /// `null`: the master key, or no key that is known.
    key_id: Option<String>,
    /// The key's alias or hint.
    key_label: Option<String>,
    operation: Operation,
    model: Option<String>,
    provider: Option<String>,
    /// `null`: refused before any provider was asked.
    outcome: Option<Outcome>,
    status: u16,
    streamed: bool,
    input_tokens: i64,
    output_tokens: i64,
    cost: Money,
    certainty: Option<Certainty>,
    duration_ms: Option<f64>,
    first_byte_ms: Option<f64>,
    error: Option<String>,
}

impl From<RequestRow> for RequestEntry {
    fn from(row: RequestRow) -> Self {
        Self {
            id: row.id,
            call_id: row.call_id,
            at: Moment(row.at),
            key_id: row.key_id,
            key_label: row.key_label,
            operation: row.operation.into(),
            model: row.model,
            provider: row.provider,
            outcome: row.outcome.map(Into::into),
            status: row.status,
            streamed: row.streamed,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cost: Money(row.cost),
            certainty: row.certainty.map(Into::into),
            duration_ms: row.duration_us.map(milliseconds),
            first_byte_ms: row.first_byte_us.map(milliseconds),
            error: row.error,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "durations of calls are far below 2^53 microseconds")]
fn milliseconds(micros: i64) -> f64 {
    micros as f64 / 1000.0
}

/// Units that the provider counted. `input` and `output` are totals, the others parts of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Usage {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    cache_write_1h: u64,
    audio_input: u64,
    image_input: u64,
    output: u64,
    reasoning: u64,
    audio_output: u64,
    image_output: u64,
    /// What is not counted in tokens, and parts of parts, where there are any: `output_images`, `web_searches`,
    /// `cache_read_audio`, …
    units: BTreeMap<String, u64>,
}

impl From<usage::Usage> for Usage {
    fn from(usage: usage::Usage) -> Self {
        Self {
            input: usage.input,
            cache_read: usage.cache_read,
            cache_write: usage.cache_write,
            cache_write_1h: usage.cache_write_1h,
            audio_input: usage.audio_input,
            image_input: usage.image_input,
            output: usage.output,
            reasoning: usage.reasoning,
            audio_output: usage.audio_output,
            image_output: usage.image_output,
            units: usage.units.iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        }
    }
}

/// What one kind of unit cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct CostLine {
    /// `input`, `output`, `cache_read`, …
    meter: String,
    units: u64,
    /// Dollars a unit, as a decimal number.
    price: String,
}

impl From<price::CostLine> for CostLine {
    fn from(line: price::CostLine) -> Self {
        Self { meter: line.meter.as_str().to_owned(), units: line.units, price: line.price.to_decimal() }
    }
}

/// One request with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestDetails {
    #[serde(flatten)]
    entry: RequestEntry,
    /// From 1.
    attempt: i64,
    deployment_id: Option<String>,
    upstream_model: Option<String>,
    /// The id in the provider's answer.
    /// What was asked for, if something else was called because its part of a budget was used up.
    instead_of: Option<String>,
    upstream_id: Option<String>,
    /// The `user` field of the call.
    end_user: Option<String>,
    tags: Vec<String>,
    /// The client left before the end.
    client_left: bool,
    usage: Usage,
    cost_lines: Vec<CostLine>,
    /// Where the prices come from.
    price_source: Option<String>,
    /// The refusal's type: `key_model_access_denied`.
    refusal_kind: Option<String>,
}

impl From<RequestDetail> for RequestDetails {
    fn from(detail: RequestDetail) -> Self {
        Self {
            entry: detail.row.into(),
            attempt: detail.attempt,
            deployment_id: detail.deployment_id,
            upstream_model: detail.upstream_model,
            instead_of: detail.instead_of,
            upstream_id: detail.upstream_id,
            end_user: detail.end_user,
            tags: detail.tags,
            client_left: detail.client_left,
            usage: detail.usage.into(),
            cost_lines: detail.cost_lines.into_iter().map(Into::into).collect(),
            price_source: detail.price_source,
            refusal_kind: detail.refusal_kind,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RequestQuery {
    /// A key's id, or `master_key`.
    key: Option<String>,
    user_id: Option<String>,
    team_id: Option<String>,
    organisation_id: Option<String>,
    /// The end customer. What was refused is not told apart by it, nor by the next three.
    customer_id: Option<String>,
    tag: Option<String>,
    deployment_id: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    #[param(inline)]
    status: Option<RequestStatus>,
    call_id: Option<String>,
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

/// List requests
///
/// Newest first: those that the caller may see.
#[utoipa::path(get, path = "/api/v1/requests", operation_id = "list_requests", tag = "Requests",
    params(RequestQuery), responses((status = 200, description = "A page", body = List<RequestEntry>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<RequestQuery>) -> Answer {
    let filter = RequestFilter {
        key: query.key,
        user: query.user_id,
        team: query.team_id,
        organisation: query.organisation_id,
        end_user: query.customer_id,
        tag: query.tag,
        deployment: query.deployment_id,
        provider: query.provider,
        model: query.model,
        status: query.status.map(Into::into),
        call_id: query.call_id,
        since: query.since.map(|at| at.0),
        until: query.until.map(|at| at.0),
    };
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    let page = requests::list(server.control(), caller.op(), &filter, wanted.cursor, wanted.limit).await?;
    Ok(Json(List::of(page, RequestEntry::from)).into_response())
}

/// Get a request
///
/// By its own id or by the call's.
#[utoipa::path(get, path = "/api/v1/requests/{id}", operation_id = "get_request", tag = "Requests",
    params(("id" = String, Path)),
    responses((status = 200, description = "The request", body = RequestDetails), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    check_id(&id, "request")?;
    let found = requests::get(server.control(), caller.op(), &id).await?;
    Ok(one_by_content(&RequestDetails::from(found)))
}
