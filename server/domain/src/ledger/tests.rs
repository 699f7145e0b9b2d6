use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::clock::Timestamp;
use crate::ids::ChargeId;
use crate::money::Nanos;

mod loaded;

const NOW: Timestamp = Timestamp(1_795_000_000_000_000);
const SECOND: i64 = Timestamp::MICROS_PER_SECOND;

fn id(n: u128) -> ChargeId {
    ChargeId(Uuid::from_u128(n))
}

fn ask(amount: i64) -> Ask {
    Ask { amount: Nanos(amount), ..Ask::default() }
}

fn tokens(input: u64, output: u64) -> Ask {
    Ask { amount: Nanos(0), input_tokens: input, output_tokens: output }
}

fn later(seconds: i64) -> Timestamp {
    NOW.plus_seconds(seconds)
}

fn seat(kind: AccountKind, rules: Rules) -> Seat {
    Seat { key: AccountKey::new(kind, "x"), rules: Arc::new(rules) }
}

fn budget(limit: i64) -> Rules {
    Rules { budgets: vec![BudgetRule::new(WindowRule::Forever, Nanos(limit))], ..Rules::default() }
}

fn rate(kind: RateKind, limit: u64) -> Rules {
    Rules { rates: vec![RateRule { kind, period: Period::Minute, limit, shadow: false }], ..Rules::default() }
}

/// A book that knows of nothing spent before.
fn book(chain: &Chain) -> Book {
    let mut book = Book::default();
    load(&mut book, chain, NOW);
    book
}

fn load(book: &mut Book, chain: &Chain, now: Timestamp) {
    if let Err(ReserveError::Unloaded(needed)) = book.room(chain, now) {
        for needed in needed {
            book.load(&needed, Nanos(0));
        }
    }
    if let Err(ReserveError::UnloadedRates(needed)) = book.room(chain, now) {
        for needed in needed {
            book.load_grants(&needed, &[]);
        }
    }
}

fn refusal(result: Result<Reserved, ReserveError>) -> Refusal {
    match result {
        Err(ReserveError::Refused(refusal)) => *refusal,
        other => panic!("{other:?}"),
    }
}

const KINDS: [AccountKind; 6] = [
    AccountKind::Gateway,
    AccountKind::Organisation,
    AccountKind::Team,
    AccountKind::Membership,
    AccountKind::Key,
    AccountKind::Customer,
];

#[test]
fn of_200_calls_on_a_budget_for_37_exactly_37_get_in_at_every_level() {
    for tight in KINDS {
        let limit = |kind| budget(if kind == tight { 37 * 100 + 99 } else { 1_000_000 });
        let chain: Chain = KINDS.iter().map(|kind| seat(*kind, limit(*kind))).collect();
        let mut book = book(&chain);
        let results: Vec<_> = (0..200).map(|n| book.reserve(id(n), &chain, ask(100), NOW)).collect();
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 37, "{tight:?}");
        let refusal = refusal(results[199].clone());
        assert_eq!((refusal.account.kind, refusal.limit, refusal.used), (tight, 3799, 0));
        assert_eq!((refusal.reserved, refusal.asked, refusal.status(402)), (3700, 100, 402));
        assert_eq!((refusal.resets_at, refusal.retry_after), (None, Some(1)));
        // What comes back is used, until less than one call's worth is left.
        for n in 0..37 {
            book.settle(id(n), ask(40), NOW).unwrap();
        }
        let more = (1000..2000).filter(|n| {
            let admitted = book.reserve(id(*n), &chain, ask(100), NOW).is_ok();
            if admitted {
                book.settle(id(*n), ask(40), NOW).unwrap();
            }
            admitted
        });
        // 37 x 40 are spent: the last that fits begins at 3,680 of 3,799.
        assert_eq!(more.count(), 56, "{tight:?}");
        assert_eq!(book.live().count(), 0);
    }
}

