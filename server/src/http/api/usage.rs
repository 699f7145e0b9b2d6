//! `/api/v1/usage`: sums of what was used, told apart by who, what and when.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use tollgate_control::{ControlError, usage};
use tollgate_domain::Timestamp;
use tollgate_domain::report::{Dimension, MOST_DIMENSIONS, UsageFilter, UsageRow};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::server::Server;
use super::errors::ListErrors;
use super::extract::{Caller, InQuery};
use super::records::Answer;
use super::values::{Moment, Money, invalid};

/// Where the request names no beginning: so many seconds before its end.
const PERIOD: i64 = 30 * 86_400;

pub fn router() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(get))
}

/// What one line is about: what it was grouped by has a value, which is empty for calls that have none.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct UsageGroup {
    /// In UTC, as `2026-11-20`.
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
}

impl UsageGroup {
    fn slot(&mut self, dimension: Dimension) -> &mut Option<String> {
        match dimension {
            Dimension::Day => &mut self.day,
            Dimension::Key => &mut self.key,
            Dimension::User => &mut self.user,
            Dimension::Team => &mut self.team,
            Dimension::Organisation => &mut self.organisation,
            Dimension::Model => &mut self.model,
            Dimension::Provider => &mut self.provider,
            Dimension::Customer => &mut self.customer,
            Dimension::Tag => &mut self.tag,
        }
    }
}

/// A line of sums.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageLine {
    group: UsageGroup,
    /// Attempts at providers.
    calls: i64,
    /// Of `calls`: those that failed.
    errors: i64,
    /// Calls that reached no provider; not among `calls`.
    refused: i64,
    /// Of `calls`: those whose cost is not certain.
    uncertain: i64,
    input_tokens: i64,
    output_tokens: i64,
    /// Of `input_tokens`.
    cache_read_tokens: i64,
    /// Of `input_tokens`.
    cache_write_tokens: i64,
    cost: Money,
}

impl UsageLine {
    fn of(row: UsageRow, by: &[Dimension]) -> Self {
        let mut group = UsageGroup::default();
        for (dimension, value) in by.iter().zip(row.group) {
            *group.slot(*dimension) = Some(value);
        }
        let sums = row.measures;
        Self {
            group,
            calls: sums.calls,
            errors: sums.errors,
            refused: sums.refused,
            uncertain: sums.uncertain,
            input_tokens: sums.input_tokens,
            output_tokens: sums.output_tokens,
            cache_read_tokens: sums.cache_read_tokens,
            cache_write_tokens: sums.cache_write_tokens,
            cost: Money(sums.cost),
        }
    }
}

/// Sums, the dearest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageReport {
    since: Moment,
    until: Moment,
    items: Vec<UsageLine>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    /// What to tell sums apart by: up to four of `day`, `key`, `user`, `team`, `organisation`, `model`, `provider`,
    /// `customer`, `tag`, with commas between them; not customers and tags together.
    #[param(example = "team,model")]
    pub by: Option<String>,
    /// From the beginning of this hour on (with customers or tags: of this day); without it, 30 days before `until`.
    #[param(inline)]
    pub since: Option<Moment>,
    /// To the end of this hour; without it, now.
    #[param(inline)]
    pub until: Option<Moment>,
    /// A key's id, or `master_key`.
    pub key: Option<String>,
    pub user_id: Option<String>,
    pub team_id: Option<String>,
    pub organisation_id: Option<String>,
    pub model: Option<String>,
    pub provider: Option<String>,
    pub customer_id: Option<String>,
    pub tag: Option<String>,
    /// Lines, the dearest ones.
    #[param(minimum = 1, maximum = 1000, default = 1000)]
    pub limit: Option<u32>,
}

/// A query, checked.
#[derive(Debug)]
pub struct WantedUsage {
    pub filter: UsageFilter,
    pub by: Vec<Dimension>,
    pub limit: u32,
}

impl UsageQuery {
    pub fn read(self, now: Timestamp) -> Result<WantedUsage, ControlError> {
        let limit @ 1..=1000 = self.limit.unwrap_or(1000) else {
            return Err(invalid("limit", "must be between 1 and 1000"));
        };
        let by = dimensions(self.by.as_deref().unwrap_or_default())?;
        let customers = self.customer_id.is_some() || by.contains(&Dimension::Customer);
        let tags = self.tag.is_some() || by.contains(&Dimension::Tag);
        if customers && tags {
            return Err(invalid("by", "not customers and tags together"));
        }
        let until = self.until.map_or(now, |at| at.0);
        let since = self.since.map_or_else(|| until.plus_seconds(-PERIOD), |at| at.0);
        if since >= until {
            return Err(invalid("since", "must be before `until`"));
        }
        let list = |value: Option<String>| value.into_iter().collect();
        let filter = UsageFilter {
            since,
            until,
            keys: list(self.key),
            users: list(self.user_id),
            teams: list(self.team_id),
            organisations: list(self.organisation_id),
            models: list(self.model),
            providers: list(self.provider),
            customers: list(self.customer_id),
            tags: list(self.tag),
        };
        Ok(WantedUsage { filter, by, limit })
    }
}

fn dimensions(text: &str) -> Result<Vec<Dimension>, ControlError> {
    let mut found = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let dimension = Dimension::parse(word).ok_or_else(|| invalid("by", "one of its words is not known"))?;
        if found.contains(&dimension) {
            return Err(invalid("by", format!("`{word}` comes twice")));
        }
        found.push(dimension);
    }
    if found.len() > MOST_DIMENSIONS {
        return Err(invalid("by", format!("at most {MOST_DIMENSIONS}")));
    }
    Ok(found)
}

/// Get sums of what was used
///
/// Of the calls that the caller may see.
#[utoipa::path(get, path = "/api/v1/usage", operation_id = "get_usage", tag = "Usage", params(UsageQuery),
    responses((status = 200, description = "The sums", body = UsageReport), ListErrors))]
async fn get(State(server): State<Server>, caller: Caller, InQuery(query): InQuery<UsageQuery>) -> Answer {
    let WantedUsage { filter, by, limit } = query.read(server.control().clock().now())?;
    let rows = usage::report(server.control(), caller.op(), &filter, &by, limit).await?;
    let items = rows.into_iter().map(|row| UsageLine::of(row, &by)).collect();
    Ok(Json(UsageReport { since: Moment(filter.since), until: Moment(filter.until), items }).into_response())
}
