use tollgate_domain::audit::AuditEvent;
use tollgate_domain::clock::ManualClock;
use tollgate_domain::ids::AuditId;
use tollgate_store::AuditVerdict;

use crate::data::{Maker, NOW};
use crate::harness::Database;

fn event(make: &Maker, action: &str) -> AuditEvent {
    AuditEvent {
        id: AuditId::new(&ManualClock::at(NOW), make.entropy()),
        at: NOW,
        actor_kind: "system".to_owned(),
        actor: "system".to_owned(),
        on_behalf_of: None,
        address: Some("::1".to_owned()),
        user_agent: None,
        request_id: "r".to_owned(),
        action: action.to_owned(),
        resource_kind: "key".to_owned(),
        resource_id: "k".to_owned(),
        before: None,
        after: Some("{}".to_owned()),
    }
}

async fn append(db: &Database, event: &AuditEvent) {
    let tx = db.store.begin().await.unwrap();
    tx.append_audit(event).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn the_chain_holds_and_shows_tampering(db: &Database) {
    let make = Maker::new(40);
    let verify = async || db.store.verify_audit().await.unwrap();
    assert!(matches!(verify().await, AuditVerdict::Intact { lines: 0, .. }));
    for i in 0..12 {
        append(db, &event(&make, &format!("action.{i}"))).await;
    }
    let AuditVerdict::Intact { lines: 12, last_hash } = verify().await else { panic!("{:?}", verify().await) };
    let lines = db.store.audit_lines(0, 100).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert_eq!(lines.last().unwrap().hash, last_hash);
    assert_eq!(db.store.audit_lines(10, 1).await.unwrap()[0].event.action, "action.10");

    let broken = async || match verify().await {
        AuditVerdict::Broken { seq, reason } => (seq, reason),
        intact => panic!("{intact:?}"),
    };
    // A changed text.
    db.execute("UPDATE audit_events SET action = 'action.x' WHERE seq = 5").await;
    assert_eq!(broken().await, (5, "the line was changed".to_owned()));
    db.execute("UPDATE audit_events SET action = 'action.4' WHERE seq = 5").await;
    // NULL is not the empty text.
    db.execute("UPDATE audit_events SET user_agent = '' WHERE seq = 2").await;
    assert_eq!(broken().await.0, 2);
    db.execute("UPDATE audit_events SET user_agent = NULL WHERE seq = 2").await;
    assert!(matches!(verify().await, AuditVerdict::Intact { .. }));
    // A line whose own hash was made anew, but not those after it.
    let forged = AuditEvent { actor: "somebody else".to_owned(), ..lines[6].event.clone() };
    let hash = forged.chain_hash(&lines[5].hash);
    db.execute(&format!("UPDATE audit_events SET actor = 'somebody else', hash = '{hash}' WHERE seq = 7")).await;
    assert_eq!(broken().await, (8, "the line does not follow the one before it".to_owned()));
    // A line that is gone.
    db.execute("DELETE FROM audit_events WHERE seq = 3").await;
    assert_eq!(broken().await, (3, "the line is missing".to_owned()));
}

pub async fn many_writers_make_one_chain(db: &Database) {
    let make = Maker::new(41);
    let other = db.open_again().await;
    let events: Vec<_> = (0..40).map(|i| event(&make, &format!("action.{i}"))).collect();
    let writing = events.iter().enumerate().map(|(i, event)| {
        let store = if i % 2 == 0 { &db.store } else { &other };
        async move {
            let tx = store.begin().await.unwrap();
            tx.append_audit(event).await.unwrap();
            tx.commit().await.unwrap();
        }
    });
    futures::future::join_all(writing).await;
    assert!(matches!(db.store.verify_audit().await.unwrap(), AuditVerdict::Intact { lines: 40, .. }));
    other.close().await.unwrap();
}

pub async fn what_is_not_committed_leaves_no_row(db: &Database) {
    let make = Maker::new(42);
    let key = make.key(None, NOW);
    let tx = db.store.begin().await.unwrap();
    tx.insert_key(&key).await.unwrap();
    tx.append_audit(&event(&make, "key.create")).await.unwrap();
    drop(tx);
    append(db, &event(&make, "something.else")).await;
    assert_eq!(db.store.find_key(key.id).await.unwrap(), None);
    assert!(matches!(db.store.verify_audit().await.unwrap(), AuditVerdict::Intact { lines: 1, .. }));
}