#[test]
fn no_call_that_fits_is_refused() {
    let chain: Chain = KINDS.iter().map(|kind| seat(*kind, budget(100_000 * 100))).collect();
    let mut book = book(&chain);
    let mut under_way = std::collections::VecDeque::new();
    for n in 0..100_000 {
        book.reserve(id(n), &chain, ask(100), NOW).unwrap();
        under_way.push_back(n);
        if under_way.len() > 64 {
            let first = under_way.pop_front().unwrap();
            match first % 5 {
                0 => assert!(book.release(id(first), NOW)),
                1 => drop(book.settle(id(first), ask(0), NOW)),
                _ => drop(book.settle(id(first), ask(i64::try_from(first % 101).unwrap()), NOW)),
            }
            book.flushed(id(first));
        }
    }
    for n in under_way {
        assert!(book.release(id(n), NOW));
    }
    for seat in chain.seats() {
        assert_eq!(book.balances(&seat.key)[0].reserved, Nanos(0));
    }
    assert_eq!((book.live().count(), book.calls.len()), (0, 0));
}

#[test]
fn a_thousand_calls_on_ten_thousand_tokens_a_minute() {
    let chain: Chain = [seat(AccountKind::Key, rate(RateKind::Tokens, 10_000))].into_iter().collect();
    let mut book = book(&chain);
    // Four minutes of 1,000 calls a minute at 5 to 45 tokens, which reserve 60.
    let mut used: Vec<(i64, u64)> = Vec::new();
    for n in 0..4000_u64 {
        let now = Timestamp(NOW.0 + i64::try_from(n).unwrap() * 60_000);
        if book.reserve(id(u128::from(n)), &chain, tokens(20, 40), now).is_ok() {
            let spent = 5 + n * 7 % 41;
            book.settle(id(u128::from(n)), tokens(5, spent - 5), now).unwrap();
            used.push((now.0, spent));
        }
    }
    for (end, _) in &used {
        let minute: u64 = used.iter().filter(|(at, _)| *at > end - 60 * SECOND && at <= end).map(|(_, n)| n).sum();
        assert!(minute <= 10_000, "{minute}");
    }
    let total: u64 = used.iter().map(|(_, n)| n).sum();
    assert!(total >= 38_000, "{total} of 40,000");
}

#[test]
fn a_refusal_changes_nothing_and_waits_for_the_longest() {
    let chain: Chain = [
        seat(AccountKind::Gateway, rate(RateKind::Requests, 1)),
        seat(
            AccountKind::Key,
            Rules { budgets: vec![BudgetRule::new(WindowRule::Day, Nanos(100))], ..rate(RateKind::Tokens, 50) },
        ),
    ]
    .into_iter()
    .collect();
    let mut book = book(&chain);
    book.reserve(id(1), &chain, Ask { amount: Nanos(100), ..tokens(50, 0) }, NOW).unwrap();
    book.settle(id(1), Ask { amount: Nanos(100), ..tokens(50, 0) }, NOW).unwrap();
    let before = format!("{:?}", book.rates(&chain, NOW));
    let refused = refusal(book.reserve(id(2), &chain, Ask { amount: Nanos(1), ..tokens(1, 0) }, NOW));
    assert!(refused.is_budget() && refused.resets_at > Some(NOW));
    let wait = (refused.resets_at.unwrap().0 - NOW.0) / SECOND;
    assert!((wait..=wait + 1).contains(&i64::try_from(refused.retry_after.unwrap()).unwrap()));
    assert_eq!(format!("{:?}", book.rates(&chain, NOW)), before);
    // A call without cost is held up by rates alone; `retry_after` is when it gets in.
    let refused = refusal(book.reserve(id(3), &chain, tokens(1, 0), NOW));
    let retry = refused.retry_after.unwrap();
    assert!(!refused.is_budget() && (60..=62).contains(&retry));
    assert!(book.reserve(id(3), &chain, tokens(1, 0), later(59)).is_err());
    book.reserve(id(3), &chain, tokens(1, 0), later(i64::try_from(retry).unwrap())).unwrap();
    // What can't ever fit is told so.
    assert_eq!(refusal(book.reserve(id(4), &chain, tokens(51, 0), later(500))).retry_after, None);
}

