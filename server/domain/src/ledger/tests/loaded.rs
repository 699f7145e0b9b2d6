//! What is read from the database, and budgets that slow down.

use super::*;

fn load_all(
    book: &mut Book,
    id: ChargeId,
    chain: &Chain,
    ask: Ask,
    now: Timestamp,
    grants: &[Grant],
) -> Result<Reserved, ReserveError> {
    loop {
        match book.reserve(id, chain, ask, now) {
            Err(ReserveError::Unloaded(needed)) => needed.iter().for_each(|needed| book.load(needed, Nanos(0))),
            Err(ReserveError::UnloadedRates(needed)) => {
                for needed in &needed {
                    let of_window: Vec<Grant> =
                        grants.iter().copied().filter(|grant| grant.at >= needed.since).collect();
                    book.load_grants(needed, &of_window);
                }
            }
            other => return other,
        }
    }
}

#[test]
fn long_rates_begin_with_what_was_used_before() {
    let hour = Timestamp::MICROS_PER_HOUR;
    let now = NOW;
    let rate = |kind, period, limit| RateRule { kind, period, limit, shadow: false };
    let rules = Rules {
        rates: vec![
            rate(RateKind::Requests, Period::Day, 10),
            rate(RateKind::Tokens, Period::Hour, 1000),
            rate(RateKind::InputTokens, Period::Day, 5000),
        ],
        ..Rules::default()
    };
    let chain: Chain = [seat(AccountKind::Key, rules)].into_iter().collect();
    let mut book = Book::new(Zone::default(), Timestamp(0));
    let used = |at, requests, input_tokens, output_tokens| Grant { at, requests, input_tokens, output_tokens };
    let grants = [
        used(Timestamp(now.0 - 20 * hour), 3, 4000, 400),
        used(Timestamp(now.0 - hour / 2), 4, 300, 300),
        used(Timestamp(now.0 - 30 * hour), 100, 9000, 9000),
    ];
    let ask = Ask { amount: Nanos(0), input_tokens: 100, output_tokens: 100 };
    load_all(&mut book, id(1), &chain, ask, now, &grants).unwrap();
    // 7 requests and this one; 600 tokens in the hour and these 200; 4,300 of input and these 100.
    let left: Vec<_> = book.rates(&chain, now).iter().map(|rate| (rate.kind, rate.remaining)).collect();
    assert_eq!(left, [(RateKind::Requests, 2), (RateKind::Tokens, 200), (RateKind::InputTokens, 600)]);
    load_all(&mut book, id(2), &chain, ask, now, &grants).unwrap();
    let Err(ReserveError::Refused(refusal)) = book.reserve(id(3), &chain, ask, now) else { panic!() };
    assert_eq!(
        (refusal.kind, refusal.used),
        (RefusalKind::Rate { kind: RateKind::Tokens, period: Period::Hour }, 1000)
    );
    // After an hour the tokens are free again, and the day goes on.
    let later = Timestamp(now.0 + hour + hour / 20);
    book.reserve(id(3), &chain, ask, later).unwrap();
    let Err(ReserveError::Refused(refusal)) = book.reserve(id(4), &chain, ask, later) else { panic!() };
    assert_eq!(refusal.kind, RefusalKind::Rate { kind: RateKind::Requests, period: Period::Day });
}

#[test]
fn the_last_minute_before_a_start_counts() {
    let rules = Rules {
        rates: vec![RateRule { kind: RateKind::Requests, period: Period::Minute, limit: 5, shadow: false }],
        ..Rules::default()
    };
    let chain: Chain = [seat(AccountKind::Key, rules)].into_iter().collect();
    let ask = Ask { amount: Nanos(0), input_tokens: 1, output_tokens: 1 };
    let latest = NOW.plus_seconds(-20);
    let book = || Book::new(Zone::default(), latest).after(latest);
    let before = [Grant { at: latest, requests: 3, input_tokens: 9, output_tokens: 9 }];
    let mut fresh = book();
    assert!(
        matches!(fresh.reserve(id(1), &chain, ask, NOW), Err(ReserveError::UnloadedRates(needed)) if needed.len() == 1)
    );
    load_all(&mut fresh, id(1), &chain, ask, NOW, &before).unwrap();
    assert_eq!(fresh.rates(&chain, NOW)[0].remaining, 1);
    load_all(&mut fresh, id(2), &chain, ask, NOW, &before).unwrap();
    assert!(matches!(fresh.reserve(id(3), &chain, ask, NOW), Err(ReserveError::Refused(_))));
    // A minute later there is nothing to ask for, and an account that comes then costs no look-up.
    let later = latest.plus_seconds(62);
    fresh.reserve(id(3), &chain, ask, later).unwrap();
    let mut late = book();
    late.reserve(id(1), &chain, ask, later).unwrap();
    assert_eq!(late.rates(&chain, later)[0].remaining, 4);
}

