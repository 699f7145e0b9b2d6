//! Budgets and rate limits in bodies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tollgate_domain::ledger::{self, Period};
use tollgate_domain::limits::{self, BudgetDuration};
use utoipa::ToSchema;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};

use super::values::{Moment, Money, Patch};

/// One more window of a budget, beside the main one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetWindow {
    /// A number and a unit (`30s`, `30m`, `24h`, `7d`, `1w`, `1mo`), or `hourly`, `daily`, `weekly`, `monthly`.
    #[schema(value_type = String, example = "24h")]
    duration: BudgetDuration,
    max_budget: Money,
}

/// What a rate limit counts.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RateKind {
    Requests,
    InputTokens,
    OutputTokens,
    /// Both together.
    Tokens,
}

/// The length of a rate limit's sliding window.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RatePeriod {
    Minute,
    Hour,
    Day,
}

/// At most so many requests or tokens in any stretch of time of a length.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    kind: RateKind,
    period: RatePeriod,
    #[schema(minimum = 0)]
    limit: i64,
}

impl From<RateLimit> for limits::RateLimit {
    fn from(RateLimit { kind, period, limit }: RateLimit) -> Self {
        let kind = match kind {
            RateKind::Requests => ledger::RateKind::Requests,
            RateKind::InputTokens => ledger::RateKind::InputTokens,
            RateKind::OutputTokens => ledger::RateKind::OutputTokens,
            RateKind::Tokens => ledger::RateKind::Tokens,
        };
        let period = match period {
            RatePeriod::Minute => Period::Minute,
            RatePeriod::Hour => Period::Hour,
            RatePeriod::Day => Period::Day,
        };
        Self { kind, period, limit }
    }
}

impl From<limits::RateLimit> for RateLimit {
    fn from(limits::RateLimit { kind, period, limit }: limits::RateLimit) -> Self {
        let kind = match kind {
            ledger::RateKind::Requests => RateKind::Requests,
            ledger::RateKind::InputTokens => RateKind::InputTokens,
            ledger::RateKind::OutputTokens => RateKind::OutputTokens,
            ledger::RateKind::Tokens => RateKind::Tokens,
        };
        let period = match period {
            Period::Minute => RatePeriod::Minute,
            Period::Hour => RatePeriod::Hour,
            Period::Day => RatePeriod::Day,
        };
        Self { kind, period, limit }
    }
}

/// What holds for one model.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelLimits {
    max_budget: Option<Money>,
    #[schema(value_type = Option<String>, example = "30d")]
    budget_duration: Option<BudgetDuration>,
    /// Tokens a minute.
    #[schema(minimum = 0)]
    tpm_limit: Option<i64>,
    /// Requests a minute.
    #[schema(minimum = 0)]
    rpm_limit: Option<i64>,
    /// More rate limits.
    #[schema(max_items = 12)]
    rates: Vec<RateLimit>,
}

/// What an account may spend and how fast. `null`: no limit.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    max_budget: Option<Money>,
    /// Going beyond it is told, not refused.
    soft_budget: Option<Money>,
    /// When the budget begins anew: a number and a unit (`30s`, `30m`, `24h`, `7d`, `1w`, `1mo`), or `hourly`, `daily`,
    /// `weekly`, `monthly`; `null`: never.
    #[schema(value_type = Option<String>, example = "30d")]
    budget_duration: Option<BudgetDuration>,
    /// More windows; each has to hold.
    #[schema(max_items = 10)]
    windows: Vec<BudgetWindow>,
    /// Added to `max_budget` until `temporary_until`.
    temporary_increase: Option<Money>,
    temporary_until: Option<Moment>,
    /// The budgets were begun anew at this moment: what was spent before counts for none of them.
    budget_since: Option<Moment>,
    /// Tokens a minute.
    #[schema(minimum = 0)]
    tpm_limit: Option<i64>,
    /// Requests a minute.
    #[schema(minimum = 0)]
    rpm_limit: Option<i64>,
    /// Tokens a day.
    #[schema(minimum = 0)]
    tpd_limit: Option<i64>,
    /// Requests a day.
    #[schema(minimum = 0)]
    rpd_limit: Option<i64>,
    /// Calls under way at once.
    #[schema(minimum = 0)]
    max_parallel_requests: Option<i64>,
    /// More rate limits, each kind and period once.
    #[schema(max_items = 12)]
    rates: Vec<RateLimit>,
    /// By the model's name.
    models: BTreeMap<String, ModelLimits>,
    /// More limits that refuse nobody: it is told whom they would have refused (`/api/v1/budget-events/shadow`). They
    /// have no shadow of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    shadow: Option<Box<Limits>>,
}

/// A change of limits: what is absent stays, `null` takes a limit away.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsPatch {
    #[serde(default)]
    #[schema(value_type = Option<Money>)]
    max_budget: Patch<Money>,
    #[serde(default)]
    #[schema(value_type = Option<Money>)]
    soft_budget: Patch<Money>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "30d")]
    budget_duration: Patch<BudgetDuration>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<BudgetWindow>>, max_items = 10)]
    windows: Patch<Vec<BudgetWindow>>,
    #[serde(default)]
    #[schema(value_type = Option<Money>)]
    temporary_increase: Patch<Money>,
    #[serde(default)]
    #[schema(value_type = Option<Moment>)]
    temporary_until: Patch<Moment>,
    /// From this moment on the budgets count what is spent; what was spent before does not count.
    #[serde(default)]
    #[schema(value_type = Option<Moment>)]
    budget_since: Patch<Moment>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    tpm_limit: Patch<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    rpm_limit: Patch<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    tpd_limit: Patch<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    rpd_limit: Patch<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    max_parallel_requests: Patch<i64>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<RateLimit>>, max_items = 12)]
    rates: Patch<Vec<RateLimit>>,
    /// By the model's name; a model's limits are replaced as a whole, `null` takes them away.
    #[serde(default)]
    #[schema(schema_with = models_patch)]
    models: Patch<BTreeMap<String, Option<ModelLimits>>>,
    /// Replaced as a whole; `null` takes it away.
    #[serde(default)]
    #[schema(value_type = Option<Limits>)]
    shadow: Patch<Limits>,
}