#[test]
fn a_reservation_settles_into_the_window_in_which_it_was_made() {
    let rules = Rules { budgets: vec![BudgetRule::new(WindowRule::Day, Nanos(100))], ..Rules::default() };
    let chain: Chain = [seat(AccountKind::Key, rules)].into_iter().collect();
    let mut book = book(&chain);
    book.reserve(id(1), &chain, ask(80), NOW).unwrap();
    let tomorrow = later(86_400);
    // The new day is whole, and an extension is the old day's.
    book.reserve(id(2), &chain, ask(100), tomorrow).unwrap();
    assert!(book.extend(id(1), ask(21), tomorrow).is_err());
    book.extend(id(1), ask(20), tomorrow).unwrap();
    let sums = |book: &Book| {
        let balances = book.balances(&chain.seats()[0].key);
        balances.iter().map(|b| (b.spent.0, b.reserved.0)).collect::<Vec<_>>()
    };
    assert_eq!(sums(&book), [(0, 100), (0, 100)]);
    book.settle(id(1), ask(90), tomorrow).unwrap();
    assert_eq!(sums(&book), [(0, 100)]);
    book.settle(id(2), ask(70), tomorrow).unwrap();
    assert_eq!(sums(&book), [(70, 0)]);
}

#[test]
fn a_bill_beyond_the_reservation_is_charged_and_told() {
    let mut rules = budget(100);
    rules.budgets[0].soft = Some(Nanos(50));
    rules.budgets[0].thresholds = vec![80, 100];
    let chain: Chain = [seat(AccountKind::Key, rules)].into_iter().collect();
    let mut book = book(&chain);
    book.reserve(id(1), &chain, ask(60), NOW).unwrap();
    let settled = book.settle(id(1), ask(120), NOW).unwrap();
    assert_eq!(settled.excess, Nanos(60));
    let told: Vec<_> = settled
        .events
        .iter()
        .map(|event| match event {
            Event::Overrun { beyond, .. } => beyond.0,
            Event::SoftLimit { soft, .. } => soft.0,
            Event::Threshold { percent, .. } => i64::from(*percent),
            Event::Shadow(_) => -1,
        })
        .collect();
    assert_eq!(told, [20, 50, 80, 100]);
    assert_eq!(book.balances(&chain.seats()[0].key)[0].spent, Nanos(120));
    assert!(book.settle(id(1), ask(7), NOW).unwrap().repeated);
    assert_eq!(book.settle(id(9), ask(7), NOW), None);
    assert_eq!(book.reserve(id(1), &chain, ask(1), NOW), Err(ReserveError::Finished));
}

#[test]
fn a_limit_in_shadow_tells_and_lets_in() {
    let mut rules = rate(RateKind::Requests, 0);
    rules.rates[0].shadow = true;
    rules.parallel = Some(ParallelRule { limit: 0, shadow: true });
    rules.budgets = vec![BudgetRule { shadow: true, ..BudgetRule::new(WindowRule::Day, Nanos(5)) }];
    let chain: Chain = [seat(AccountKind::Team, rules)].into_iter().collect();
    let mut book = book(&chain);
    let reserved = book.reserve(id(1), &chain, ask(10), NOW).unwrap();
    assert_eq!(reserved.events.iter().filter(|event| matches!(event, Event::Shadow(_))).count(), 3);
    assert_eq!(book.balances(&chain.seats()[0].key)[0].reserved, Nanos(10));
}

#[test]
fn changed_limits_keep_the_counts_and_increases_end_by_themselves() {
    let chain = |limit: i64, increase| {
        let rule = BudgetRule { increase, ..BudgetRule::new(WindowRule::Forever, Nanos(limit)) };
        let rules = Rules { budgets: vec![rule], ..rate(RateKind::Requests, 2) };
        [seat(AccountKind::Key, rules)].into_iter().collect::<Chain>()
    };
    let mut book = book(&chain(100, None));
    book.reserve(id(1), &chain(100, None), ask(90), NOW).unwrap();
    assert_eq!(refusal(book.reserve(id(2), &chain(80, None), ask(1), NOW)).reserved, 90);
    let more = Some(Increase { amount: Nanos(30), until: later(10) });
    book.reserve(id(2), &chain(80, more), ask(20), later(9)).unwrap();
    let refused = refusal(book.reserve(id(3), &chain(80, more), ask(1), later(70)));
    assert_eq!((refused.limit, refused.reserved), (80, 110));
    assert_eq!(book.room(&chain(200, None), later(70)).unwrap().amount, Some(Nanos(90)));
}

