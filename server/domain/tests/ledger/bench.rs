//! `cargo test --release -p tollgate-domain --test ledger -- --ignored --nocapture nanoseconds`.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use tollgate_domain::ids::ChargeId;
use tollgate_domain::ledger::{
    AccountKey, AccountKind, Ask, Book, BudgetRule, Chain, ParallelRule, Period, RateKind, RateRule, ReserveError,
    Rules, Seat, WindowRule,
};
use tollgate_domain::{Nanos, Timestamp};
use uuid::Uuid;

const CALLS: u32 = 1_000_000;

/// Six accounts with two windows each, the last with three rates.
fn chain(key: u32) -> Chain {
    let kinds = [
        (AccountKind::Gateway, String::new()),
        (AccountKind::Organisation, "018f2d3c-aaaa-7bbb-8ccc-000000000001".to_owned()),
        (AccountKind::Team, "018f2d3c-aaaa-7bbb-8ccc-000000000002".to_owned()),
        (AccountKind::Membership, "team:018f2d3c-aaaa-7bbb-8ccc-000000000002:somebody".to_owned()),
        (AccountKind::Customer, format!("customer-{key}")),
        (AccountKind::Key, format!("018f2d3c-aaaa-7bbb-8ccc-{key:012}")),
    ];
    let limit = Nanos(i64::MAX / 2);
    let seat = |(kind, id): (AccountKind, String)| {
        let rate = |kind, period| RateRule { kind, period, limit: u64::MAX / 2, shadow: false };
        let mut rules = Rules {
            budgets: vec![BudgetRule::new(WindowRule::Day, limit), BudgetRule::new(WindowRule::Month, limit)],
            ..Rules::default()
        };
        if kind == AccountKind::Key {
            rules.rates = vec![
                rate(RateKind::Requests, Period::Minute),
                rate(RateKind::Tokens, Period::Minute),
                rate(RateKind::Tokens, Period::Day),
            ];
            rules.parallel = Some(ParallelRule { limit: 1_000_000, shadow: false });
        }
        Seat { key: AccountKey::new(kind, id), rules: Arc::new(rules) }
    };
    kinds.into_iter().map(seat).collect()
}

fn call(book: &mut Book, chain: &Chain, n: u32, now: Timestamp) {
    let id = ChargeId(Uuid::from_u128(u128::from(n)));
    let ask = Ask { amount: Nanos(1000), input_tokens: 100, output_tokens: 200 };
    let mut reserved = book.reserve(id, chain, ask, now);
    if let Err(ReserveError::Unloaded(needed)) = reserved {
        for needed in &needed {
            book.load(needed, Nanos(0));
        }
        reserved = book.reserve(id, chain, ask, now);
    }
    if let Err(ReserveError::UnloadedRates(needed)) = reserved {
        for needed in &needed {
            book.load_grants(needed, &[]);
        }
        reserved = book.reserve(id, chain, ask, now);
    }
    reserved.unwrap();
}

#[test]
#[ignore = "a measurement"]
fn nanoseconds() {
    measure(20);
    measure(1000);
}

fn measure(keys: u32) {
    let chains: Vec<_> = (0..keys).map(chain).collect();
    let mut book = Book::default();
    let now = |n: u32| Timestamp(1_795_000_000_000_000 + i64::from(n) * 50);
    let of = |n: u32| &chains[n as usize % chains.len()];
    let id = |n: u32| ChargeId(Uuid::from_u128(u128::from(n)));
    // 200 calls are under way at any time.
    let (mut reserve, mut settle) = (0, 0);
    for block in 0..CALLS / 200 {
        let calls = block * 200..block * 200 + 200;
        let begin = Instant::now();
        calls.clone().for_each(|n| call(&mut book, of(n), n, now(n)));
        reserve += begin.elapsed().as_nanos();
        let begin = Instant::now();
        for n in calls {
            let used = Ask { amount: Nanos(400), input_tokens: 90, output_tokens: 20 };
            book.settle(id(n), used, now(n)).unwrap();
            book.flushed(id(n));
        }
        settle += begin.elapsed().as_nanos();
    }
    let calls = u128::from(CALLS);
    println!(
        "{keys} keys, one thread: reserve {} ns, settle and flush {} ns, six accounts",
        reserve / calls,
        settle / calls
    );

    let book = Mutex::new(Book::default());
    let threads = 4;
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (book, chains) = (&book, &chains);
            scope.spawn(move || {
                for n in (thread * CALLS..).take(CALLS as usize / 4) {
                    call(&mut book.lock().unwrap(), &chains[n as usize % chains.len()], n, now(n));
                    let mut book = book.lock().unwrap();
                    book.settle(id(n), Ask::default(), now(n)).unwrap();
                    book.flushed(id(n));
                }
            });
        }
    });
    let each = begin.elapsed().as_nanos() / calls;
    println!("{threads} threads on one lock: {each} ns a call, reserved, settled and flushed");
}
