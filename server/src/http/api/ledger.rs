//! `/api/v1/ledger`: pricing charges anew after a price was corrected.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tollgate_control::{ControlError, repricing};
use tollgate_domain::price::{Meter, PriceSheet, Rate, ServiceTier};
use tollgate_domain::repricing as domain;
use tollgate_domain::repricing::{NewPrice, RepricingOrder, RunState};
use tollgate_domain::summary::RequestFilter;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{CreateErrors, GetErrors, ListErrors};
use super::extract::{Caller, InBody, InPath};
use super::records::Answer;
use super::values::{Moment, Money, RequestStatus, invalid};

/// How long a request works on a run: what is left is gone on with by another.
const SECONDS: i64 = 10;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(dry_run))
        .routes(routes!(get))
        .routes(routes!(proceed))
}

/// One price.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RepricingRate {
    /// `input`, `output`, `cache_read`, `per_request`, …
    #[schema(example = "input")]
    meter: String,
    /// `standard`, unless it is said otherwise.
    #[serde(default)]
    tier: Option<String>,
    /// For prompts of more tokens than these.
    #[serde(default)]
    above: u32,
    /// Dollars for a million tokens, or for one of what is counted otherwise, as a decimal number.
    #[schema(example = "2.5")]
    usd: String,
}

impl RepricingRate {
    fn read(&self) -> Result<Rate, ControlError> {
        let meter = Meter::parse(&self.meter);
        let meter = meter.ok_or_else(|| invalid("price", format!("there is no meter `{}`", self.meter)))?;
        let tier = self.tier.as_deref().map_or(Some(ServiceTier::Standard), ServiceTier::parse);
        let tier = tier.ok_or_else(|| invalid("price", "there is no such tier"))?;
        let price = repricing::read_price(meter, &self.usd).map_err(|error| invalid("price", error.to_string()))?;
        Ok(Rate { meter, tier, above: self.above, price })
    }
}

/// Which charges, and the price that they should have had.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RepricingRequest {
    /// For charges of the model or deployment that is named. Without, each charge has the price that holds today for its
    /// deployment.
    price: Vec<RepricingRate>,
    /// A key's id, or `master_key`.
    key: Option<String>,
    user_id: Option<String>,
    team_id: Option<String>,
    organisation_id: Option<String>,
    customer_id: Option<String>,
    tag: Option<String>,
    deployment_id: Option<String>,
    provider: Option<String>,
    model: Option<String>,
    #[schema(inline)]
    status: Option<RequestStatus>,
    #[schema(inline)]
    since: Option<Moment>,
    /// Before this moment.
    #[schema(inline)]
    until: Option<Moment>,
}

impl RepricingRequest {
    fn read(self) -> Result<RepricingOrder, ControlError> {
        let filter = RequestFilter {
            key: self.key,
            user: self.user_id,
            team: self.team_id,
            organisation: self.organisation_id,
            end_user: self.customer_id,
            tag: self.tag,
            deployment: self.deployment_id,
            provider: self.provider,
            model: self.model,
            status: self.status.map(Into::into),
            call_id: None,
            since: self.since.map(|at| at.0),
            until: self.until.map(|at| at.0),
        };
        let rates = self.price.iter().map(RepricingRate::read).collect::<Result<Vec<_>, _>>()?;
        let price = if rates.is_empty() { NewPrice::Current } else { NewPrice::Sheet(PriceSheet::new(rates)) };
        Ok(RepricingOrder { filter, price })
    }
}

/// Charges, what they cost with all adjustments so far, and what they would cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepricingSums {
    charges: u64,
    old: Money,
    new: Money,
    /// `new` less `old`.
    difference: Money,
}

impl From<domain::Sums> for RepricingSums {
    fn from(sums: domain::Sums) -> Self {
        let difference = Money(sums.difference());
        Self { charges: sums.charges, old: Money(sums.old), new: Money(sums.new), difference }
    }
}

/// What a model's calls of a day come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepricingDay {
    model: String,
    /// In UTC, as `2026-11-20`.
    day: String,
    sums: RepricingSums,
}

/// What a key's calls come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepricingKey {
    /// Empty: none.
    team_id: String,
    key: String,
    sums: RepricingSums,
}

/// A charge whose cost changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepricingCharge {
    id: String,
    #[schema(inline)]
    at: Moment,
    model: String,
    old: Money,
    new: Money,
}

/// What pricing anew would change.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepricingReport {
    /// Everything that can be priced anew.
    total: RepricingSums,
    /// Those of them whose cost changes.
    changed: RepricingSums,
    /// Those of `total` whose usage is an estimate.
    estimated: RepricingSums,
    /// Can't be priced: it is not known what was used.
    unknown: RepricingSums,
    /// Can't be priced: an amount was estimated without usage.
    estimated_without_usage: RepricingSums,
    /// Can't be priced: there is no price.
    without_price: RepricingSums,
    by_model_and_day: Vec<RepricingDay>,
    by_team_and_key: Vec<RepricingKey>,
    largest: Vec<RepricingCharge>,
}

