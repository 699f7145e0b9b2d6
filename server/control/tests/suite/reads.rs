use std::time::Duration;

use tollgate_control::keys::{self, KeyFilter, NewKey};
use tollgate_control::{ControlError, models, overview, requests};
use tollgate_domain::actor::Actor;
use tollgate_domain::charge::{Charge, Operation, Outcome};
use tollgate_domain::entropy::SeededEntropy;
use tollgate_domain::ids::ChargeId;
use tollgate_domain::page::Cursor;
use tollgate_domain::summary::{HealthState, Period, RequestFilter};
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::LedgerBatch;

use crate::harness::{NOW, Office, op};

pub fn charge(id: u128, key: Option<tollgate_domain::ids::KeyId>) -> Charge {
    Charge {
        id: ChargeId::of(Timestamp(NOW.0 - 1000), &SeededEntropy::new(id as u64 + 1)),
        call_id: Some(format!("call-{id}")),
        attempt: 1,
        started_at: Timestamp(NOW.0 - 1000),
        key_id: key,
        operation: Operation::ChatCompletion,
        model: "gpt-4o".into(),
        deployment_id: "d1".into(),
        provider: "openai".into(),
        upstream_model: "gpt-4o".into(),
        streamed: false,
        outcome: Outcome::Success,
        status: 200,
        error: None,
        certainty: Certainty::Measured,
        usage: Usage { input: 10, output: 5, ..Usage::default() },
        cost: Nanos(75_000),
        reserved: Nanos::ZERO,
        cost_lines: vec![],
        price_source: None,
        duration_us: 1_000_000,
        first_byte_us: None,
        client_left: false,
        instead_of: None,
        upstream_id: None,
        end_user: None,
        ownership_id: 0,
        tags: vec![],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_called_is_seen() {
    let office = Office::open().await;
    let (control, op) = (&office.control, &op(Actor::MasterKey));
    let mut new = NewKey::default();
    new.key.alias = Some("app".to_owned());
    let key = keys::create(control, op, new).await.unwrap().key;
    let charges = vec![charge(1, Some(key.id)), charge(2, None), charge(3, Some(key.id))];
    control.store().append_ledger(&LedgerBatch { charges, refusals: vec![] }).await.unwrap();

    let first = requests::list(control, op, &RequestFilter::default(), None, 2).await.unwrap();
    assert_eq!(first.items.len(), 2);
    let next = Cursor::decode(&first.next.unwrap());
    let second = requests::list(control, op, &RequestFilter::default(), next, 2).await.unwrap();
    assert_eq!((second.items.len(), second.next), (1, None));
    assert_eq!(requests::get(control, op, "call-2").await.unwrap().row.key_label.as_deref(), Some("Master key"));
    assert!(matches!(requests::get(control, op, "call-9").await, Err(ControlError::NotFound { .. })));

    let page = keys::list(control, op, &KeyFilter::default(), None, 10).await.unwrap();
    assert_eq!((page.items[0].calls, page.items[0].spent), (2, Nanos(150_000)));
    let overview = overview::overview(control, op, Period::Day).await.unwrap();
    assert_eq!((overview.calls, overview.cost), (3, Nanos(225_000)));
    assert!(overview.has_calls && overview.has_keys && overview.has_provider);
    assert_eq!(overview.top_keys[0].label, "app");

    let rows = models::list(control, op).await.unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row.deployment_id.as_str()).collect();
    assert_eq!(ids, ["d1", "d2", "d3"]);
    assert_eq!((rows[0].health.state, rows[0].health.calls), (HealthState::Healthy, 3));
    assert_eq!(rows[1].health.state, HealthState::Unknown);
    assert_eq!((rows[0].origin.as_str(), rows[0].aliases.as_slice()), ("config.yaml:12", &["best".to_owned()][..]));
    assert_eq!(rows[0].base_url.as_deref(), Some("https://api.openai.com/v1"));
    assert!(rows[2].simulator && rows[2].base_url.is_none() && rows[0].has_api_key);
    assert!(rows[1].price.is_none(), "a wildcard has no one price");
    let shown = serde_json::to_string(&rows).unwrap();
    assert!(!shown.contains("sk-provider-secret") && !shown.contains("org-secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_is_said_in_plain_words() {
    let office = Office::open().await;
    let (control, op) = (&office.control, &op(Actor::MasterKey));
    control.store().close().await.unwrap();
    let patience = tokio::time::timeout(Duration::from_secs(10), async {
        [
            keys::create(control, op, NewKey::default()).await.map(drop),
            keys::list(control, op, &KeyFilter::default(), None, 10).await.map(drop),
            overview::overview(control, op, Period::Week).await.map(drop),
        ]
    });
    for result in patience.await.expect("no wait is for ever") {
        let error = result.unwrap_err();
        assert!(matches!(error, ControlError::Unavailable), "{error:?}");
        assert!(error.to_string().starts_with("the database can't be reached"), "{error}");
    }
    assert_eq!(office.told(), []);
}
