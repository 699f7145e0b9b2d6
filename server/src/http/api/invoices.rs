//! `/api/v1/invoices`: what providers say was used and what it costs, compared with the ledger.

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tollgate_control::invoices::{self, Import, Mapping};
use tollgate_domain::clock::Timestamp;
use tollgate_domain::invoice as domain;
use tollgate_domain::invoice::{CredentialMatch, Tolerance};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::{CreateErrors, DeleteErrors, GetErrors, ListErrors};
use super::extract::{Caller, InBody, InPath, InQuery};
use super::records::Answer;
use super::values::{Moment, Money, invalid};

/// A file as a text in JSON is longer than itself.
const MAX_BODY: usize = invoices::MAX_BYTES + invoices::MAX_BYTES / 4;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .routes(routes!(get, delete))
}

/// A provider's name for a key or project, and a deployment that calls with it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceCredential {
    credential: String,
    deployment_id: String,
}

/// A currency that is not the dollar.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceRate {
    #[schema(example = "EUR")]
    currency: String,
    /// What one unit of it is in dollars.
    usd: Money,
}

/// A file to be taken in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvoice {
    /// The file's name, for people.
    name: String,
    /// Whose charges it is compared with, as the configuration names it.
    #[schema(example = "openai")]
    provider: String,
    /// `openai-usage`, `openai-cost`, `anthropic-usage`, `anthropic-cost` or `generic`; without, known by its columns.
    #[serde(default)]
    format: Option<String>,
    /// Columns of one's own: `date=Day,model=Model,cost=Amount`. Also `credential`, `requests`, `input`, `cached`,
    /// `output`, `currency`.
    #[serde(default)]
    columns: Option<String>,
    /// Where days begin, in minutes east of UTC.
    #[serde(default)]
    zone_minutes: i32,
    #[serde(default)]
    rate: Option<InvoiceRate>,
    /// With these, charges are told apart by credential too.
    #[serde(default)]
    credentials: Vec<InvoiceCredential>,
    /// The file itself, CSV.
    content: String,
}

/// A file that was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invoice {
    id: String,
    name: String,
    /// Of the file: the same one is taken once.
    sha256: String,
    provider: String,
    format: String,
    zone_minutes: i32,
    credentials: Vec<InvoiceCredential>,
    /// As `2026-11-20`.
    first_day: String,
    last_day: String,
    lines: u64,
    /// `null`: the file tells no costs.
    cost: Option<Money>,
    #[schema(inline)]
    created_at: Moment,
    created_by: String,
}

fn day(days: i64) -> String {
    Timestamp(days.saturating_mul(24 * Timestamp::MICROS_PER_HOUR)).to_datetime().format("%Y-%m-%d").to_string()
}

impl From<domain::Invoice> for Invoice {
    fn from(it: domain::Invoice) -> Self {
        let credential =
            |it: CredentialMatch| InvoiceCredential { credential: it.credential, deployment_id: it.deployment_id };
        Self {
            id: it.id,
            name: it.name,
            sha256: it.digest,
            provider: it.provider,
            format: it.options.format,
            zone_minutes: it.options.zone_minutes,
            credentials: it.options.credentials.into_iter().map(credential).collect(),
            first_day: day(it.first_day),
            last_day: day(it.last_day),
            lines: it.lines,
            cost: it.cost.map(Money),
            created_at: Moment(it.created_at),
            created_by: it.created_by,
        }
    }
}

/// What was used and what it costs; `null` is what is not told.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceAmounts {
    requests: Option<i64>,
    /// Cached ones included.
    input_tokens: Option<i64>,
    /// Of `input_tokens`: read from the provider's cache.
    cached_tokens: Option<i64>,
    output_tokens: Option<i64>,
    cost: Option<Money>,
}

impl From<domain::Amounts> for InvoiceAmounts {
    fn from(it: domain::Amounts) -> Self {
        Self {
            requests: it.requests,
            input_tokens: it.input,
            cached_tokens: it.cached,
            output_tokens: it.output,
            cost: it.cost.map(Money),
        }
    }
}

/// A day of a model, on both sides.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceVariance {
    /// As `2026-11-20`.
    day: String,
    model: String,
    /// Empty: all of the provider's.
    credential: String,
    /// `null`: the file has nothing of it.
    theirs: Option<InvoiceAmounts>,
    /// `null`: the ledger has nothing of it.
    ours: Option<InvoiceAmounts>,
    /// Ours less theirs; `null`: one side tells none.
    cost_difference: Option<Money>,
    /// In hundredths of a per cent of theirs.
    cost_difference_points: Option<i64>,
    token_difference: Option<i64>,
    /// Whether the difference is tolerated.
    agrees: bool,
    /// The page of the request log with the calls behind it; `null`: there are none.
    requests: Option<String>,
}

