//! From what is written down to what the book checks: the chain of accounts that pay for a call.

use std::sync::Arc;

use super::account::{AccountKey, AccountKind};
use super::chain::Chain;
use super::house::House;
use super::rules::{BudgetRule, Increase, ParallelRule, Period, RateKind, RateRule, Rules};
use super::window::WindowRule;
use crate::actor::Role;
use crate::budget::Budget;
use crate::clock::Timestamp;
use crate::ids::{BudgetId, CustomerId};
use crate::limits::{Limits, ModelLimits, RateLimit};
use crate::model::ModelPattern;
use crate::principal::Principal;
use crate::tag::Tag;
use crate::user::User;

/// What is known of a call's end customer.
#[derive(Clone, Copy, Debug)]
pub struct CustomerLimits<'a> {
    pub id: &'a CustomerId,
    /// Its own; with none, and no budget either, it has the house's.
    pub limits: &'a Limits,
    pub budget_id: Option<&'a BudgetId>,
    /// For windows that roll: when it was made; the epoch for one that nobody made.
    pub created_at: Timestamp,
}

/// All that has a say in what a call may cost.
///
/// These pay, each once, in this order:
///
/// | account | where | with |
/// |---|---|---|
/// | gateway | always | the house's limits |
/// | organisation | the key's or its team's | its own |
/// | team | the key's | its own, then the house's by its id, then by its name |
/// | membership | the key's user in the key's team | its own, or the team's `member_limits` |
/// | user | the key's, if the key has no team | its own, then the house's default |
/// | user, whatever key | the house names the key's user | the house's by id, then by address |
/// | key | a virtual key; the master key is none | its own, then the house's for each |
/// | customer | the call names one | its own, or the house's for all |
/// | tags | those of the call that are managed | their own |
/// | provider | the house limits it | the house's |
/// | deployment | it is given | its own |
///
/// "Its own" are the account's limits, with those of the budget that it points to where it has none. What comes later
/// fills in single fields that are still open: [`with_budget`]. An account with limits for the call's model pays twice:
/// that part of it, too.
#[derive(Clone, Copy, Debug)]
pub struct Payers<'a> {
    pub house: &'a House,
    /// `None`: the master key.
    pub principal: Option<&'a Principal>,
    pub customer: Option<CustomerLimits<'a>>,
    /// Those of the call that are managed.
    pub tags: &'a [Tag],
    /// What the caller asked for, its own names resolved.
    pub model: &'a str,
    pub provider: Option<&'a str>,
    /// Id and limits (`litellm_params.max_budget`, `rpm`, `tpm`).
    pub deployment: Option<(&'a str, &'a Limits)>,
    /// Those that the customer, the house and tags point to; the principal brings its own.
    pub budgets: &'a [Budget],
}

/// An account on its way into the chain.
struct Payer<'a> {
    kind: AccountKind,
    id: &'a str,
    limits: &'a Limits,
    budget: Option<&'a BudgetId>,
    created_at: Timestamp,
}

impl<'a> Payer<'a> {
    /// One that the configuration limits.
    fn of_house(kind: AccountKind, id: &'a str, limits: &'a Limits) -> Self {
        Self { kind, id, limits, budget: None, created_at: Timestamp(0) }
    }
}

impl<'a> Payers<'a> {
    /// A call of `model` that only the whole gateway pays for.
    pub fn new(house: &'a House, model: &'a str) -> Self {
        Self {
            house,
            principal: None,
            customer: None,
            tags: &[],
            model,
            provider: None,
            deployment: None,
            budgets: &[],
        }
    }

