//! The book, and the book with a mistake planted in it: the simulator has to tell them apart.

use std::collections::{HashMap, HashSet};

use tollgate_domain::ids::ChargeId;
use tollgate_domain::ledger::{
    AccountKey, Ask, Balance, Book, Chain, Entry, Event, Needed, ReserveError, Reserved, Seat, Settled, Zone,
};
use tollgate_domain::{Nanos, Timestamp};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Checks, and holds nothing while the call is under way.
    NoHold,
    /// A refused call leaves what it held on the first account.
    PartialHold,
    /// What is released is not given back.
    LeakOnRelease,
    /// A settlement that comes twice counts twice.
    DoubleSettle,
    /// A bill beyond the reservation is cut.
    CapAtHeld,
    /// Windows turn an hour early.
    EarlyTurn,
    /// A changed limit begins at nought.
    EditForgets,
    /// Calls under way in a crash are charged to nobody.
    LostOnCrash,
    /// What the database has is replayed too.
    ReplaysFlushed,
    /// Rates begin anew with each minute.
    FixedMinute,
    /// A reservation that is asked for again is held twice.
    HeldTwice,
    /// A stream that needs more always gets it.
    UncheckedExtension,
    /// What waits for the database is missing from what a new window counts.
    LoadMissesWaiting,
    /// Some charges of a batch never reach the database.
    FlushDrops,
    /// Calls that fail count as under way for ever.
    ParallelLeak,
    /// A sum from the database is read a tenth short.
    ShortLoad,
}

impl Bug {
    pub const ALL: [Self; 16] = [
        Self::NoHold,
        Self::PartialHold,
        Self::LeakOnRelease,
        Self::DoubleSettle,
        Self::CapAtHeld,
        Self::EarlyTurn,
        Self::EditForgets,
        Self::LostOnCrash,
        Self::ReplaysFlushed,
        Self::FixedMinute,
        Self::HeldTwice,
        Self::UncheckedExtension,
        Self::LoadMissesWaiting,
        Self::FlushDrops,
        Self::ParallelLeak,
        Self::ShortLoad,
    ];
}

pub struct Planted {
    pub book: Book,
    bug: Option<Bug>,
    /// What the mistakes need to remember.
    hidden: u128,
    held: HashMap<ChargeId, Ask>,
    chains: HashMap<ChargeId, Chain>,
    generations: HashMap<AccountKey, u32>,
    flushed: Vec<Entry>,
    dropped: u32,
}

impl Planted {
    pub fn new(bug: Option<Bug>) -> Self {
        Self {
            book: Book::new(Zone::fixed(3600), Timestamp(0)),
            bug,
            hidden: u128::MAX,
            held: HashMap::new(),
            chains: HashMap::new(),
            generations: HashMap::new(),
            flushed: Vec::new(),
            dropped: 0,
        }
    }

