//! Limits tried on the calls on record.

use tollgate_control::replay::{self, Proposal};
use tollgate_control::{ControlError, keys};
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::charge::Charge;
use tollgate_domain::entropy::SeededEntropy;
use tollgate_domain::ids::ChargeId;
use tollgate_domain::ledger::AccountKey;
use tollgate_domain::limits::Limits;
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::LedgerBatch;

use crate::harness::{NOW, Office, op, op_as};
use crate::reads::charge;

/// A call a minute, the last one a minute ago; each reserved 100 and cost 40.
fn calls(key: Option<tollgate_domain::ids::KeyId>, count: i64) -> Vec<Charge> {
    (1..=count)
        .map(|n| {
            let started_at = Timestamp(NOW.0 - n * 60_000_000);
            let id = ChargeId::of(started_at, &SeededEntropy::new(n.unsigned_abs()));
            let charge = charge(n.unsigned_abs().into(), key);
            Charge { id, started_at, cost: Nanos(40), reserved: Nanos(100), duration_us: 1000, ..charge }
        })
        .collect()
}

fn proposal(account: AccountKey, max_budget: i64, since: Timestamp) -> Proposal {
    let limits = Limits { max_budget: Some(Nanos(max_budget)), ..Limits::default() };
    Proposal { account, limits, since, until: NOW }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_tried_on_the_calls_on_record() {
    let office = Office::open().await;
    let (control, op) = (&office.control, &op(Actor::MasterKey));
    let key = keys::create(control, op, keys::NewKey::default()).await.unwrap().key.id;
    let charges = calls(Some(key), 20);
    control.store().append_ledger(&LedgerBatch { charges: charges.clone(), refusals: vec![] }).await.unwrap();
    let account = replay::account(&format!("key:{key}")).unwrap();
    let audited = office.audit().await.len();

    // 100 are needed for a call that costs 40: of 500, the eleventh would have had room, the twelfth not.
    let begin = Timestamp(NOW.0 - 3_600_000_000);
    let outcome = replay::run(control, op, proposal(account.clone(), 500, begin), u64::MAX).await.unwrap();
    assert_eq!((outcome.calls, outcome.cost, outcome.refused, outcome.saved), (20, Nanos(800), 9, Nanos(360)));
    assert!(outcome.complete);
    let first = &charges[20 - 12];
    let (at, id, reason) = outcome.first.unwrap();
    assert_eq!((at, id), (first.started_at, first.id.to_string()));
    assert!(reason.starts_with("Budget has been exceeded! key "), "{reason}");
    assert_eq!((outcome.callers, outcome.who[0].key_id.as_str()), (1, key.to_string().as_str()));
    assert_eq!((outcome.who[0].calls, outcome.who[0].first_at), (9, first.started_at));
    assert_eq!(office.audit().await.len(), audited + 1, "that somebody looked is on record");

    // Of the last ten alone: the ten before had spent 400 of the budget, which is for good.
    let late = Timestamp(NOW.0 - 10 * 60_000_000 - 1);
    let outcome = replay::run(control, op, proposal(account.clone(), 500, late), u64::MAX).await.unwrap();
    assert_eq!((outcome.calls, outcome.refused), (10, 9));
    // A limit that is high enough refuses nobody.
    let outcome = replay::run(control, op, proposal(account, 860, begin), u64::MAX).await.unwrap();
    assert_eq!((outcome.refused, outcome.first, outcome.who.len()), (0, None, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_tried_is_told_and_what_may_not_be_seen_is_not_played() {
    let office = Office::open().await;
    let control = &office.control;
    for text in ["", "gateway:x", "team:", "planet:x"] {
        assert!(matches!(replay::account(text), Err(ControlError::Invalid { field: "account", .. })), "{text}");
    }
    let master = &op(Actor::MasterKey);
    let team = || replay::account("team:blue").unwrap();
    let empty = Proposal { limits: Limits::default(), ..proposal(team(), 1, Timestamp(0)) };
    assert!(matches!(replay::run(control, master, empty, 1).await, Err(ControlError::Invalid { field: "limits", .. })));
    let backwards = proposal(team(), 1, NOW);
    assert!(matches!(
        replay::run(control, master, backwards, 1).await,
        Err(ControlError::Invalid { field: "since", .. })
    ));
    let stranger = &op_as(&office, "stranger", Role::Member).await;
    for account in ["gateway", "team:blue", "user:ann", "customer:c-1"] {
        let asked = proposal(replay::account(account).unwrap(), 1, Timestamp(0));
        let denied = replay::run(control, stranger, asked, 1).await;
        assert!(matches!(denied, Err(ControlError::Denied { .. })), "{account}: {denied:?}");
    }
}
