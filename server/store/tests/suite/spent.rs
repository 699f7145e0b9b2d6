use std::collections::BTreeMap;

use tollgate_domain::charge::Charge;
use tollgate_domain::ledger::{AccountKey, AccountKind, Needed, NeededGrants, Period, Span, WindowRule, Zone};
use tollgate_domain::limits::BudgetDuration;
use tollgate_domain::model::ModelPattern;
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::LedgerBatch;

use crate::data::{Maker, NOW, OWNERSHIPS, add_ownerships};
use crate::harness::Database;

/// Owners whose ids have colons: two memberships look nearly the same.
const MORE: [[&str; 3]; 3] = [["c:d", "a:b", ""], ["d", "a:b:x", "o-1"], ["", "u-1", ""]];

const HOUR: i64 = Timestamp::MICROS_PER_HOUR;

fn owners(charge: &Charge) -> [&'static str; 3] {
    let all: Vec<_> = OWNERSHIPS.into_iter().chain(MORE).collect();
    usize::try_from(charge.ownership_id - 1).ok().map(|place| all[place]).unwrap_or_default()
}

/// Whether a charge is put down to an account.
fn pays(account: &AccountKey, charge: &Charge) -> bool {
    let [user, team, organisation] = owners(charge);
    let id = &*account.id;
    let fits = match account.kind {
        AccountKind::Gateway => true,
        AccountKind::Organisation => !id.is_empty() && organisation == id,
        AccountKind::Team => !id.is_empty() && team == id,
        AccountKind::Membership => !team.is_empty() && !user.is_empty() && id == format!("team:{team}:{user}"),
        AccountKind::User => user == id && team.is_empty(),
        AccountKind::Person => !id.is_empty() && user == id,
        AccountKind::Key => charge.key_id.is_some_and(|key| key.to_string() == id),
        AccountKind::Customer => charge.end_user.as_deref() == Some(id),
        AccountKind::Tag => charge.tags.iter().any(|tag| tag == id),
        AccountKind::Provider => &*charge.provider == id,
        AccountKind::Deployment => &*charge.deployment_id == id,
    };
    fits && account.model.as_deref().is_none_or(|model| ModelPattern::new(model).matches(&charge.model))
}

fn accounts(make: &Maker) -> Vec<AccountKey> {
    let keys: Vec<_> = make.keys.iter().map(ToString::to_string).collect();
    let mut accounts = Vec::new();
    for (kind, ids) in [
        (AccountKind::Gateway, &[""][..]),
        (AccountKind::Organisation, &["o-1", "o-2", "o-9"]),
        (AccountKind::Team, &["t-1", "t-2", "a:b", "a:b:x", "u-1"]),
        (AccountKind::Membership, &["team:t-1:u-1", "team:t-2:u-2", "team:a:b:c:d", "team:a:b:x:d", "team:t-2:", "x"]),
        (AccountKind::User, &["u-1", "u-2", "u-3", "c:d"]),
        (AccountKind::Person, &["u-1", "u-2", "u-3", "c:d"]),
        (AccountKind::Key, &[&keys[0], &keys[3], "0192aa00-0000-7000-8000-000000000000"]),
        (AccountKind::Customer, &["c-1", "c-2", "c-9", "nul \u{0}"]),
        (AccountKind::Tag, &["a", "b", "a,\"b\"", "no such"]),
        (AccountKind::Provider, &["openai", "anthropic"]),
        (AccountKind::Deployment, &["d1", "d2"]),
    ] {
        for id in ids {
            let account = AccountKey::new(kind, *id);
            accounts.extend(["gpt-4o", "*", "gpt-*", "*e*", "e"].map(|model| account.of_model(model)));
            accounts.push(account);
        }
    }
    accounts
}

fn span(start: i64, end: i64) -> Span {
    Span { start: Timestamp(start), end: Timestamp(end) }
}

