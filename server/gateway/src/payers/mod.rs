//! Who pays for a call: the accounts of its caller, of its end customer and of its tags, with what holds for each.

mod records;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tollgate_domain::Timestamp;
use tollgate_domain::address::Networks;
use tollgate_domain::budget::Budget;
use tollgate_domain::customer::Customer;
use tollgate_domain::ids::{BudgetId, CustomerId};
use tollgate_domain::ledger::{Chain, CustomerLimits, House, Payers};
use tollgate_domain::limits::Limits;
use tollgate_domain::principal::Principal;
use tollgate_domain::tag::Tag;
use tollgate_store::Store;

use crate::auth::Caller;
use crate::openai::error::CallError;
use crate::targets::Target;
use records::Records;

/// Chains of one caller that are remembered; beyond it the memory is begun anew.
const MAX_CHAINS: usize = 256;

/// What a caller's chains are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    model: Arc<str>,
    deployment: Arc<str>,
    customer: Option<Box<str>>,
    tags: Box<[String]>,
    version: Version,
}

/// Of which state of the world a chain is made: of another it is not found, and goes when the memory is begun anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Version {
    catalog: u64,
    /// Changes of customers, tags and budgets.
    changes: u64,
    /// Half minutes, where nothing else bounds how long another process's changes are not seen.
    moment: u64,
}

/// The chains of a caller's calls: most calls have the same few.
#[derive(Debug, Default)]
pub struct Chains(Mutex<HashMap<Kind, Arc<Chain>>>);

impl Chains {
    fn get(&self, kind: &Kind) -> Option<Arc<Chain>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(kind).cloned()
    }

    fn keep(&self, kind: Kind, chain: &Arc<Chain>) {
        let mut chains = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if chains.len() >= MAX_CHAINS {
            chains.clear();
        }
        chains.insert(kind, Arc::clone(chain));
    }
}

/// A principal in memory, with the chains that were made of it: they go when it goes.
#[derive(Debug)]
pub struct Payer {
    pub principal: Principal,
    pub chains: Chains,
    /// From where it may call: all of these lists have to let it in.
    pub networks: Vec<Networks>,
}

impl Payer {
    pub fn new(principal: Principal) -> Self {
        Self { networks: principal.networks(), principal, chains: Chains::default() }
    }
}

/// What is asked for, as far as it matters who pays.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub model: &'a Arc<str>,
    pub target: &'a Target,
    /// Of the targets.
    pub epoch: u64,
    pub customer: Option<&'a str>,
    pub tags: &'a [String],
}

/// Finds the chain of a call.
pub struct Paying {
    house: House,
    customers: Records<Customer>,
    tags: Records<Tag>,
    budgets: Records<Budget>,
    changes: AtomicU64,
    begun: Instant,
    /// Of the master key.
    master: Chains,
}

impl Paying {
    pub fn new(house: House, store: &Store) -> Self {
        Self {
            house,
            customers: Records::new(store),
            tags: Records::new(store),
            budgets: Records::new(store),
            changes: AtomicU64::new(0),
            begun: Instant::now(),
            master: Chains::default(),
        }
    }

    pub fn house(&self) -> &House {
        &self.house
    }

    /// The status that budgets refuse with.
    pub fn budget_status(&self) -> u16 {
        self.house.budget_status
    }

    /// A customer, tag or budget was made, changed or deleted.
    pub fn all_changed(&self) {
        self.customers.all_changed();
        self.tags.all_changed();
        self.budgets.all_changed();
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Every account that pays for a call. Fails if the end customer may not make it.
    pub async fn chain(&self, caller: &Caller, asked: Asked<'_>) -> Result<Arc<Chain>, CallError> {
        let chains = caller.chains().unwrap_or(&self.master);
        // A principal is read again after a while, and its chains go with it; the master key has no principal.
        let records = asked.customer.is_some() || !asked.tags.is_empty();
        let ages = records && caller.chains().is_none();
        let version = Version {
            catalog: asked.epoch,
            changes: self.changes.load(Ordering::SeqCst),
            moment: if ages { self.begun.elapsed().as_secs() / 30 } else { 0 },
        };
        let kind = Kind {
            version,
            model: Arc::clone(asked.model),
            deployment: Arc::clone(&asked.target.id),
            customer: asked.customer.map(Box::from),
            tags: asked.tags.into(),
        };
        if let Some(chain) = chains.get(&kind) {
            return Ok(chain);
        }
        let chain = self.make(caller, &asked).await?;
        chains.keep(kind, &chain);
        Ok(chain)
    }

    async fn make(&self, caller: &Caller, asked: &Asked<'_>) -> Result<Arc<Chain>, CallError> {
        let mut budgets = Vec::new();
        let mut tags = Vec::new();
        for name in asked.tags {
            if let Some(tag) = self.tags.find(name).await? {
                budgets.extend(self.budget(tag.budget_id.as_ref()).await?);
                tags.push((*tag).clone());
            }
        }
        let id = asked.customer.and_then(CustomerId::parse);
        let customer = match &id {
            Some(id) => self.customers.find(id.as_str()).await?,
            None => None,
        };
        if let Some(customer) = &customer {
            check(customer, asked.model)?;
        }
        let none = Limits::default();
        let mut payers = self.payers(caller, asked);
        if let Some(id) = &id {
            let budget_id = customer.as_ref().and_then(|customer| customer.budget_id.as_ref());
            budgets.extend(self.budget(budget_id.or(self.house.customer_budget.as_ref())).await?);
            payers.customer = Some(CustomerLimits {
                id,
                limits: customer.as_ref().map_or(&none, |customer| &customer.limits),
                budget_id,
                created_at: customer.as_ref().map_or(Timestamp(0), |customer| customer.meta.created_at),
            });
        }
        (payers.tags, payers.budgets) = (&tags, &budgets);
        Ok(Arc::new(payers.chain()))
    }

    fn payers<'a>(&'a self, caller: &'a Caller, asked: &Asked<'a>) -> Payers<'a> {
        Payers {
            house: &self.house,
            principal: caller.principal(),
            customer: None,
            tags: &[],
            model: asked.model,
            provider: Some(&asked.target.provider),
            deployment: Some((&asked.target.id, &asked.target.deployment.limits)),
            budgets: &[],
        }
    }

    async fn budget(&self, id: Option<&BudgetId>) -> Result<Option<Budget>, CallError> {
        let Some(id) = id else { return Ok(None) };
        Ok(self.budgets.find(id.as_str()).await?.map(|budget| (*budget).clone()))
    }
}

fn check(customer: &Customer, model: &str) -> Result<(), CallError> {
    let id = customer.id.as_str();
    if customer.blocked {
        return Err(CallError::blocked_customer(id));
    }
    let named = customer.models.is_empty() || customer.models.iter().any(|pattern| pattern.matches(model));
    if named { Ok(()) } else { Err(CallError::customer_model_denied(id, model)) }
}
