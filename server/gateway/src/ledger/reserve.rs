//! Before the provider is asked: what the call may need is set aside on every account that pays for it, or on none.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tollgate_domain::entropy::Entropy;
use tollgate_domain::ids::ChargeId;
use tollgate_domain::ledger::{
    AccountKey, Ask, Chain, Estimate, Event, Needed, NeededGrants, RateStatus, Refusal, ReserveError, Settled,
};
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::StoreError;

use super::{HoldSlot, Ledger, Size, Sized};

/// How long a call waits for what its accounts spent before.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// How often sums are asked for: windows may turn meanwhile.
const MAX_LOADS: usize = 6;

/// What is set aside for a call. Given back when it is dropped, unless the provider may have been asked: then it stays
/// until it is settled.
#[derive(Debug)]
pub struct Reservation {
    ledger: Ledger,
    pub id: ChargeId,
    /// The moment that decides its windows.
    pub at: Timestamp,
    pub held: Ask,
    /// Limits in shadow that would have refused it: told when it is known what that would have saved.
    shadows: Vec<Event>,
    live: bool,
    /// How many tokens of all answers the amount pays for.
    pub paid: u64,
    /// The prices that it was worked out with, if anything limits what the call may cost.
    price: Option<Estimate>,
    /// Whether the call's charge is journalled: its provider may have been asked.
    sent: HoldSlot,
}

/// A reservation, and what follows from it.
#[derive(Debug)]
pub struct Reserved {
    pub reservation: Reservation,
    /// How long each answer may be, in tokens, where the provider has to be told.
    pub told: Option<u64>,
    /// The tightest rate limit of each kind.
    pub rates: Vec<RateStatus>,
}

/// Whether more was set aside for a call under way.
#[derive(Debug)]
pub enum Extended {
    Held,
    Refused(Box<Refusal>),
    /// Sums that are not in memory would have to be read first.
    Unknown,
}

/// Why nothing was set aside.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    #[error("{0}")]
    Refused(Box<Refusal>),
    #[error("{0} has a budget, and the model has no price")]
    Unpriced(AccountKey),
    #[error("the sums of the accounts can't be read: {0}")]
    Unavailable(String),
}

impl From<StoreError> for AdmitError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Reservation {
    /// Filled when the call's charge is journalled.
    pub(super) fn hold(&self) -> HoldSlot {
        Arc::clone(&self.sent)
    }

    /// Sets aside more, for so many tokens of the answer beyond those that are paid for: on every account or on none.
    pub(super) fn extend(&mut self, tokens: u64) -> Extended {
        let Some(price) = self.price else {
            // Nothing limits what it may cost.
            self.paid = self.paid.saturating_add(tokens);
            return Extended::Held;
        };
        let more = Ask { amount: price.answer(tokens), ..Ask::default() };
        let now = self.ledger.0.clock.now();
        match self.ledger.book().extend(self.id, more, now) {
            Ok(events) => {
                self.shadows.extend(events);
                self.held.amount = Nanos(self.held.amount.0.saturating_add(more.amount.0));
                self.paid = self.paid.saturating_add(tokens);
                Extended::Held
            }
            Err(ReserveError::Refused(refusal)) => Extended::Refused(refusal),
            Err(_) => Extended::Unknown,
        }
    }

    /// Counts so many tokens of the answer that were not expected against rate limits. A limit that has no room for them
    /// refuses other calls: this one goes on, and counts in full at its end.
    pub(super) fn pace(&mut self, tokens: u64) {
        let more = Ask { output_tokens: tokens, ..Ask::default() };
        let now = self.ledger.0.clock.now();
        // What is in shadow would not have refused it either.
        drop(self.ledger.book().extend(self.id, more, now));
        self.held.output_tokens = self.held.output_tokens.saturating_add(tokens);
    }

    /// Turns it into a charge, and gives what is to be told of it.
    pub(super) fn settle(mut self, used: Ask) -> Vec<Event> {
        self.live = false;
        let now = self.ledger.0.clock.now();
        let settled = self.ledger.book().settle(self.id, used, now);
        let mut events = std::mem::take(&mut self.shadows);
        if let Some(Settled { events: more, .. }) = settled {
            events.extend(more);
        }
        events
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if self.live && !sent {
            let now = self.ledger.0.clock.now();
            self.ledger.book().release(self.id, now);
        }
    }
}