    fn is(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    fn hidden_id(&mut self) -> ChargeId {
        self.hidden -= 1;
        ChargeId(Uuid::from_u128(self.hidden))
    }

    fn time(&self, now: Timestamp) -> Timestamp {
        match self.bug {
            Some(Bug::EarlyTurn) => now.plus_seconds(3600),
            Some(Bug::FixedMinute) => Timestamp(now.0 - now.0.rem_euclid(60_000_000)),
            _ => now,
        }
    }

    fn renamed(&self, key: &AccountKey) -> AccountKey {
        match self.generations.get(key) {
            Some(n) => AccountKey::new(key.kind, format!("{}#{n}", key.id)),
            None => key.clone(),
        }
    }

    pub fn reserve(&mut self, id: ChargeId, chain: &Chain, ask: Ask, now: Timestamp) -> Result<Reserved, ReserveError> {
        let now = self.time(now);
        let asked = if self.is(Bug::NoHold) { Ask { amount: Nanos(0), ..ask } } else { ask };
        let renamed: Chain = if self.generations.is_empty() {
            chain.clone()
        } else {
            chain.seats().iter().map(|s| Seat { key: self.renamed(&s.key), rules: s.rules.clone() }).collect()
        };
        if self.is(Bug::HeldTwice) && self.held.contains_key(&id) {
            let other = self.hidden_id();
            let _ = self.book.reserve(other, &renamed, asked, now);
        }
        if self.is(Bug::NoHold) {
            // Checks the real amount, then lets it go.
            let probe = self.hidden_id();
            self.book.reserve(probe, &renamed, ask, now)?;
            self.book.release(probe, now);
        }
        let reserved = self.book.reserve(id, &renamed, asked, now);
        if reserved.is_ok() && self.bug.is_some() {
            self.held.insert(id, ask);
            self.chains.insert(id, renamed);
        } else if self.is(Bug::PartialHold) && matches!(reserved, Err(ReserveError::Refused(_))) {
            let first: Chain = renamed.seats().iter().take(1).cloned().collect();
            let other = self.hidden_id();
            let _ = self.book.reserve(other, &first, asked, now);
        }
        reserved
    }

    pub fn extend(&mut self, id: ChargeId, more: Ask, now: Timestamp) -> Result<Vec<Event>, ReserveError> {
        let now = self.time(now);
        match self.book.extend(id, more, now) {
            Err(ReserveError::Refused(_)) if self.is(Bug::UncheckedExtension) => Ok(Vec::new()),
            extended => {
                if extended.is_ok()
                    && let Some(held) = self.held.get_mut(&id)
                {
                    held.amount.0 += more.amount.0;
                }
                extended
            }
        }
    }

    pub fn settle(&mut self, id: ChargeId, mut used: Ask, now: Timestamp) -> Option<Settled> {
        let now = self.time(now);
        if self.is(Bug::CapAtHeld) {
            used.amount = used.amount.min(self.held.get(&id).map_or(used.amount, |held| held.amount));
        }
        let settled = self.book.settle(id, used, now);
        if self.is(Bug::DoubleSettle)
            && settled.as_ref().is_some_and(|settled| settled.repeated)
            && let Some(chain) = self.chains.get(&id).cloned()
        {
            let other = self.hidden_id();
            if self.book.reserve(other, &chain, Ask::default(), now).is_ok() {
                self.book.settle(other, used, now);
            }
        }
        settled
    }

    pub fn release(&mut self, id: ChargeId, now: Timestamp) -> bool {
        let now = self.time(now);
        if self.is(Bug::LeakOnRelease) {
            return true;
        }
        let released = self.book.release(id, now);
        if self.is(Bug::ParallelLeak)
            && let Some(chain) = self.chains.get(&id).cloned()
        {
            let other = self.hidden_id();
            let _ = self.book.reserve(other, &chain, Ask::default(), now);
        }
        released
    }

    /// What of `batch` reaches the database.
    pub fn flush(&mut self, batch: Vec<Entry>) -> Vec<Entry> {
        for entry in &batch {
            self.book.flushed(entry.id());
        }
        if self.is(Bug::ReplaysFlushed) {
            self.flushed = batch.clone();
        }
        let mut batch = batch;
        if self.is(Bug::FlushDrops) {
            batch.retain(|_| {
                self.dropped += 1;
                !self.dropped.is_multiple_of(50)
            });
        }
        batch
    }

    pub fn load(&mut self, needed: &Needed, spent: Nanos, waiting: &[ChargeId]) {
        if self.is(Bug::LoadMissesWaiting) {
            for id in waiting {
                self.book.flushed(*id);
            }
        }
        let forgotten = self.generations.values().next().is_some() && needed.account.id.contains('#');
        let spent = if forgotten { Nanos(0) } else { spent };
        let spent = if self.is(Bug::ShortLoad) { Nanos(spent.0 - spent.0 / 10) } else { spent };
        self.book.load(needed, spent);
    }

    /// A rule of the account was changed.
    pub fn edited(&mut self, seat: &Seat, now: Timestamp) {
        if self.is(Bug::EditForgets) {
            *self.generations.entry(seat.key.clone()).or_default() += 1;
        } else {
            self.book.change_rules(seat, self.time(now));
        }
    }

    /// The process is dead: only the journal is left. Returns what is charged for calls that were under way.
    pub fn restart(&mut self, journal: &[Entry], latest: Timestamp, now: Timestamp) -> Vec<Entry> {
        let now = self.time(now);
        self.book = Book::new(Zone::fixed(3600), latest);
        let mut entries = journal.to_vec();
        if self.is(Bug::LostOnCrash) {
            let settled: HashSet<_> =
                entries.iter().filter(|e| matches!(e, Entry::Settled { .. })).map(Entry::id).collect();
            entries.retain(|entry| settled.contains(&entry.id()));
        }
        if self.is(Bug::ReplaysFlushed) {
            entries.append(&mut self.flushed.clone());
        }
        self.book.replay(entries);
        self.book.abandon(now)
    }

    pub fn balances(&self, key: &AccountKey) -> Vec<Balance> {
        self.book.balances(&self.renamed(key))
    }
}