    /// Every account that pays, each with its part for the model where that has limits of its own.
    pub fn chain(&self) -> Chain {
        let mut chain = Chain::default();
        let house = self.house;
        self.add(&mut chain, &Payer::of_house(AccountKind::Gateway, "", &house.gateway), &[]);
        if let Some(principal) = self.principal {
            self.add_principal(&mut chain, principal);
        }
        if let Some(it) = self.customer {
            let bare = it.limits.is_bare() && it.budget_id.is_none();
            let of_house = house.customer.lent_to(it.limits);
            let (limits, budget) =
                if bare { (&of_house, house.customer_budget.as_ref()) } else { (it.limits, it.budget_id) };
            let (id, created_at) = (it.id.as_str(), it.created_at);
            self.add(&mut chain, &Payer { kind: AccountKind::Customer, id, limits, budget, created_at }, &[]);
        }
        for it in self.tags {
            let (id, limits, budget, created_at) =
                (it.id.as_str(), &it.limits, it.budget_id.as_ref(), it.meta.created_at);
            self.add(&mut chain, &Payer { kind: AccountKind::Tag, id, limits, budget, created_at }, &[]);
        }
        if let Some((id, limits)) = self.provider.and_then(|id| Some((id, house.providers.get(id)?))) {
            self.add(&mut chain, &Payer::of_house(AccountKind::Provider, id, limits), &[]);
        }
        if let Some((id, limits)) = self.deployment {
            self.add(&mut chain, &Payer::of_house(AccountKind::Deployment, id, limits), &[]);
        }
        chain
    }

    fn add_principal(&self, chain: &mut Chain, principal: &Principal) {
        let house = self.house;
        if let Some(it) = &principal.organisation {
            let (id, limits, budget, created_at) =
                (it.id.as_str(), &it.limits, it.budget_id.as_ref(), it.meta.created_at);
            self.add(chain, &Payer { kind: AccountKind::Organisation, id, limits, budget, created_at }, &[]);
        }
        if let Some(it) = &principal.team {
            let (id, limits, budget, created_at) =
                (it.id.as_str(), &it.limits, it.budget_id.as_ref(), it.meta.created_at);
            let of_house = [house.teams.get(id), house.teams.get(&it.name)];
            self.add(chain, &Payer { kind: AccountKind::Team, id, limits, budget, created_at }, &of_house);
        }
        if let Some(it) = &principal.membership {
            // A member without limits has those that the team gives to each.
            let bare = it.limits.is_bare() && it.budget_id.is_none();
            let team = principal.team.as_ref().filter(|_| bare);
            let of_team = team.map(|team| team.member_limits.lent_to(&it.limits));
            let limits = of_team.as_ref().unwrap_or(&it.limits);
            let (id, budget, created_at) = (it.id.as_str(), it.budget_id.as_ref(), it.meta.created_at);
            self.add(chain, &Payer { kind: AccountKind::Membership, id, limits, budget, created_at }, &[]);
        }
        let named = |it: &User| {
            [house.users.get(it.id.as_str()), it.email.as_ref().and_then(|address| house.users.get(address))]
        };
        // A person's own limits are for personal keys.
        if let Some(it) = principal.user.as_ref().filter(|_| principal.team.is_none()) {
            let (id, limits, budget, created_at) =
                (it.id.as_str(), &it.limits, it.budget_id.as_ref(), it.meta.created_at);
            // The default is a budget: who has one from anywhere else does not get it on top.
            let shared = budget.and_then(|id| self.budget(id)).map(|budget| &budget.limits);
            let mut known = [Some(limits), shared].into_iter().chain(named(it)).flatten();
            let budgeted = known.any(|limits| limits.max_budget.is_some() || !limits.windows.is_empty());
            let default = (it.role == Role::Member && !budgeted).then_some(&house.user_default);
            self.add(chain, &Payer { kind: AccountKind::User, id, limits, budget, created_at }, &[default]);
        }
        // What the house says of a person holds for all that they do: an account of its own.
        if let Some(it) = &principal.user
            && let [Some(first), second] | [second, Some(first)] = named(it)
        {
            let payer =
                Payer { created_at: it.meta.created_at, ..Payer::of_house(AccountKind::Person, it.id.as_str(), first) };
            self.add(chain, &payer, &[second]);
        }
        let key = &principal.key;
        let id = key.id.to_string();
        let (limits, budget, created_at) = (&key.limits, key.budget_id.as_ref(), key.meta.created_at);
        let payer = Payer { kind: AccountKind::Key, id: &id, limits, budget, created_at };
        let slowed = house.throttle.filter(|_| key.throttles());
        self.add_slowed(chain, &payer, &[Some(&house.key)], slowed);
    }