#[test]
fn a_charge_that_waits_for_the_database_is_counted_once() {
    let now = NOW;
    let bare: Chain = [seat(AccountKind::Key, Rules::default())].into_iter().collect();
    let ask = Ask { amount: Nanos(0), input_tokens: 10, output_tokens: 10 };
    let mut book = Book::new(Zone::default(), Timestamp(0));
    for n in 1..=3 {
        book.reserve(id(n), &bare, ask, now).unwrap();
    }
    // One is in the database already, one waits, one is under way; the limit is set now.
    book.settle(id(1), Ask { output_tokens: 5, ..ask }, now);
    book.settle(id(2), Ask { output_tokens: 5, ..ask }, now);
    let rules = Rules {
        rates: vec![RateRule { kind: RateKind::OutputTokens, period: Period::Day, limit: 100, shadow: false }],
        ..Rules::default()
    };
    let chain: Chain = [seat(AccountKind::Key, rules)].into_iter().collect();
    let Err(ReserveError::UnloadedRates(needed)) = book.reserve(id(4), &chain, ask, now) else { panic!() };
    book.flushed(id(1));
    book.load_grants(&needed[0], &[Grant { at: now, requests: 1, input_tokens: 10, output_tokens: 5 }]);
    book.load_grants(&needed[0], &[Grant { at: now, requests: 1, input_tokens: 10, output_tokens: 5 }]);
    assert_eq!(book.rates(&chain, now)[0].remaining, 80);
}

#[test]
fn a_budget_that_slows_does_not_refuse() {
    let now = NOW;
    let rules = Rules {
        budgets: vec![BudgetRule { slows: Some(100_000), ..BudgetRule::new(WindowRule::Day, Nanos(100)) }],
        rates: vec![RateRule { kind: RateKind::Requests, period: Period::Minute, limit: 50, shadow: false }],
        parallel_shadow: None,
        parallel: None,
    };
    let chain: Chain = [seat(AccountKind::Key, rules)].into_iter().collect();
    let mut book = Book::new(Zone::default(), Timestamp(0));
    let ask = Ask { amount: Nanos(100), ..Ask::default() };
    load_all(&mut book, id(1), &chain, ask, now, &[]).unwrap();
    assert_eq!(book.rates(&chain, now)[0].limit, 50);
    assert_eq!(book.room(&chain, now).unwrap().amount, None);
    // Beyond the budget a tenth of the rate is left: five in a minute, of which one is used.
    for n in 2..=5 {
        book.reserve(id(n), &chain, ask, now).unwrap();
    }
    assert_eq!(book.rates(&chain, now)[0].limit, 5);
    let Err(ReserveError::Refused(refusal)) = book.reserve(id(6), &chain, ask, now) else { panic!() };
    assert_eq!((refusal.limit, refusal.used, refusal.slowed), (5, 5, true));
    assert!(refusal.to_string().contains("lower than usual because the budget is used up"), "{refusal}");
    assert!(book.settle(id(1), Ask { amount: Nanos(500), ..ask }, now).unwrap().events.is_empty());
    // The next day it runs at its full speed.
    let tomorrow = now.plus_seconds(86_400);
    for n in 7..=12 {
        let ask = Ask { amount: Nanos(1), ..ask };
        book.reserve(id(n), &chain, ask, tomorrow).unwrap();
    }
}