impl From<domain::RepricingReport> for RepricingReport {
    fn from(report: domain::RepricingReport) -> Self {
        let day = |line: domain::Line| {
            let [model, day] = line.of;
            RepricingDay { model, day, sums: line.sums.into() }
        };
        let key = |line: domain::Line| {
            let [team_id, key] = line.of;
            RepricingKey { team_id, key, sums: line.sums.into() }
        };
        let charge = |it: domain::Changed| RepricingCharge {
            id: it.id,
            at: Moment(it.at),
            model: it.model,
            old: Money(it.old),
            new: Money(it.new),
        };
        Self {
            total: report.total.into(),
            changed: report.changed.into(),
            estimated: report.estimated.into(),
            unknown: report.unknown.into(),
            estimated_without_usage: report.estimated_without_usage.into(),
            without_price: report.without_price.into(),
            by_model_and_day: report.by_model_and_day.into_iter().map(day).collect(),
            by_team_and_key: report.by_team_and_key.into_iter().map(key).collect(),
            largest: report.largest.into_iter().map(charge).collect(),
        }
    }
}

/// A run that writes adjusting entries.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepricingRun {
    id: String,
    /// `running`: there is more to do; it is gone on with by `continue`. `done`
    #[schema(value_type = String, example = "done")]
    state: &'static str,
    /// Charges that were looked at.
    charges: u64,
    /// Entries that were written.
    adjusted: u64,
    /// Their sum.
    difference: Money,
    #[schema(inline)]
    created_at: Moment,
    created_by: String,
    #[schema(inline)]
    updated_at: Moment,
}

impl From<domain::RepricingRun> for RepricingRun {
    fn from(run: domain::RepricingRun) -> Self {
        Self {
            id: run.id,
            state: RunState::as_str(run.state),
            charges: run.charges,
            adjusted: run.adjusted,
            difference: Money(run.difference),
            created_at: Moment(run.created_at),
            created_by: run.created_by,
            updated_at: Moment(run.updated_at),
        }
    }
}

/// The last runs.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepricingRuns {
    items: Vec<RepricingRun>,
}

/// See what pricing anew would change
///
/// Every charge that matches is priced anew, and nothing is changed.
#[utoipa::path(post, path = "/api/v1/ledger/repricings/dry-run", operation_id = "dry_run_repricing", tag = "Ledger",
    request_body = RepricingRequest,
    responses((status = 200, description = "What would change", body = RepricingReport), CreateErrors))]
async fn dry_run(State(server): State<Server>, caller: Caller, InBody(body): InBody<RepricingRequest>) -> Answer {
    let report = repricing::dry_run(server.control(), caller.op(), &body.read()?).await?;
    Ok(Json(RepricingReport::from(report)).into_response())
}

/// Price charges anew
///
/// Charges are never changed: whatever one costs too much or too little is made up for by an adjusting entry of its own,
/// which belongs to the moment of the charge, in reports and in budgets. Doing it twice changes nothing. A run that is
/// not done within some seconds is answered as `running`, to be continued.
#[utoipa::path(post, path = "/api/v1/ledger/repricings", operation_id = "create_repricing", tag = "Ledger",
    request_body = RepricingRequest,
    responses((status = 201, description = "How far it is", body = RepricingRun), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<RepricingRequest>) -> Answer {
    let run = repricing::start(server.control(), caller.op(), body.read()?).await?;
    let run = repricing::proceed(server.control(), caller.op(), &run.id, SECONDS).await?;
    Ok((StatusCode::CREATED, Json(RepricingRun::from(run))).into_response())
}

/// Continue a run
///
/// One that was interrupted goes on where it stopped.
#[utoipa::path(post, path = "/api/v1/ledger/repricings/{id}/continue", operation_id = "continue_repricing",
    tag = "Ledger", params(("id" = String, Path)),
    responses((status = 200, description = "How far it is", body = RepricingRun), CreateErrors))]
async fn proceed(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    let run = repricing::proceed(server.control(), caller.op(), &id, SECONDS).await?;
    Ok(Json(RepricingRun::from(run)).into_response())
}

/// List the last runs
#[utoipa::path(get, path = "/api/v1/ledger/repricings", operation_id = "list_repricings", tag = "Ledger",
    responses((status = 200, description = "The last hundred, newest first", body = RepricingRuns), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller) -> Answer {
    let items = repricing::list(server.control(), caller.op()).await?;
    Ok(Json(RepricingRuns { items: items.into_iter().map(Into::into).collect() }).into_response())
}

/// Get a run
#[utoipa::path(get, path = "/api/v1/ledger/repricings/{id}", operation_id = "get_repricing", tag = "Ledger",
    params(("id" = String, Path)),
    responses((status = 200, description = "How far it is", body = RepricingRun), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    let run = repricing::get(server.control(), caller.op(), &id).await?;
    Ok(Json(RepricingRun::from(run)).into_response())
}
