//! What lists, plots and detail pages show: read models, shared by the store, the API and the dashboard.

use serde::{Deserialize, Serialize};

use crate::charge::{Operation, Outcome};
use crate::clock::Timestamp;
use crate::key::{KeyStatus, VirtualKey};
use crate::money::Nanos;
use crate::price::CostLine;
use crate::principal::Ownership;
use crate::usage::{Certainty, Usage};

/// A stretch of time up to now, and how finely it is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// The last hour, by the minute.
    Hour,
    /// The last 24 hours, by the hour.
    #[default]
    Day,
    /// The last 7 days, by the hour.
    Week,
    /// The last 30 days, by the day.
    Month,
}

impl Period {
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// As in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == text)
    }

    /// The length of one step of the plots, in seconds.
    pub fn step_seconds(self) -> i64 {
        match self {
            Self::Hour => 60,
            Self::Day | Self::Week => 3600,
            Self::Month => 86_400,
        }
    }

    /// How many steps there are, the running one included.
    pub fn steps(self) -> i64 {
        match self {
            Self::Hour => 60,
            Self::Day => 24,
            Self::Week => 168,
            Self::Month => 30,
        }
    }

    /// The start of the first step of the period that ends with `now`.
    pub fn start(self, now: Timestamp) -> Timestamp {
        let step = self.step_seconds() * Timestamp::MICROS_PER_SECOND;
        Timestamp((now.0.div_euclid(step) - (self.steps() - 1)) * step)
    }
}

/// One step of the overview's plots.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub start: Timestamp,
    pub calls: i64,
    /// Attempts that failed at the provider, and refusals.
    pub errors: i64,
    pub refused: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost: Nanos,
    /// Milliseconds, from a histogram: exact to about 15 %. `None` without calls, and for parts of the calls over more than
    /// an hour.
    pub latency_p50_ms: Option<f64>,
    pub latency_p95_ms: Option<f64>,
    /// Spend by model, the dearest first.
    pub cost_by_model: Vec<(String, Nanos)>,
}

/// A sum for one model or key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The model's name, or the key's id (`master_key` for the master key).
    pub id: String,
    /// For people.
    pub label: String,
    pub calls: i64,
    pub errors: i64,
    pub cost: Nanos,
}

/// The overview page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub now: Timestamp,
    pub steps: Vec<Step>,
    pub calls: i64,
    pub errors: i64,
    pub refused: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost: Nanos,
    /// Of `calls`: those whose cost is not `measured`.
    pub uncertain_calls: i64,
    pub latency_p50_ms: Option<f64>,
    pub latency_p95_ms: Option<f64>,
    pub top_models: Vec<Share>,
    pub top_keys: Vec<Share>,
    /// For the first steps: whether there is anything at all, whatever the period.
    pub has_keys: bool,
    pub has_calls: bool,
    pub has_provider: bool,
}

/// A row of the keys page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyRow {
    pub key: VirtualKey,
    pub status: KeyStatus,
    pub calls: i64,
    pub spent: Nanos,
    pub last_used_at: Option<Timestamp>,
}

/// A row of the requests page: a charge or a refusal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestRow {
    pub id: String,
    pub call_id: String,
    pub at: Timestamp,
    pub key_id: Option<String>,
    /// The key's alias or hint; `Master key` for the master key; `None` when no key was recognised.
    pub key_label: Option<String>,
    /// Whom it was put down to beside its key.
    pub ownership: Ownership,
    pub operation: Operation,
    pub model: Option<String>,
    pub provider: Option<String>,
    /// `None`: refused before any provider was asked.
    pub outcome: Option<Outcome>,
    pub status: u16,
    pub streamed: bool,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cost: Nanos,
    pub certainty: Option<Certainty>,
    pub duration_us: Option<i64>,
    pub first_byte_us: Option<i64>,
    pub error: Option<String>,
}

/// One request with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestDetail {
    pub row: RequestRow,
    pub attempt: i64,
    pub deployment_id: Option<String>,
    pub upstream_model: Option<String>,
    /// What was asked for, if something else was called because its part of a budget was used up.
    pub instead_of: Option<String>,
    pub upstream_id: Option<String>,
    pub end_user: Option<String>,
    pub tags: Vec<String>,
    pub client_left: bool,
    pub usage: Usage,
    pub cost_lines: Vec<CostLine>,
    pub price_source: Option<String>,
    /// The refusal's type: `key_model_access_denied`.
    pub refusal_kind: Option<String>,
}

/// Which requests to list. Every condition must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestFilter {
    /// A key's id, or `master_key`.
    pub key: Option<String>,
    pub user: Option<String>,
    pub team: Option<String>,
    pub organisation: Option<String>,
    /// What refusals are not told apart by: of them, none matches.
    pub end_user: Option<String>,
    /// Like `end_user`.
    pub tag: Option<String>,
    /// Like `end_user`.
    pub deployment: Option<String>,
    /// Like `end_user`.
    pub provider: Option<String>,
    pub model: Option<String>,
    pub status: Option<StatusFilter>,
    /// The beginning of a request id, call id or provider's id is not searched: the whole id is.
    pub call_id: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusFilter {
    Success,
    /// Failed at the provider.
    Failed,
    Refused,
}

impl StatusFilter {
    pub const ALL: [Self; 3] = [Self::Success, Self::Failed, Self::Refused];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// A row of the models page: a deployment, without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelRow {
    pub model: String,
    pub deployment_id: String,
    pub provider: String,
    pub upstream_model: String,
    /// The upstream's base address; `None` for the simulator.
    pub base_url: Option<String>,
    pub mode: Option<String>,
    pub max_input_tokens: Option<u64>,
    pub max_output_tokens: Option<u64>,
    /// `config.yaml:12`, `command line`, `built in`.
    pub origin: String,
    pub price: Option<crate::model::SourcedPrice>,
    pub has_api_key: bool,
    pub simulator: bool,
    pub aliases: Vec<String>,
    pub health: Health,
}

/// What the last minutes' calls say about a deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    pub state: HealthState,
    /// Within the last hour.
    pub calls: i64,
    pub errors: i64,
    pub last_call_at: Option<Timestamp>,
    pub last_error: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// No call in the last hour.
    #[default]
    Unknown,
    Healthy,
    /// Some calls fail.
    Degraded,
    /// The last calls all failed.
    Down,
}
