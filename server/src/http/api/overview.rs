//! `/api/v1/overview`: what it all comes to.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use tollgate_control::overview;
use tollgate_domain::summary;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::ListErrors;
use super::extract::{Caller, InQuery};
use super::records::Answer;
use super::values::{Moment, Money};

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(get))
}

/// A stretch of time up to now.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub enum Period {
    /// By the minute.
    #[serde(rename = "1h")]
    Hour,
    /// By the hour.
    #[serde(rename = "24h")]
    Day,
    /// By the hour.
    #[serde(rename = "7d")]
    Week,
    /// By the day.
    #[serde(rename = "30d")]
    Month,
}

impl From<Period> for summary::Period {
    fn from(period: Period) -> Self {
        match period {
            Period::Hour => Self::Hour,
            Period::Day => Self::Day,
            Period::Week => Self::Week,
            Period::Month => Self::Month,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OverviewQuery {
    /// `24h`, unless it is said otherwise.
    #[param(inline)]
    period: Option<Period>,
}

/// What one model cost in a step.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelCost {
    model: String,
    cost: Money,
}

/// One step of the period.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverviewStep {
    start: Moment,
    calls: i64,
    /// Attempts that failed at the provider, and refusals.
    errors: i64,
    refused: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost: Money,
    /// Exact to about 15 %; `null` without calls.
    latency_p50_ms: Option<f64>,
    latency_p95_ms: Option<f64>,
    /// The dearest first.
    cost_by_model: Vec<ModelCost>,
}

impl From<summary::Step> for OverviewStep {
    fn from(step: summary::Step) -> Self {
        let by_model = step.cost_by_model.into_iter();
        Self {
            start: Moment(step.start),
            calls: step.calls,
            errors: step.errors,
            refused: step.refused,
            input_tokens: step.input_tokens,
            output_tokens: step.output_tokens,
            cost: Money(step.cost),
            latency_p50_ms: step.latency_p50_ms,
            latency_p95_ms: step.latency_p95_ms,
            cost_by_model: by_model.map(|(model, cost)| ModelCost { model, cost: Money(cost) }).collect(),
        }
    }
}

/// A sum for one model or key.
#[derive(Debug, Serialize, ToSchema)]
pub struct Share {
    /// The model's name, or the key's id (`master_key` for the master key).
    id: String,
    label: String,
    calls: i64,
    errors: i64,
    cost: Money,
}

impl From<summary::Share> for Share {
    fn from(share: summary::Share) -> Self {
        let summary::Share { id, label, calls, errors, cost } = share;
        Self { id, label, calls, errors, cost: Money(cost) }
    }
}

/// Spend, calls, errors and latency of a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct Overview {
    now: Moment,
    calls: i64,
    errors: i64,
    refused: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost: Money,
    /// Of `calls`: those whose cost is not certain.
    uncertain_calls: i64,
    latency_p50_ms: Option<f64>,
    latency_p95_ms: Option<f64>,
    top_models: Vec<Share>,
    top_keys: Vec<Share>,
    steps: Vec<OverviewStep>,
}

impl From<summary::Overview> for Overview {
    fn from(overview: summary::Overview) -> Self {
        Self {
            now: Moment(overview.now),
            calls: overview.calls,
            errors: overview.errors,
            refused: overview.refused,
            input_tokens: overview.input_tokens,
            output_tokens: overview.output_tokens,
            cost: Money(overview.cost),
            uncertain_calls: overview.uncertain_calls,
            latency_p50_ms: overview.latency_p50_ms,
            latency_p95_ms: overview.latency_p95_ms,
            top_models: overview.top_models.into_iter().map(Into::into).collect(),
            top_keys: overview.top_keys.into_iter().map(Into::into).collect(),
            steps: overview.steps.into_iter().map(Into::into).collect(),
        }
    }
}

/// Get the overview
#[utoipa::path(get, path = "/api/v1/overview", operation_id = "get_overview", tag = "Overview",
    params(OverviewQuery), responses((status = 200, description = "The period", body = Overview), ListErrors))]
async fn get(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<OverviewQuery>) -> Answer {
    let period = query.period.map(Into::into).unwrap_or_default();
    let found = overview::overview(server.control(), caller.op(), period).await?;
    Ok(Json(Overview::from(found)).into_response())
}
