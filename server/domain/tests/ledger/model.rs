//! What must be true, kept in the simplest way: every account's sums by window, recounted from each call.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use tollgate_domain::ids::ChargeId;
use tollgate_domain::ledger::{
    AccountKey, AccountKind, BudgetRule, Increase, ParallelRule, Period, RateKind, RateRule, Rules, WindowRule, Zone,
};
use tollgate_domain::{Nanos, Timestamp};

pub const WINDOWS: [WindowRule; 6] = [
    WindowRule::Forever,
    WindowRule::Rolling { seconds: 97, anchor: Timestamp(12_345_678) },
    WindowRule::Rolling { seconds: 1800, anchor: Timestamp(0) },
    WindowRule::Day,
    WindowRule::Week,
    WindowRule::Month,
];

#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    pub spent: i64,
    pub reserved: i64,
    pub live: u32,
    /// What may be spent and reserved at most, for all that was let in and billed so far.
    pub bound: i64,
}

#[derive(Debug)]
pub struct ModelAccount {
    pub key: AccountKey,
    pub budgets: Vec<(usize, i64, Option<Increase>)>,
    /// Kind and limit, a minute each.
    pub rates: Vec<(RateKind, u64)>,
    pub parallel: Option<u64>,
    pub rules: Arc<Rules>,
    pub sums: [BTreeMap<Timestamp, Sums>; WINDOWS.len()],
    /// From when on each window counts: the turn in which it was added.
    pub added: [Option<Timestamp>; WINDOWS.len()],
    pub running: u64,
    /// Calls admitted lately, and extensions.
    pub recent: VecDeque<(Timestamp, ChargeId)>,
}

impl ModelAccount {
    fn new(kind: AccountKind, id: &str) -> Self {
        Self {
            key: AccountKey::new(kind, id),
            budgets: Vec::new(),
            rates: Vec::new(),
            parallel: None,
            rules: Arc::default(),
            sums: Default::default(),
            added: [None; WINDOWS.len()],
            running: 0,
            recent: VecDeque::new(),
        }
    }

    pub fn rebuild(&mut self) {
        let budget = |(window, limit, increase): &(usize, i64, Option<Increase>)| BudgetRule {
            increase: *increase,
            ..BudgetRule::new(WINDOWS[*window], Nanos(*limit))
        };
        let rate = |(kind, limit): &(RateKind, u64)| RateRule {
            kind: *kind,
            period: Period::Minute,
            limit: *limit,
            shadow: false,
        };
        self.rules = Arc::new(Rules {
            budgets: self.budgets.iter().map(budget).collect(),
            rates: self.rates.iter().map(rate).collect(),
            parallel_shadow: None,
            parallel: self.parallel.map(|limit| ParallelRule { limit, shadow: false }),
        });
    }

