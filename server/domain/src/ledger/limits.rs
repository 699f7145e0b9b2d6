//! From what is written down to what the book checks: the chain of accounts that pay for a call.

use std::sync::Arc;

use super::account::{AccountKey, AccountKind};
use super::chain::Chain;
use super::rules::{BudgetRule, Increase, ParallelRule, Period, RateKind, RateRule, Rules};
use super::window::WindowRule;
use crate::budget::Budget;
use crate::clock::Timestamp;
use crate::ids::{BudgetId, CustomerId};
use crate::limits::{Limits, ModelLimits};
use crate::membership::Membership;
use crate::model::ModelPattern;
use crate::principal::Principal;
use crate::tag::Tag;

/// What is known of a call's end customer.
#[derive(Clone, Copy, Debug)]
pub struct CustomerLimits<'a> {
    pub id: &'a CustomerId,
    /// Its own, or those that every customer without any has (`max_end_user_budget`).
    pub limits: &'a Limits,
    pub budget_id: Option<&'a BudgetId>,
    /// For windows that roll: when it was made; the epoch for one that nobody made.
    pub created_at: Timestamp,
}

/// All that has a say in what a call may cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Payers<'a> {
    /// `litellm_settings.max_budget`, …
    pub gateway: Option<&'a Limits>,
    /// `None`: the master key.
    pub principal: Option<&'a Principal>,
    /// Of the key's user in the key's team.
    pub membership: Option<&'a Membership>,
    pub customer: Option<CustomerLimits<'a>>,
    /// Those of the call that are managed.
    pub tags: &'a [Tag],
    /// What the caller asked for, its own names resolved.
    pub model: &'a str,
    /// Name and limits (`provider_budget_config`).
    pub provider: Option<(&'a str, Option<&'a Limits>)>,
    /// Id and limits (`litellm_params.max_budget`, `rpm`, `tpm`).
    pub deployment: Option<(&'a str, Option<&'a Limits>)>,
    /// Those that accounts point to.
    pub budgets: &'a [Budget],
    /// Shares of a limit, in per cent, whose crossing is told.
    pub thresholds: &'a [u8],
}

impl Payers<'_> {
    /// Every account that pays, each with its part for the model where that has limits of its own.
    pub fn chain(&self) -> Chain {
        let mut chain = Chain::default();
        let none = Limits::default();
        let epoch = Timestamp(0);
        self.add(&mut chain, AccountKind::Gateway, "", self.gateway.unwrap_or(&none), None, epoch);
        if let Some(principal) = self.principal {
            self.add_principal(&mut chain, principal);
        }
        if let Some(customer) = self.customer {
            let id = customer.id.as_str();
            self.add(&mut chain, AccountKind::Customer, id, customer.limits, customer.budget_id, customer.created_at);
        }
        for tag in self.tags {
            let (limits, budget) = (&tag.limits, tag.budget_id.as_ref());
            self.add(&mut chain, AccountKind::Tag, tag.id.as_str(), limits, budget, tag.meta.created_at);
        }
        for (kind, account) in [(AccountKind::Provider, self.provider), (AccountKind::Deployment, self.deployment)] {
            if let Some((id, limits)) = account {
                self.add(&mut chain, kind, id, limits.unwrap_or(&none), None, epoch);
            }
        }
        chain
    }

    fn add_principal(&self, chain: &mut Chain, principal: &Principal) {
        if let Some(it) = &principal.organisation {
            let (limits, budget) = (&it.limits, it.budget_id.as_ref());
            self.add(chain, AccountKind::Organisation, it.id.as_str(), limits, budget, it.meta.created_at);
        }
        if let Some(it) = &principal.team {
            self.add(chain, AccountKind::Team, it.id.as_str(), &it.limits, it.budget_id.as_ref(), it.meta.created_at);
        }
        if let Some(it) = self.membership {
            // A member without limits has those that the team gives to each.
            let of_team = principal.team.as_ref().map(|team| &team.member_limits);
            let bare = it.limits.is_empty() && it.budget_id.is_none();
            let limits = of_team.filter(|_| bare).unwrap_or(&it.limits);
            self.add(chain, AccountKind::Membership, it.id.as_str(), limits, it.budget_id.as_ref(), it.meta.created_at);
        }
        // A person's own limits are for personal keys.
        if let Some(it) = principal.user.as_ref().filter(|_| principal.team.is_none()) {
            self.add(chain, AccountKind::User, it.id.as_str(), &it.limits, it.budget_id.as_ref(), it.meta.created_at);
        }
        let key = &principal.key;
        let id = key.id.to_string();
        self.add(chain, AccountKind::Key, &id, &key.limits, key.budget_id.as_ref(), key.meta.created_at);
    }

    fn add(
        &self,
        chain: &mut Chain,
        kind: AccountKind,
        id: &str,
        limits: &Limits,
        budget: Option<&BudgetId>,
        created_at: Timestamp,
    ) {
        let shared = budget.and_then(|id| self.budgets.iter().find(|budget| budget.id == *id));
        let merged = shared.map(|budget| with_budget(limits, &budget.limits));
        let limits = merged.as_ref().unwrap_or(limits);
        let account = AccountKey::new(kind, id);
        for (name, model) in &limits.models {
            if ModelPattern::new(name.as_str()).matches(self.model) {
                let rules = self.rules_of_model(model, created_at);
                chain.push(account.of_model(name.as_str()), Arc::new(rules));
            }
        }
        chain.push(account, Arc::new(rules_of(limits, self.thresholds, created_at)));
    }

    fn rules_of_model(&self, model: &ModelLimits, created_at: Timestamp) -> Rules {
        let limits = Limits {
            max_budget: model.max_budget,
            budget_duration: model.budget_duration.clone(),
            tpm_limit: model.tpm_limit,
            rpm_limit: model.rpm_limit,
            ..Limits::default()
        };
        rules_of(&limits, self.thresholds, created_at)
    }
}

