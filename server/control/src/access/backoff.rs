//! Slowing down whoever guesses passwords.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tollgate_domain::Timestamp;

/// So many tries are free…
const TRIES: usize = 5;

/// …within so many seconds.
const WINDOW_SECONDS: i64 = 15 * 60;

/// The most pairs of address and account that are remembered.
const REMEMBERED: usize = 10_000;

/// The tries that did not succeed, by account and network address.
#[derive(Debug, Default)]
pub struct Backoff {
    tries: Mutex<HashMap<String, Vec<Timestamp>>>,
}

impl Backoff {
    /// Notes a try before it is made, so that many at once don't all count as the first. `Err`: too many; the seconds to
    /// wait.
    pub fn begin(&self, who: &str, now: Timestamp) -> Result<(), i64> {
        let mut tries = self.lock();
        if !tries.contains_key(who) && tries.len() >= REMEMBERED {
            make_room(&mut tries, now);
        }
        let of_one = tries.entry(who.to_owned()).or_default();
        of_one.retain(|at| is_recent(*at, now));
        if let Some(oldest) = of_one.first().filter(|_| of_one.len() >= TRIES) {
            let left = oldest.plus_seconds(WINDOW_SECONDS).0 - now.0;
            return Err((left + Timestamp::MICROS_PER_SECOND - 1) / Timestamp::MICROS_PER_SECOND);
        }
        of_one.push(now);
        Ok(())
    }

    /// Forgets the last try: it was not made after all.
    pub fn undo(&self, who: &str) {
        if let Some(of_one) = self.lock().get_mut(who) {
            of_one.pop();
        }
    }

    /// Forgets every try: the last one succeeded.
    pub fn clear(&self, who: &str) {
        self.lock().remove(who);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Timestamp>>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    at.plus_seconds(WINDOW_SECONDS) > now
}

/// Forgets what is over; if that is not enough, whoever tried least recently.
fn make_room(tries: &mut HashMap<String, Vec<Timestamp>>, now: Timestamp) {
    tries.retain(|_, of_one| of_one.last().is_some_and(|at| is_recent(*at, now)));
    if tries.len() >= REMEMBERED
        && let Some(oldest) = tries.iter().min_by_key(|(_, of_one)| of_one.last().copied()).map(|(who, _)| who.clone())
    {
        tries.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(0).plus_seconds(seconds)
    }

    #[test]
    fn the_sixth_try_waits_until_the_first_is_long_ago() {
        let backoff = Backoff::default();
        for second in 0..5 {
            assert_eq!(backoff.begin("a", at(second)), Ok(()));
        }
        assert_eq!(backoff.begin("a", at(10)), Err(890));
        assert_eq!(backoff.begin("b", at(10)), Ok(()));
        assert_eq!(backoff.begin("a", at(900)), Ok(()));
        assert_eq!(backoff.begin("a", at(900)), Err(1));
    }

    #[test]
    fn success_and_undone_tries_do_not_count() {
        let backoff = Backoff::default();
        for _ in 0..20 {
            assert_eq!(backoff.begin("a", at(0)), Ok(()));
            backoff.undo("a");
        }
        for _ in 0..4 {
            assert_eq!(backoff.begin("a", at(0)), Ok(()));
        }
        backoff.clear("a");
        for _ in 0..5 {
            assert_eq!(backoff.begin("a", at(0)), Ok(()));
        }
        assert!(backoff.begin("a", at(0)).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let backoff = Backoff::default();
        for i in 0..i64::try_from(REMEMBERED).unwrap() + 50 {
            assert_eq!(backoff.begin(&i.to_string(), at(i / 100)), Ok(()));
        }
        assert_eq!(backoff.lock().len(), REMEMBERED);
    }
}