    pub fn limit(&self, i: usize, now: Timestamp) -> i64 {
        let (_, limit, increase) = self.budgets[i];
        limit + increase.filter(|increase| now < increase.until).map_or(0, |increase| increase.amount.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Live,
    Settled(i64),
}

#[derive(Clone, Debug)]
pub struct ModelCall {
    pub at: Timestamp,
    pub accounts: Vec<usize>,
    pub held: i64,
    /// When, input, output.
    pub grants: Vec<(Timestamp, u64, u64)>,
    pub state: State,
}

impl ModelCall {
    pub fn counted(&self, kind: RateKind, after: Timestamp) -> u64 {
        if kind == RateKind::Requests {
            return u64::from(self.at > after);
        }
        let count = |grant: &&(Timestamp, u64, u64)| match kind {
            RateKind::InputTokens => grant.1,
            RateKind::OutputTokens => grant.2,
            _ => grant.1 + grant.2,
        };
        self.grants.iter().filter(|grant| grant.0 > after).map(|grant| count(&grant)).sum()
    }

    /// The provider's count takes the place of the grants, the newest first.
    pub fn correct(&mut self, input: u64, output: u64) {
        let fix = |total: u64, grants: &mut dyn Iterator<Item = &mut u64>| {
            let mut grants: Vec<_> = grants.collect();
            let granted: u64 = grants.iter().map(|grant| **grant).sum();
            let mut less = granted.saturating_sub(total);
            for grant in grants.iter_mut().rev() {
                let back = less.min(**grant);
                **grant -= back;
                less -= back;
            }
            if let Some(last) = grants.last_mut() {
                **last += total.saturating_sub(granted);
            }
        };
        fix(input, &mut self.grants.iter_mut().map(|grant| &mut grant.1));
        fix(output, &mut self.grants.iter_mut().map(|grant| &mut grant.2));
    }
}

pub struct Model {
    pub zone: Zone,
    pub accounts: Vec<ModelAccount>,
    pub calls: HashMap<ChargeId, ModelCall>,
    /// What the database has: by account, window and start of its turn.
    pub database: Vec<[BTreeMap<Timestamp, i64>; WINDOWS.len()]>,
    pub in_database: HashSet<ChargeId>,
    /// All that providers billed, and what the database took in.
    pub billed: i128,
    pub flushed: i128,
    /// The last moment in the database.
    pub latest: Timestamp,
    /// The last start: rates begin anew.
    pub started: Timestamp,
}

impl Model {
    pub fn new() -> Self {
        let mut accounts = vec![ModelAccount::new(AccountKind::Gateway, "")];
        let groups = [
            (AccountKind::Organisation, 2),
            (AccountKind::Team, 3),
            (AccountKind::Membership, 3),
            (AccountKind::Key, 4),
            (AccountKind::Customer, 5),
            (AccountKind::Tag, 2),
        ];
        for (kind, count) in groups {
            accounts.extend((0..count).map(|i| ModelAccount::new(kind, &format!("{i}"))));
        }
        for (i, account) in accounts.iter_mut().enumerate() {
            let windows: &[usize] = match account.key.kind {
                AccountKind::Gateway => &[4],
                AccountKind::Organisation => &[5, 3],
                AccountKind::Team => &[3, 2],
                AccountKind::Membership => &[],
                AccountKind::Key => &[1, 3],
                AccountKind::Customer => &[2],
                _ => &[0],
            };
            account.budgets = windows.iter().map(|w| (*w, 6000 + 500 * i64::try_from(i).unwrap(), None)).collect();
            match account.key.kind {
                AccountKind::Organisation => account.rates = vec![(RateKind::Tokens, 2500)],
                AccountKind::Team => account.rates = vec![(RateKind::OutputTokens, 1500), (RateKind::InputTokens, 900)],
                AccountKind::Key => {
                    account.rates = vec![(RateKind::Requests, 12), (RateKind::Tokens, 1200)];
                    account.parallel = Some(6);
                }
                _ => {}
            }
            account.rebuild();
        }
        let database = accounts.iter().map(|_| Default::default()).collect();
        Self {
            zone: Zone::fixed(3600),
            accounts,
            calls: HashMap::new(),
            database,
            in_database: HashSet::new(),
            billed: 0,
            flushed: 0,
            latest: Timestamp(0),
            started: Timestamp(0),
        }
    }

    /// Gateway, organisation, team, membership, key, and now and then a customer and a tag.
    pub fn payers(pick: u32) -> Vec<usize> {
        let pick = pick as usize;
        let team = pick % 3;
        let mut payers = vec![0, 1 + team % 2, 3 + team, 6 + pick / 3 % 3, 9 + pick / 9 % 4];
        if !(pick / 36).is_multiple_of(4) {
            payers.push(13 + pick / 144 % 5);
        }
        if (pick / 720).is_multiple_of(3) {
            payers.push(18 + pick / 2160 % 2);
        }
        payers
    }

    pub fn start(&self, window: usize, at: Timestamp) -> Timestamp {
        WINDOWS[window].span(at, &self.zone).start
    }

    /// Changes the sums of every window of a moment.
    pub fn change(&mut self, account: usize, at: Timestamp, change: impl Fn(&mut Sums)) {
        for window in 0..WINDOWS.len() {
            let start = self.start(window, at);
            let sums = &mut self.accounts[account].sums[window];
            change(sums.entry(start).or_default());
            while sums.len() > 64 {
                let Some((old, _)) = sums.first_key_value().filter(|(_, sums)| sums.live == 0) else { break };
                let old = *old;
                sums.remove(&old);
            }
        }
    }

    pub fn sums(&self, account: usize, window: usize, at: Timestamp) -> Sums {
        self.accounts[account].sums[window].get(&self.start(window, at)).copied().unwrap_or_default()
    }

    /// What counts against a rate in the time after `after`.
    pub fn used(&self, account: usize, kind: RateKind, after: Timestamp) -> u64 {
        let recent = self.accounts[account].recent.iter().rev().take_while(|(at, _)| *at > after);
        let mut seen = HashSet::new();
        recent
            .filter(|(_, id)| seen.insert(*id))
            .filter_map(|(_, id)| self.calls.get(id))
            .map(|c| c.counted(kind, after))
            .sum()
    }
}