/// What a file and the ledger say of each other.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceComparison {
    invoice: Invoice,
    theirs: InvoiceAmounts,
    ours: InvoiceAmounts,
    /// Groups whose difference is not tolerated.
    disagreements: u64,
    /// By day, model and credential, at most 5000.
    variances: Vec<InvoiceVariance>,
    /// There are more of them.
    cut: bool,
}

impl From<domain::Reconciliation> for InvoiceComparison {
    fn from(it: domain::Reconciliation) -> Self {
        let invoice = &it.invoice;
        let variance = |one: domain::Variance| InvoiceVariance {
            requests: invoices::requests_behind(invoice, &one),
            cost_difference: one.cost_difference().map(Money),
            cost_difference_points: one.basis_points(),
            token_difference: one.token_difference(),
            day: day(one.day),
            model: one.model,
            credential: one.credential,
            theirs: one.theirs.map(Into::into),
            ours: one.ours.map(Into::into),
            agrees: one.agrees,
        };
        Self {
            variances: it.variances.into_iter().map(variance).collect(),
            invoice: it.invoice.into(),
            theirs: it.theirs.into(),
            ours: it.ours.into(),
            disagreements: it.disagreements,
            cut: it.cut,
        }
    }
}

/// Invoices.
#[derive(Debug, Serialize, ToSchema)]
pub struct Invoices {
    items: Vec<Invoice>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InvoiceQuery {
    /// What difference of a group is tolerated, in dollars: `0.01`, unless it is said otherwise.
    #[param(inline)]
    tolerance: Option<Money>,
    /// The same in hundredths of a per cent of theirs: 50, unless it is said otherwise.
    tolerance_points: Option<i64>,
}

/// Import an invoice
///
/// A usage or cost export of a provider, whole or not at all: mistakes are told by line. The same file is taken once.
#[utoipa::path(post, path = "/api/v1/invoices", operation_id = "create_invoice", tag = "Invoices",
    request_body = NewInvoice, responses((status = 201, description = "Taken in", body = Invoice), CreateErrors))]
async fn create(State(server): State<Server>, caller: Caller, InBody(body): InBody<NewInvoice>) -> Answer {
    let import = Import {
        name: body.name,
        provider: body.provider,
        format: body.format,
        mapping: body.columns.as_deref().map(Mapping::parse).transpose()?,
        zone_minutes: body.zone_minutes,
        rate: body.rate.map(|rate| (rate.currency, rate.usd.0)),
        credentials: body
            .credentials
            .into_iter()
            .map(|it| CredentialMatch { credential: it.credential, deployment_id: it.deployment_id })
            .collect(),
    };
    let invoice = invoices::import(server.control(), caller.op(), import, body.content.as_bytes()).await?;
    Ok((StatusCode::CREATED, Json(Invoice::from(invoice))).into_response())
}

/// List invoices
#[utoipa::path(get, path = "/api/v1/invoices", operation_id = "list_invoices", tag = "Invoices",
    responses((status = 200, description = "The last 200, newest first", body = Invoices), ListErrors))]
async fn list(State(server): State<Server>, caller: Caller) -> Answer {
    let items = invoices::list(server.control(), caller.op()).await?;
    Ok(Json(Invoices { items: items.into_iter().map(Into::into).collect() }).into_response())
}

/// Compare an invoice with the ledger
#[utoipa::path(get, path = "/api/v1/invoices/{id}", operation_id = "get_invoice", tag = "Invoices",
    params(("id" = String, Path), InvoiceQuery),
    responses((status = 200, description = "What both say", body = InvoiceComparison), GetErrors))]
async fn get(
    State(server): State<Server>,
    caller: Caller,
    InPath(id): InPath<String>,
    InQuery(query): InQuery<InvoiceQuery>,
) -> Answer {
    let usual = Tolerance::default();
    let tolerance = Tolerance {
        cost: query.tolerance.map_or(usual.cost, |money| money.0),
        points: query.tolerance_points.unwrap_or(usual.points),
    };
    if tolerance.cost.0 < 0 || tolerance.points < 0 {
        return Err(invalid("tolerance", "can't be below nought").into());
    }
    let compared = invoices::reconcile(server.control(), caller.op(), &id, tolerance).await?;
    Ok(Json(InvoiceComparison::from(compared)).into_response())
}

/// Delete an invoice
#[utoipa::path(delete, path = "/api/v1/invoices/{id}", operation_id = "delete_invoice", tag = "Invoices",
    params(("id" = String, Path)), responses((status = 204, description = "Deleted"), DeleteErrors))]
async fn delete(State(server): State<Server>, caller: Caller, InPath(id): InPath<String>) -> Answer {
    invoices::delete(server.control(), caller.op(), &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