#[test]
fn sums_are_asked_for_once_and_count_what_waits() {
    let none: Chain = [seat(AccountKind::Key, Rules::default())].into_iter().collect();
    let limited: Chain = [seat(AccountKind::Key, budget(100))].into_iter().collect();
    let mut book = Book::default();
    // Calls of the time before there was a limit: one waits for the database, one is under way.
    book.reserve(id(1), &none, ask(30), NOW).unwrap();
    book.settle(id(1), ask(25), NOW).unwrap();
    book.reserve(id(2), &none, ask(10), NOW).unwrap();
    let Err(ReserveError::Unloaded(needed)) = book.reserve(id(3), &limited, ask(1), NOW) else { panic!() };
    book.load(&needed[0], Nanos(40));
    book.load(&needed[0], Nanos(4000));
    let balance = book.balances(&limited.seats()[0].key)[0];
    assert_eq!((balance.spent, balance.reserved), (Nanos(65), Nanos(10)));
    assert!(book.reserve(id(3), &limited, ask(26), NOW).is_err());
    book.reserve(id(3), &limited, ask(25), NOW).unwrap();
}

#[test]
fn headers_are_told_of_the_tightest_account() {
    let mut team = rate(RateKind::Tokens, 900);
    team.rates.push(RateRule { kind: RateKind::Requests, period: Period::Hour, limit: 5, shadow: false });
    let chain: Chain =
        [seat(AccountKind::Team, team), seat(AccountKind::Key, rate(RateKind::Tokens, 1000))].into_iter().collect();
    let mut book = book(&chain);
    book.reserve(id(1), &chain, tokens(10, 90), NOW).unwrap();
    let rates = book.rates(&chain, later(1));
    let shown: Vec<_> = rates.iter().map(|r| (r.account.kind, r.kind, r.limit, r.remaining)).collect();
    assert_eq!(shown, [(AccountKind::Team, RateKind::Tokens, 900, 800), (AccountKind::Team, RateKind::Requests, 5, 4)]);
    assert!((59..=61).contains(&((rates[0].resets_at.0 - NOW.0) / SECOND)));
}

#[test]
fn the_journal_alone_brings_the_book_back() {
    let chain: Chain = [seat(AccountKind::Key, budget(1000))].into_iter().collect();
    let mut first = book(&chain);
    let mut journal = Vec::new();
    for n in 1..=4 {
        first.reserve(id(n), &chain, ask(100), NOW).unwrap();
        journal.push(first.entry(id(n)).unwrap());
    }
    first.extend(id(1), ask(50), NOW).unwrap();
    journal.push(first.entry(id(1)).unwrap());
    first.settle(id(2), ask(60), NOW).unwrap();
    journal.push(first.entry(id(2)).unwrap());
    first.release(id(3), NOW);
    journal.push(Entry::Released { id: id(3) });
    let text = serde_json::to_string(&journal).unwrap();
    let mut journal: Vec<Entry> = serde_json::from_str(&text).unwrap();
    for _ in 0..journal.len() {
        journal.rotate_left(1);
        let mut second = Book::default();
        second.replay(journal.clone());
        second.replay(journal.clone());
        load(&mut second, &chain, later(5));
        let balance = second.balances(&chain.seats()[0].key)[0];
        assert_eq!((balance.spent, balance.reserved), (Nanos(60), Nanos(250)));
        let charged = second.abandon(later(5));
        assert_eq!(charged.iter().map(Entry::id).collect::<Vec<_>>(), [id(1), id(4)]);
        let balance = second.balances(&chain.seats()[0].key)[0];
        assert_eq!((balance.spent, balance.reserved), (Nanos(310), Nanos(0)));
    }
}

#[test]
fn sums_that_were_changed_in_the_database_are_asked_for_again() {
    let chain: Chain = [seat(AccountKind::Key, budget(1000))].into_iter().collect();
    let mut book = book(&chain);
    book.reserve(id(1), &chain, ask(300), NOW).unwrap();
    book.settle(id(1), ask(300), NOW).unwrap();
    book.reserve(id(2), &chain, ask(200), NOW).unwrap();
    book.forget_sums();
    let Err(ReserveError::Unloaded(needed)) = book.reserve(id(3), &chain, ask(1), NOW) else { panic!() };
    // What the database has is 400 of calls that are over; neither of these two.
    book.load(&needed[0], Nanos(400));
    let balance = book.balances(&chain.seats()[0].key)[0];
    assert_eq!((balance.spent, balance.reserved, balance.loaded), (Nanos(700), Nanos(200), true));
    let refusal = refusal(book.reserve(id(3), &chain, ask(101), NOW));
    assert_eq!((refusal.used, refusal.reserved), (700, 200));
    book.reserve(id(3), &chain, ask(100), NOW).unwrap();
    // What is settled while nothing is known is known afterwards, and once.
    book.forget_sums();
    book.settle(id(2), ask(150), NOW).unwrap();
    book.flushed(id(1));
    book.load(&needed[0], Nanos(700));
    assert_eq!(book.balances(&chain.seats()[0].key)[0].spent, Nanos(850));
    book.release(id(3), NOW);
    assert_eq!(book.balances(&chain.seats()[0].key)[0].reserved, Nanos(0));
}