/// A map of limits and nulls.
fn models_patch() -> Schema {
    let value = OneOfBuilder::new()
        .item(Ref::from_schema_name("ModelLimits"))
        .item(ObjectBuilder::new().schema_type(Type::Null));
    ObjectBuilder::new()
        .schema_type(SchemaType::Array(vec![Type::Object, Type::Null]))
        .additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(value.build().into()))))
        .build()
        .into()
}

impl From<BudgetWindow> for limits::BudgetWindow {
    fn from(window: BudgetWindow) -> Self {
        Self { duration: window.duration, max_budget: window.max_budget.0 }
    }
}

impl From<ModelLimits> for limits::ModelLimits {
    fn from(limits: ModelLimits) -> Self {
        let ModelLimits { max_budget, budget_duration, tpm_limit, rpm_limit, rates } = limits;
        let rates = rates.into_iter().map(Into::into).collect();
        Self { max_budget: max_budget.map(|money| money.0), budget_duration, tpm_limit, rpm_limit, rates }
    }
}

impl From<Limits> for limits::Limits {
    fn from(limits: Limits) -> Self {
        Self {
            max_budget: limits.max_budget.map(|money| money.0),
            soft_budget: limits.soft_budget.map(|money| money.0),
            budget_duration: limits.budget_duration,
            windows: limits.windows.into_iter().map(Into::into).collect(),
            temporary_increase: limits.temporary_increase.map(|money| money.0),
            temporary_until: limits.temporary_until.map(|moment| moment.0),
            budget_since: limits.budget_since.map(|moment| moment.0),
            tpm_limit: limits.tpm_limit,
            rpm_limit: limits.rpm_limit,
            tpd_limit: limits.tpd_limit,
            rpd_limit: limits.rpd_limit,
            max_parallel_requests: limits.max_parallel_requests,
            rates: limits.rates.into_iter().map(Into::into).collect(),
            models: limits.models.into_iter().map(|(model, limits)| (model, limits.into())).collect(),
            shadow: limits.shadow.map(|shadow| Box::new((*shadow).into())),
        }
    }
}

impl From<limits::Limits> for Limits {
    fn from(limits: limits::Limits) -> Self {
        let models = limits.models.into_iter().map(|(model, limits)| {
            let limits::ModelLimits { max_budget, budget_duration, tpm_limit, rpm_limit, rates } = limits;
            let (max_budget, rates) = (max_budget.map(Money), rates.into_iter().map(Into::into).collect());
            (model, ModelLimits { max_budget, budget_duration, tpm_limit, rpm_limit, rates })
        });
        let windows = limits.windows.into_iter();
        Self {
            max_budget: limits.max_budget.map(Money),
            soft_budget: limits.soft_budget.map(Money),
            budget_duration: limits.budget_duration,
            windows: windows
                .map(|window| BudgetWindow { duration: window.duration, max_budget: Money(window.max_budget) })
                .collect(),
            temporary_increase: limits.temporary_increase.map(Money),
            temporary_until: limits.temporary_until.map(Moment),
            budget_since: limits.budget_since.map(Moment),
            tpm_limit: limits.tpm_limit,
            rpm_limit: limits.rpm_limit,
            tpd_limit: limits.tpd_limit,
            rpd_limit: limits.rpd_limit,
            max_parallel_requests: limits.max_parallel_requests,
            rates: limits.rates.into_iter().map(Into::into).collect(),
            models: models.collect(),
            shadow: limits.shadow.map(|shadow| Box::new((*shadow).into())),
        }
    }
}

impl Patch<LimitsPatch> {
    /// Changes what the patch names.
    pub fn limits(self, field: &mut limits::Limits) {
        match self {
            Self::Absent => {}
            Self::Null => *field = limits::Limits::default(),
            Self::Value(patch) => {
                patch.max_budget.optional(&mut field.max_budget);
                patch.soft_budget.optional(&mut field.soft_budget);
                patch.budget_duration.optional(&mut field.budget_duration);
                patch
                    .windows
                    .map(|windows| windows.into_iter().map(Into::into).collect::<Vec<limits::BudgetWindow>>())
                    .or_default(&mut field.windows);
                patch.temporary_increase.optional(&mut field.temporary_increase);
                patch.temporary_until.optional(&mut field.temporary_until);
                patch.budget_since.optional(&mut field.budget_since);
                patch.tpm_limit.optional(&mut field.tpm_limit);
                patch.rpm_limit.optional(&mut field.rpm_limit);
                patch.tpd_limit.optional(&mut field.tpd_limit);
                patch.rpd_limit.optional(&mut field.rpd_limit);
                patch.max_parallel_requests.optional(&mut field.max_parallel_requests);
                patch
                    .rates
                    .map(|rates| rates.into_iter().map(Into::into).collect::<Vec<limits::RateLimit>>())
                    .or_default(&mut field.rates);
                patch.models.merge_map(&mut field.models);
                patch.shadow.map(|shadow| Box::new(limits::Limits::from(shadow))).optional(&mut field.shadow);
            }
        }
    }
}