    fn budget(&self, id: &BudgetId) -> Option<&'a Budget> {
        let of_principal = self.principal.map(|principal| principal.budgets.as_slice()).unwrap_or_default();
        self.budgets.iter().chain(of_principal).find(|budget| budget.id == *id)
    }

    /// Adds an account; `more` fills in what it leaves open.
    fn add(&self, chain: &mut Chain, payer: &Payer<'_>, more: &[Option<&Limits>]) {
        self.add_slowed(chain, payer, more, None);
    }

    /// The same. `slowed`: its main budget does not refuse, but slows it to so many millionths of its rate limits.
    fn add_slowed(&self, chain: &mut Chain, payer: &Payer<'_>, more: &[Option<&Limits>], slowed: Option<u32>) {
        let shared = payer.budget.and_then(|id| self.budget(id)).map(|budget| &budget.limits);
        let fill =
            |merged: Option<Limits>, next: &Limits| Some(with_budget(merged.as_ref().unwrap_or(payer.limits), next));
        let merged = shared.into_iter().chain(more.iter().copied().flatten()).fold(None, fill);
        let limits = merged.as_ref().unwrap_or(payer.limits);
        let account = AccountKey::new(payer.kind, payer.id);
        let none = ModelLimits::default();
        let shadows = limits.shadow.as_deref().map(|shadow| &shadow.models);
        let only_shadows = shadows.into_iter().flatten().filter(|(name, _)| !limits.models.contains_key(*name));
        let only_shadows = only_shadows.map(|(name, _)| (name, &none));
        for (name, model) in limits.models.iter().chain(only_shadows) {
            if ModelPattern::new(name.as_str()).matches(self.model) {
                let shadow = shadows.and_then(|models| models.get(name));
                let rules = self.rules_of_model(model, shadow, payer.created_at);
                chain.push(account.of_model(name.as_str()), Arc::new(rules));
            }
        }
        let mut rules = rules_of(limits, self.house, payer.created_at);
        // Without rates there is nothing to slow down.
        if limits.max_budget.is_some()
            && !rules.rates.is_empty()
            && let Some(main) = rules.budgets.first_mut()
        {
            main.slows = slowed;
        }
        chain.push(account, Arc::new(rules));
    }

    fn rules_of_model(&self, model: &ModelLimits, shadow: Option<&ModelLimits>, created_at: Timestamp) -> Rules {
        let of = |model: &ModelLimits| Limits {
            max_budget: model.max_budget,
            budget_duration: model.budget_duration.clone(),
            tpm_limit: model.tpm_limit,
            rpm_limit: model.rpm_limit,
            rates: model.rates.clone(),
            ..Limits::default()
        };
        let limits = Limits { shadow: shadow.map(|shadow| Box::new(of(shadow))), ..of(model) };
        rules_of(&limits, self.house, created_at)
    }
}

/// An account's own limits, with those of a budget, or of the house, where it has none.
pub fn with_budget(own: &Limits, budget: &Limits) -> Limits {
    let budgeted = own.max_budget.is_some();
    let main = if budgeted { own } else { budget };
    let increase = if own.temporary_increase.is_some() { own } else { budget };
    let mut models = budget.models.clone();
    let mut rates = own.rates.clone();
    rates.extend(budget.rates.iter().filter(|rate| !own.rates.iter().any(|known| known.stands_for(rate))));
    models.extend(own.models.iter().map(|(name, limits)| (name.clone(), limits.clone())));
    let shadow = match (&own.shadow, &budget.shadow) {
        (Some(own), Some(budget)) => Some(Box::new(with_budget(own, budget))),
        (own, budget) => own.as_ref().or(budget.as_ref()).cloned(),
    };
    Limits {
        max_budget: main.max_budget,
        // A limit and its window belong together.
        budget_duration: if budgeted { own.budget_duration.clone() } else { budget.budget_duration.clone() },
        soft_budget: own.soft_budget.or(budget.soft_budget),
        windows: if own.windows.is_empty() { budget.windows.clone() } else { own.windows.clone() },
        temporary_increase: increase.temporary_increase,
        temporary_until: increase.temporary_until,
        budget_since: own.budget_since.max(budget.budget_since),
        tpm_limit: own.tpm_limit.or(budget.tpm_limit),
        rpm_limit: own.rpm_limit.or(budget.rpm_limit),
        tpd_limit: own.tpd_limit.or(budget.tpd_limit),
        rpd_limit: own.rpd_limit.or(budget.rpd_limit),
        max_parallel_requests: own.max_parallel_requests.or(budget.max_parallel_requests),
        rates,
        models,
        shadow,
    }
}