fn spans(make: &Maker, charges: &[Charge]) -> Vec<Span> {
    let hour = NOW.0.div_euclid(HOUR) * HOUR;
    let mut spans = vec![
        span(i64::MIN, i64::MAX),
        span(i64::MIN, NOW.0 - 17),
        span(NOW.0 - 30 * HOUR - 1, i64::MAX),
        span(hour - HOUR, hour),
        span(hour - 50 * HOUR, hour - 2 * HOUR),
        span(hour - 50 * HOUR + 1, hour - 2 * HOUR - 1),
        span(NOW.0, NOW.0),
        span(NOW.0, NOW.0 - 5),
    ];
    for offset in [0, 9 * 3600, 5 * 3600 + 1800, -(3 * 3600 + 1800), 20_700] {
        for duration in ["1d", "7d", "30d", "90s", "7h", "2d", "2mo"] {
            let rule = WindowRule::of(BudgetDuration::parse(duration).as_ref(), Timestamp(NOW.0 - 123_456_789));
            spans.push(rule.span(Timestamp(NOW.0 - 5 * HOUR), &Zone::fixed(offset)));
        }
    }
    // On the very moments of charges, and beside them.
    for _ in 0..12 {
        let moment = || make.pick(charges).started_at.0 - 1 + make.below(3) as i64;
        let (a, b) = (moment(), moment());
        spans.push(span(a.min(b), a.max(b)));
    }
    spans
}

pub async fn what_was_spent_equals_the_charges(db: &Database) {
    let make = Maker::new(60);
    add_ownerships(db).await;
    for (id, [user, team, organisation]) in (OWNERSHIPS.len() + 1..).zip(MORE) {
        db.execute(&format!("INSERT INTO ownerships VALUES ({id}, '{user}', '{team}', '{organisation}')")).await;
    }
    let mut charges = make.charges(500, 9 * 86_400);
    charges.extend(make.charges(150, 3 * 3600));
    for charge in &mut charges {
        charge.ownership_id = make.below(1 + OWNERSHIPS.len() as u64 + MORE.len() as u64) as i64;
    }
    // At both ends of an hour and a day.
    let day = NOW.0.div_euclid(24 * HOUR) * 24 * HOUR;
    for (charge, at) in charges.iter_mut().zip([day, day - 1, day + HOUR, day + HOUR - 1, day + 24 * HOUR]) {
        make.move_charge(charge, Timestamp(at));
    }
    db.store
        .append_ledger(&LedgerBatch { charges: charges.clone(), refusals: make.refusals(50, 86_400) })
        .await
        .unwrap();
    let (accounts, spans) = (accounts(&make), spans(&make, &charges));
    let mut something = std::collections::HashSet::new();
    for span in spans {
        let needed: Vec<_> = accounts
            .iter()
            .map(|account| Needed { account: account.clone(), window: WindowRule::Forever, span })
            .collect();
        let spent = db.store.spent(&needed).await.unwrap();
        assert_eq!(spent.len(), needed.len());
        for (account, spent) in accounts.iter().zip(spent) {
            let paid = charges.iter().filter(|charge| span.contains(charge.started_at) && pays(account, charge));
            let expected = Nanos(paid.map(|charge| charge.cost.0).sum());
            assert_eq!(spent, expected, "{account} {span:?}");
            if spent.0 > 0 {
                something.insert((account.kind, account.model.is_some()));
            }
        }
    }
    let since = Timestamp(NOW.0 - 3 * 24 * HOUR);
    what_was_used_equals_the_charges(db, &accounts, &charges, since).await;
    assert_eq!(something.len(), 22, "each kind, with and without a model, spent something");
    assert!(db.store.spent(&[]).await.unwrap().is_empty());
}

async fn what_was_used_equals_the_charges(
    db: &Database,
    accounts: &[AccountKey],
    charges: &[Charge],
    since: Timestamp,
) {
    for period in [Period::Hour, Period::Day] {
        let needed = |account: &AccountKey| NeededGrants { account: account.clone(), period, since };
        let needed: Vec<_> = accounts.iter().map(needed).collect();
        let granted = db.store.granted(&needed).await.unwrap();
        assert_eq!(granted.len(), needed.len());
        let mut counted = 0;
        for (account, grants) in accounts.iter().zip(granted) {
            let mut expected: BTreeMap<i64, (u64, u64, u64)> = BTreeMap::new();
            for charge in charges.iter().filter(|charge| charge.started_at >= since && pays(account, charge)) {
                let part = charge.started_at.0.div_euclid(period.part_micros());
                let sums = expected.entry(part * period.part_micros()).or_default();
                *sums = (sums.0 + 1, sums.1 + charge.usage.input, sums.2 + charge.usage.output);
            }
            let mut found: BTreeMap<i64, (u64, u64, u64)> = BTreeMap::new();
            for grant in grants {
                let sums = found.entry(grant.at.0).or_default();
                *sums = (sums.0 + grant.requests, sums.1 + grant.input_tokens, sums.2 + grant.output_tokens);
            }
            assert_eq!(found, expected, "{account}");
            counted += found.len();
        }
        assert!(counted > 100, "{counted}");
    }
}