#[test]
fn a_budget_that_was_begun_anew_counts_from_then_on() {
    let day = WindowRule::Day;
    let at = |hours: i64| Timestamp(hours * Timestamp::MICROS_PER_HOUR);
    let rule = BudgetRule { since: Some(at(30)), ..BudgetRule::new(day, Nanos(100)) };
    let zone = Zone::default();
    let span = |hours: i64| rule.span(at(hours), &zone);
    assert_eq!(span(25), Span { start: at(24), end: at(30) });
    assert_eq!(span(30), Span { start: at(30), end: at(48) });
    assert_eq!(span(50), Span { start: at(48), end: at(72) });
    assert_eq!(span(3), Span { start: at(0), end: at(24) });
}

#[test]
fn a_limit_in_shadow_beside_one_of_the_same_window_counts_what_is_spent_and_refuses_nobody() {
    use crate::limits::Limits;

    let of =
        |amount: i64| Limits { max_budget: Some(Nanos(amount)), max_parallel_requests: Some(9), ..Limits::default() };
    let chain = |limits: &Limits| Chain::from_iter([seat(AccountKind::Team, rules_of(limits, &House::default(), NOW))]);
    let plain = chain(&of(1000));
    let mut book = book(&plain);
    assert_eq!(book.reserve(id(1), &plain, ask(300), NOW).unwrap().events, []);
    book.settle(id(1), ask(300), NOW).unwrap();
    // A shadow that comes later reads its own sum, and the other one's stays.
    let shadow = Limits { max_budget: Some(Nanos(400)), max_parallel_requests: Some(1), ..Limits::default() };
    let both = chain(&Limits { shadow: Some(Box::new(shadow)), ..of(1000) });
    load(&mut book, &both, NOW);
    assert_eq!(book.reserve(id(2), &both, ask(100), NOW).unwrap().events, []);
    let told = book.reserve(id(3), &both, ask(100), NOW).unwrap().events;
    let kinds: Vec<_> = told
        .iter()
        .map(|event| match event {
            Event::Shadow(r) => (r.limit, r.used),
            e => panic!("{e:?}"),
        })
        .collect();
    assert_eq!(kinds, [(400, 300), (1, 1)]);
    let refused = refusal(book.reserve(id(4), &both, ask(501), NOW));
    assert_eq!((refused.limit, refused.used, refused.reserved), (1000, 300, 200));
    assert_eq!(book.room(&both, NOW).unwrap().amount, Some(Nanos(500)));
    // Taken away again, nothing that is enforced was forgotten.
    assert_eq!(book.room(&plain, NOW).unwrap().amount, Some(Nanos(500)));
}

#[test]
fn a_temporary_increase_ends_by_itself_in_the_middle_of_a_window() {
    let limits = crate::limits::Limits {
        max_budget: Some(Nanos(100)),
        temporary_increase: Some(Nanos(50)),
        temporary_until: Some(later(60)),
        ..crate::limits::Limits::default()
    };
    // The same rules all the time: nothing is read or set anew.
    let chain = Chain::from_iter([seat(AccountKind::Team, rules_of(&limits, &House::default(), NOW))]);
    let mut book = book(&chain);
    book.reserve(id(1), &chain, ask(110), NOW).unwrap();
    book.settle(id(1), ask(110), NOW).unwrap();
    assert!(book.reserve(id(2), &chain, ask(40), later(59)).is_ok());
    book.release(id(2), later(59));
    let refused = refusal(book.reserve(id(3), &chain, ask(1), later(60)));
    assert_eq!((refused.limit, refused.used), (100, 110));
    assert_eq!(book.room(&chain, later(60)).unwrap().amount, Some(Nanos(0)));
}