/// An account's own limits, with those of the budget that it points to where it has none.
pub fn with_budget(own: &Limits, budget: &Limits) -> Limits {
    let budgeted = own.max_budget.is_some();
    let main = if budgeted { own } else { budget };
    let increase = if own.temporary_increase.is_some() { own } else { budget };
    let mut models = budget.models.clone();
    models.extend(own.models.iter().map(|(name, limits)| (name.clone(), limits.clone())));
    Limits {
        max_budget: main.max_budget,
        // A limit and its window belong together.
        budget_duration: if budgeted { own.budget_duration.clone() } else { budget.budget_duration.clone() },
        soft_budget: own.soft_budget.or(budget.soft_budget),
        windows: if own.windows.is_empty() { budget.windows.clone() } else { own.windows.clone() },
        temporary_increase: increase.temporary_increase,
        temporary_until: increase.temporary_until,
        tpm_limit: own.tpm_limit.or(budget.tpm_limit),
        rpm_limit: own.rpm_limit.or(budget.rpm_limit),
        tpd_limit: own.tpd_limit.or(budget.tpd_limit),
        max_parallel_requests: own.max_parallel_requests.or(budget.max_parallel_requests),
        models,
    }
}

/// What an account's limits mean; windows that roll do so from `created_at`. Limits for models are accounts of their
/// own.
pub fn rules_of(limits: &Limits, thresholds: &[u8], created_at: Timestamp) -> Rules {
    let mut budgets: Vec<BudgetRule> = Vec::new();
    if limits.max_budget.is_some() || limits.soft_budget.is_some() {
        let increase = limits.temporary_increase.zip(limits.temporary_until);
        budgets.push(BudgetRule {
            window: WindowRule::of(limits.budget_duration.as_ref(), created_at),
            limit: limits.max_budget,
            soft: limits.soft_budget,
            thresholds: thresholds.to_vec(),
            increase: increase.map(|(amount, until)| Increase { amount, until }),
            shadow: false,
        });
    }
    for window in &limits.windows {
        let rule = WindowRule::of(Some(&window.duration), created_at);
        // Of two limits for one window the lower holds.
        if let Some(known) = budgets.iter_mut().find(|known| known.window == rule) {
            known.limit = Some(known.limit.map_or(window.max_budget, |limit| limit.min(window.max_budget)));
        } else {
            budgets.push(BudgetRule { thresholds: thresholds.to_vec(), ..BudgetRule::new(rule, window.max_budget) });
        }
    }
    let rates = [
        (RateKind::Requests, Period::Minute, limits.rpm_limit),
        (RateKind::Tokens, Period::Minute, limits.tpm_limit),
        (RateKind::Tokens, Period::Day, limits.tpd_limit),
    ];
    let count = |limit: i64| u64::try_from(limit).unwrap_or_default();
    let rate = |(kind, period, limit): (RateKind, Period, Option<i64>)| {
        limit.map(|limit| RateRule { kind, period, limit: count(limit), shadow: false })
    };
    Rules {
        budgets,
        rates: rates.into_iter().filter_map(rate).collect(),
        parallel: limits.max_parallel_requests.map(|limit| ParallelRule { limit: count(limit), shadow: false }),
    }
}

#[cfg(test)]
mod tests;