impl Ledger {
    /// Sets aside what a call of this size may need, in one step. Accounts whose spend is not in memory are looked up
    /// first.
    pub async fn reserve(&self, chain: &Chain, size: &Size, entropy: &dyn Entropy) -> Result<Reserved, AdmitError> {
        if size.estimate.is_none()
            && let Some(account) = chain.budgeted()
        {
            return Err(AdmitError::Unpriced(account.clone()));
        }
        for _ in 0..MAX_LOADS {
            match self.try_reserve(chain, size, entropy) {
                Ok(reserved) => return Ok(reserved),
                Err(ReserveError::Refused(refusal)) => return Err(AdmitError::Refused(refusal)),
                // The id is taken: another is drawn.
                Err(ReserveError::Finished) => {}
                Err(ReserveError::Unloaded(needed)) => {
                    let load = tokio::time::timeout(MAX_WAIT, self.load(&needed)).await;
                    load.map_err(|_| AdmitError::Unavailable("the database did not answer in time".to_owned()))??;
                }
                Err(ReserveError::UnloadedRates(needed)) => {
                    let load = tokio::time::timeout(MAX_WAIT, self.load_rates(&needed)).await;
                    load.map_err(|_| AdmitError::Unavailable("the database did not answer in time".to_owned()))??;
                }
            }
        }
        Err(AdmitError::Unavailable("the sums changed again and again".to_owned()))
    }

    fn try_reserve(&self, chain: &Chain, size: &Size, entropy: &dyn Entropy) -> Result<Reserved, ReserveError> {
        let now = self.0.clock.now();
        let mut book = self.book();
        // The id is made of the moment, so that charges are in one order by either.
        let at = book.tick(now);
        let id = ChargeId::of(at, entropy);
        let room = if size.is_open() && chain.is_limited() { Some(book.room(chain, at)?) } else { None };
        let Sized { ask, told, paid } = size.within(room.as_ref());
        let reserved = book.reserve(id, chain, ask, at)?;
        let rates = if chain.has_rates() { book.rates(chain, at) } else { Vec::new() };
        drop(book);
        let (at, shadows) = (reserved.at, reserved.events);
        let price = size.estimate.filter(|_| chain.budgeted().is_some());
        let reservation = Reservation {
            ledger: self.clone(),
            id,
            at,
            held: ask,
            shadows,
            live: true,
            paid,
            price,
            sent: HoldSlot::default(),
        };
        Ok(Reserved { reservation, told, rates })
    }

    /// Reads what accounts spent. No charge may go to the database meanwhile: the book adds those that it still holds.
    async fn load(&self, needed: &[Needed]) -> Result<(), StoreError> {
        let _no_flush = self.0.flushing.lock().await;
        let sums = self.0.store.spent(needed).await?;
        let mut book = self.book();
        for (needed, spent) in needed.iter().zip(sums) {
            book.load(needed, spent);
        }
        Ok(())
    }

    /// Reads what accounts used of rate limits with long windows, under the same condition.
    async fn load_rates(&self, needed: &[NeededGrants]) -> Result<(), StoreError> {
        let _no_flush = self.0.flushing.lock().await;
        let granted = self.0.store.granted(needed).await?;
        let mut book = self.book();
        for (needed, grants) in needed.iter().zip(granted) {
            book.load_grants(needed, &grants);
        }
        Ok(())
    }

    pub(super) fn book(&self) -> std::sync::MutexGuard<'_, tollgate_domain::ledger::Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what accounts spent, for the database was changed behind the book: it is read anew where it is needed.
    pub fn forget_sums(&self) {
        self.book().forget_sums();
    }

    /// Forgets accounts that nothing happened to for long. To be called now and then.
    pub fn sweep(&self) {
        let now = self.0.clock.now();
        let before = now.plus_seconds(-IDLE_SECONDS);
        let forgotten = self.book().forget_idle(before, now);
        if forgotten > 0 {
            tracing::debug!(forgotten, "accounts that were idle are no longer in memory");
        }
    }

    /// Reservations under way, and what they hold together.
    pub fn reserved(&self) -> (usize, Nanos) {
        let book = self.book();
        let (mut count, mut held) = (0, 0_i64);
        for (_, _, amount) in book.live() {
            count += 1;
            held = held.saturating_add(amount.0);
        }
        (count, Nanos(held))
    }
}

/// An account that was not used for so long leaves the memory.
const IDLE_SECONDS: i64 = 3600;