/// What an account's limits mean; windows that roll do so from `created_at`. Limits for models are accounts of their
/// own. Those in shadow come last: they count in the same windows and refuse nobody.
pub fn rules_of(limits: &Limits, house: &House, created_at: Timestamp) -> Rules {
    let mut rules = enforced(limits, house, created_at);
    if let Some(shadow) = limits.shadow.as_deref() {
        let shadow = Limits { budget_since: limits.budget_since, ..shadow.clone() };
        let shadow = enforced(&shadow, house, created_at);
        let budgets = shadow.budgets.into_iter().filter(|rule| rule.limit.is_some());
        let told = |rule| BudgetRule { soft: None, thresholds: Vec::new(), shadow: true, ..rule };
        rules.budgets.extend(budgets.map(told));
        rules.rates.extend(shadow.rates.into_iter().map(|rule| RateRule { shadow: true, ..rule }));
        rules.parallel_shadow = shadow.parallel;
    }
    rules
}

fn enforced(limits: &Limits, house: &House, created_at: Timestamp) -> Rules {
    let thresholds = &house.thresholds;
    let mut budgets: Vec<BudgetRule> = Vec::new();
    if limits.max_budget.is_some() || limits.soft_budget.is_some() {
        let increase = limits.temporary_increase.zip(limits.temporary_until);
        budgets.push(BudgetRule {
            window: WindowRule::of(limits.budget_duration.as_ref(), created_at),
            since: limits.budget_since,
            limit: limits.max_budget,
            soft: limits.soft_budget,
            thresholds: thresholds.clone(),
            increase: increase.map(|(amount, until)| Increase { amount, until }),
            shadow: false,
            slows: None,
        });
    }
    for window in &limits.windows {
        let rule = WindowRule::of(Some(&window.duration), created_at);
        // Of two limits for one window the lower holds.
        if let Some(known) = budgets.iter_mut().find(|known| known.window == rule) {
            known.limit = Some(known.limit.map_or(window.max_budget, |limit| limit.min(window.max_budget)));
        } else {
            let (since, thresholds) = (limits.budget_since, thresholds.clone());
            budgets.push(BudgetRule { since, thresholds, ..BudgetRule::new(rule, window.max_budget) });
        }
    }
    let plain = [
        (RateKind::Requests, Period::Minute, limits.rpm_limit),
        (house.token_kind, Period::Minute, limits.tpm_limit),
        (house.token_kind, Period::Day, limits.tpd_limit),
        (RateKind::Requests, Period::Day, limits.rpd_limit),
    ];
    let plain = plain.into_iter().filter_map(|(kind, period, limit)| Some(RateLimit { kind, period, limit: limit? }));
    let count = |limit: i64| u64::try_from(limit).unwrap_or_default();
    let mut rates: Vec<RateRule> = Vec::new();
    for RateLimit { kind, period, limit } in plain.chain(limits.rates.iter().copied()) {
        let limit = count(limit);
        // Of two limits for the same the lower holds.
        match rates.iter_mut().find(|known| (known.kind, known.period) == (kind, period)) {
            Some(known) => known.limit = known.limit.min(limit),
            None => rates.push(RateRule { kind, period, limit, shadow: false }),
        }
    }
    Rules {
        budgets,
        rates,
        parallel: limits.max_parallel_requests.map(|limit| ParallelRule { limit: count(limit), shadow: false }),
        parallel_shadow: None,
    }
}

#[cfg(test)]
mod tests;
