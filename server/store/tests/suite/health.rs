use tollgate_domain::charge::{Charge, Outcome};
use tollgate_domain::summary::HealthState;
use tollgate_store::LedgerBatch;

use crate::data::{Maker, NOW};
use crate::harness::Database;

pub async fn deployments_are_judged_by_their_last_calls(db: &Database) {
    let make = Maker::new(60);
    let call = |deployment: &str, seconds_ago: i64, outcome: Outcome, status: u16| {
        let error = (outcome != Outcome::Success).then(|| format!("{status} {seconds_ago} s ago"));
        let mut charge = Charge { deployment_id: deployment.into(), outcome, status, error, ..make.charge(60) };
        make.move_charge(&mut charge, NOW.plus_seconds(-seconds_ago));
        charge
    };
    let charges = vec![
        call("good", 10, Outcome::Success, 200),
        call("good", 20, Outcome::Success, 200),
        // Longer ago than an hour.
        call("good", 3700, Outcome::Timeout, 504),
        call("shaky", 10, Outcome::Success, 200),
        call("shaky", 20, Outcome::UpstreamBroken, 502),
        call("down", 10, Outcome::Timeout, 504),
        call("down", 20, Outcome::UpstreamError, 500),
        call("down", 30, Outcome::UpstreamError, 429),
        call("down", 40, Outcome::Success, 200),
        call("back", 10, Outcome::Success, 200),
        call("back", 20, Outcome::UpstreamError, 500),
        call("back", 30, Outcome::UpstreamError, 500),
        call("back", 40, Outcome::UpstreamError, 500),
        // The caller's fault and the gateway's, not the deployment's.
        call("innocent", 10, Outcome::UpstreamError, 400),
        call("innocent", 20, Outcome::Interrupted, 500),
        call("only", 10, Outcome::UpstreamError, 401),
        call("old", 3700, Outcome::UpstreamError, 500),
    ];
    db.store.append_ledger(&LedgerBatch { charges, refusals: vec![] }).await.unwrap();
    let health = db.store.deployment_health(NOW).await.unwrap();
    let of = |id: &str| {
        let health = &health[id];
        (health.state, health.calls, health.errors, health.last_error.as_deref())
    };
    assert_eq!(of("good"), (HealthState::Healthy, 2, 0, None));
    assert_eq!(of("shaky"), (HealthState::Degraded, 2, 1, Some("502 20 s ago")));
    assert_eq!(of("down"), (HealthState::Down, 4, 3, Some("504 10 s ago")));
    assert_eq!(of("back"), (HealthState::Degraded, 4, 3, Some("500 20 s ago")));
    assert_eq!(of("innocent"), (HealthState::Healthy, 2, 0, None));
    assert_eq!(of("only"), (HealthState::Down, 1, 1, Some("401 10 s ago")));
    assert_eq!(health["down"].last_call_at, Some(NOW.plus_seconds(-10)));
    assert!(!health.contains_key("old"));
}
