//! The ledger: budgets and rate limits that can't be overrun, as one deterministic state machine.
//!
//! [`Book`] holds every account that a call is charged to. A call reserves what it may cost at most along its whole
//! [`Chain`] of accounts, all or nothing, before a provider is asked; afterwards the reservation becomes a charge
//! ([`Book::settle`]) or is given back ([`Book::release`]). For every account and window, charges and live
//! reservations together stay within the limit. Two things alone can take them beyond it: a limit that is lowered
//! below what was spent, and a provider that bills more than the reservation. The provider's bill is the truth: it is
//! charged in full and reported as an [`Event::Overrun`].
//!
//! Nothing here reads a clock, waits or does I/O: the caller hands in the moment, keeps the book behind one lock, and
//! brings sums from the database when [`ReserveError::Unloaded`] asks for them.
//!
//! What is decided here:
//!
//! - A reservation belongs to the windows of the moment when it was made, and so do its extensions and its charge,
//!   however late they come: what is spent in a window is the sum of the charges of calls admitted in it. A window that
//!   has passed is kept as long as it has live reservations.
//! - Windows turn when they are looked at, never by a job. Changing a limit changes no count, and a limit
//!   that is set after a turn is over does not reach back into it.
//! - Tokens and requests count at the moment when they were granted. What a call did not use is given back there.
//! - Time never goes back: an earlier moment than one seen before counts as that one.
//! - A call that costs nothing is not refused for money.
//! - Each operation may be repeated with the same charge's id and then changes nothing.

mod account;
mod alert;
mod book;
mod call;
mod chain;
mod entry;
mod estimate;
mod house;
mod limits;
mod outcome;
mod past;
mod rate;
mod refusal;
mod replay;
mod rules;
mod verdict;
mod window;

pub use account::{AccountKey, AccountKind};
pub use alert::{Alert, AlertKind};
pub use book::{Book, Room};
pub use call::Ask;
pub use chain::{Chain, Seat};
pub use entry::Entry;
pub use estimate::{Estimate, affordable_output, prompt_tokens_at_most};
pub use house::{BUDGET_STATUS, House, THRESHOLDS};
pub use limits::{CustomerLimits, Payers, rules_of, with_budget};
pub use outcome::{Event, Reserved, Settled};
pub use past::{Past, PastCall};
pub use rate::RateStatus;
pub use refusal::{Grant, Needed, NeededGrants, Refusal, RefusalKind, ReserveError};
pub use replay::Balance;
pub use rules::{BudgetRule, Increase, ParallelRule, Period, RateKind, RateRule, Rules};
pub use window::{Span, WindowRule, Zone};

#[cfg(test)]
mod tests;
