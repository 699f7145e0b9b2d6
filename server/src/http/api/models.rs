//! `/api/v1/models`: what can be called, and what it costs.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use tollgate_control::models;
use tollgate_domain::page::{Cursor, Page};
use tollgate_domain::price::Rate;
use tollgate_domain::summary::ModelRow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::problem::Problem;
use super::super::server::Server;
use super::errors::{GetErrors, ListErrors};
use super::extract::{Caller, InPath, InQuery};
use super::list::{List, wanted};
use super::records::{Answer, one_by_content};
use super::values::{HealthState, Moment, ServiceTier};

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(get))
}

/// One price.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelRate {
    /// What it is for: `input`, `output`, `cache_read`, …; a unit is a token where the name says nothing else.
    meter: String,
    tier: ServiceTier,
    /// Applies when the prompt has more than so many tokens.
    above: u32,
    /// Dollars a unit, as a decimal number.
    price: String,
}

/// What a model costs.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelPrice {
    rates: Vec<ModelRate>,
    /// `configuration`, or the price book with its source and date.
    source: String,
}

/// What the last hour's calls say.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelHealth {
    state: HealthState,
    calls: i64,
    errors: i64,
    last_call_at: Option<Moment>,
    last_error: Option<String>,
}

/// A deployment: one upstream that serves a model.
#[expect(clippy::struct_field_names, reason = "the names of this API")]
#[derive(Debug, Serialize, ToSchema)]
pub struct Model {
    /// What callers ask for; may have one `*`.
    model: String,
    deployment_id: String,
    provider: String,
    upstream_model: String,
    /// `null` for the simulator.
    base_url: Option<String>,
    /// `chat`, `embedding`, …, where known.
    mode: Option<String>,
    max_input_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    /// Where it was configured: `config.yaml:12`, `database`, `command line`, `built in`.
    origin: String,
    price: Option<ModelPrice>,
    has_api_key: bool,
    /// Other names of the model.
    aliases: Vec<String>,
    health: ModelHealth,
}

impl From<ModelRow> for Model {
    fn from(row: ModelRow) -> Self {
        let rate = |rate: &Rate| ModelRate {
            meter: rate.meter.as_str().to_owned(),
            tier: rate.tier.into(),
            above: rate.above,
            price: rate.price.to_decimal(),
        };
        Self {
            model: row.model,
            deployment_id: row.deployment_id,
            provider: row.provider,
            upstream_model: row.upstream_model,
            base_url: row.base_url,
            mode: row.mode,
            max_input_tokens: row.max_input_tokens,
            max_output_tokens: row.max_output_tokens,
            origin: row.origin,
            price: row.price.map(|price| ModelPrice {
                rates: price.sheet.rates().iter().map(rate).collect(),
                source: price.source,
            }),
            has_api_key: row.has_api_key,
            aliases: row.aliases,
            health: ModelHealth {
                state: row.health.state.into(),
                calls: row.health.calls,
                errors: row.health.errors,
                last_call_at: row.health.last_call_at.map(Moment),
                last_error: row.health.last_error,
            },
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ModelQuery {
    /// Part of the model's, the deployment's or the upstream model's name, whatever the case.
    search: Option<String>,
    provider: Option<String>,
    /// The `next` of an earlier page.
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// List models
///
/// By name: those of the configuration and those of the database, with prices and health.
#[utoipa::path(get, path = "/api/v1/models", operation_id = "list_models", tag = "Models", params(ModelQuery),
    responses((status = 200, description = "A page", body = List<Model>), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<ModelQuery>) -> Answer {
    let wanted = wanted(query.cursor.as_deref(), query.limit)?;
    let rows = models::list(server.control(), caller.op()).await?;
    let search = query.search.map(|text| text.to_lowercase());
    let fits = |row: &ModelRow| {
        let has = |text: &str| search.as_deref().is_none_or(|search| text.to_lowercase().contains(search));
        (has(&row.model) || has(&row.deployment_id) || has(&row.upstream_model))
            && query.provider.as_deref().is_none_or(|provider| row.provider == provider)
    };
    let page = page(rows.into_iter().filter(fits).collect(), wanted.cursor.as_ref(), wanted.limit as usize);
    Ok(Json(List::of(page, Model::from)).into_response())
}

/// The models are in memory, all of them: a page is cut out of them, after the one that the cursor names.
fn page(mut rows: Vec<ModelRow>, cursor: Option<&Cursor>, limit: usize) -> Page<ModelRow> {
    let place = |row: &ModelRow| format!("{}\n{}", row.model, row.deployment_id);
    rows.sort_by_cached_key(place);
    let begin = cursor.map_or(0, |cursor| rows.partition_point(|row| place(row) <= cursor.id));
    let more = rows.len() - begin > limit;
    let items: Vec<_> = rows.drain(begin..).take(limit).collect();
    let next = items.last().filter(|_| more).map(|last| Cursor { at: 0, id: place(last) }.encode());
    Page { items, next }
}

/// Get a model
///
/// By the deployment's id.
#[utoipa::path(get, path = "/api/v1/models/{id}", operation_id = "get_model", tag = "Models",
    params(("id" = String, Path)), responses((status = 200, description = "The model", body = Model), GetErrors))]
async fn get(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    let rows = models::list(server.control(), caller.op()).await?;
    let found = rows.into_iter().find(|row| row.deployment_id == id).ok_or_else(|| Problem::not_found("model"))?;
    Ok(one_by_content(&Model::from(found)))
}
