//! Each actor may do exactly what the permission matrix says, and each change leaves exactly one audit row.

use tollgate_control::access::{self, Ensured};
use tollgate_control::keys::{self, KeyChange, KeyFilter, KeyRef, NewKey};
use tollgate_control::{ControlError, OpContext, audit, models, overview, requests};
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::ids::KeyId;
use tollgate_domain::summary::{Period, RequestFilter};

use crate::harness::{Office, op, secret, with_role};

const PASSWORD: &str = "a long enough password";

/// Every change that an actor asks for by right, by its name in the audit log.
async fn mutate(office: &Office, op: &OpContext, key: KeyId, name: &str) -> Result<(), ControlError> {
    let control = &office.control;
    let key = KeyRef::Id(key);
    match name {
        "key.create" => keys::create(control, op, NewKey::default()).await.map(drop),
        "key.update" => keys::update(control, op, key, KeyChange::default(), None).await.map(drop),
        "key.block" => keys::set_blocked(control, op, key, true).await.map(drop),
        "key.unblock" => keys::set_blocked(control, op, key, false).await.map(drop),
        "setup.begin" => access::begin_setup(control, op).await.map(drop),
        "user.create" => {
            let ensured = access::ensure_admin(control, op, "x@example.com", secret(PASSWORD)).await?;
            assert_eq!(ensured, Ensured::Created);
            Ok(())
        }
        "user.update" => {
            let ensured = access::ensure_admin(control, op, "x@example.com", secret("another good password")).await?;
            assert_eq!(ensured, Ensured::Updated);
            Ok(())
        }
        "key.delete" => keys::delete(control, op, &[key]).await.map(drop),
        other => panic!("{other}"),
    }
}

/// In an order in which each is possible.
const MUTATIONS: [&str; 8] =
    ["key.create", "key.update", "key.block", "key.unblock", "setup.begin", "user.create", "user.update", "key.delete"];

fn nobodies() -> Vec<Actor> {
    vec![with_role(Role::Auditor), with_role(Role::Member), with_role(Role::Viewer), Actor::Anonymous]
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_changes_and_leaves_one_row() {
    for actor in [with_role(Role::Admin), Actor::MasterKey, Actor::System] {
        let office = Office::open().await;
        let op = op(actor.clone());
        let key = keys::create(&office.control, &op, NewKey::default()).await.unwrap().key.id;
        for name in MUTATIONS {
            let before = office.audit().await.len();
            mutate(&office, &op, key, name).await.unwrap();
            let lines = office.audit().await;
            assert_eq!(lines.len(), before + 1, "{name}");
            let event = &lines.last().unwrap().event;
            assert_eq!((event.action.as_str(), &event.actor), (name, &actor.label()));
            assert_eq!((event.request_id.as_str(), event.address.as_deref()), ("req-1", Some("203.0.113.9")));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_changes_nothing() {
    let office = Office::open().await;
    let key = keys::create(&office.control, &op(Actor::System), NewKey::default()).await.unwrap().key;
    office.told();
    for actor in nobodies() {
        for name in MUTATIONS {
            let result = mutate(&office, &op(actor.clone()), key.id, name).await;
            assert!(matches!(result, Err(ControlError::Denied { .. })), "{actor:?} {name}: {result:?}");
        }
    }
    assert_eq!(office.actions().await, ["key.create"]);
    assert_eq!(office.told(), []);
    let system = op(Actor::System);
    assert_eq!(keys::get(&office.control, &system, KeyRef::Id(key.id)).await.unwrap().key, key);
    assert_eq!(keys::list(&office.control, &system, &KeyFilter::default(), None, 9).await.unwrap().items.len(), 1);
    assert!(access::needs_setup(&office.control).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_is_a_right_too() {
    let office = Office::open().await;
    let control = &office.control;
    let key = keys::create(control, &op(Actor::System), NewKey::default()).await.unwrap().key.id;
    let read = async |op: &OpContext| {
        [
            keys::list(control, op, &KeyFilter::default(), None, 10).await.map(drop),
            keys::get(control, op, KeyRef::Id(key)).await.map(drop),
            requests::list(control, op, &RequestFilter::default(), None, 10).await.map(drop),
            requests::get(control, op, "x").await.map(drop),
            overview::overview(control, op, Period::Day).await.map(drop),
            models::list(control, op).await.map(drop),
            audit::verify(control, op).await.map(drop),
            audit::lines(control, op, 0, 10).await.map(drop),
        ]
    };
    for actor in [with_role(Role::Member), with_role(Role::Viewer), Actor::Anonymous] {
        for result in read(&op(actor.clone())).await {
            assert!(matches!(result, Err(ControlError::Denied { .. })), "{actor:?}: {result:?}");
        }
    }
    for actor in [with_role(Role::Admin), with_role(Role::Auditor), Actor::MasterKey, Actor::System] {
        for result in read(&op(actor.clone())).await {
            assert!(matches!(result, Ok(()) | Err(ControlError::NotFound { .. })), "{actor:?}: {result:?}");
        }
    }
    assert_eq!(office.actions().await, ["key.create"], "reading leaves no row");
}
