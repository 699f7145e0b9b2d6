//! What the configuration limits, beside what is written down of each key, person and team.

use std::collections::BTreeMap;

use super::rules::RateKind;
use crate::ids::BudgetId;
use crate::limits::Limits;

/// The answer to a call that a budget refuses, where the configuration names none: Payment Required.
pub const BUDGET_STATUS: u16 = 402;

/// Shares of a limit, in per cent, whose crossing is told where the configuration names none.
pub const THRESHOLDS: [u8; 2] = [80, 100];

/// Limits that the configuration sets.
#[derive(Clone, Debug, PartialEq)]
pub struct House {
    /// All calls together (`litellm_settings.max_budget`, …).
    pub gateway: Limits,
    /// Each end customer without limits and budget of its own (`max_end_user_budget`).
    pub customer: Limits,
    /// The stored budget that such customers have (`max_end_user_budget_id`).
    pub customer_budget: Option<BudgetId>,
    /// Each virtual key without a limit of its own (`max_parallel_requests` beside `global_max_parallel_requests`).
    pub key: Limits,
    /// By e-mail address, in lower case, or by id (`user_rate_limits`): whatever key they use.
    pub users: BTreeMap<String, Limits>,
    /// By id or name (`team_rate_limits`, `budgets`).
    pub teams: BTreeMap<String, Limits>,
    /// By the provider's name (`provider_budget_config`).
    pub providers: BTreeMap<String, Limits>,
    /// Members without a budget from anywhere else (`max_internal_user_budget`).
    pub user_default: Limits,
    /// The HTTP status of a call that a budget refuses (`budget_exceeded_status_code`).
    pub budget_status: u16,
    /// Shares of a limit, in per cent, whose crossing is told.
    pub thresholds: Vec<u8>,
    /// What limits of tokens a minute or a day count, where they do not say it (`token_rate_limit_type`).
    pub token_kind: RateKind,
    /// How much of its rate limits a key has that is slowed down when its budget is used up, in millionths
    /// (`budget_exceeded_throttle_percentage`); `None`: the budget refuses.
    pub throttle: Option<u32>,
}

impl Default for House {
    fn default() -> Self {
        Self {
            gateway: Limits::default(),
            customer: Limits::default(),
            customer_budget: None,
            key: Limits::default(),
            users: BTreeMap::new(),
            teams: BTreeMap::new(),
            providers: BTreeMap::new(),
            user_default: Limits::default(),
            budget_status: BUDGET_STATUS,
            thresholds: THRESHOLDS.to_vec(),
            token_kind: RateKind::Tokens,
            throttle: None,
        }
    }
}
