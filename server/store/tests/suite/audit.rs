use tollgate_domain::audit::AuditEvent;
use tollgate_domain::clock::ManualClock;
use tollgate_domain::ids::AuditId;
use tollgate_domain::page::Cursor;
use tollgate_store::{AuditFilter, AuditVerdict};

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

pub async fn the_log_is_searched(db: &Database) {
    let make = Maker::new(43);
    let told = [
        ("key.create", "ada", "k-1", Some(r#"{"alias":"Payments 100%"}"#)),
        ("key.block", "ada", "k-2", Some(r#"{"alias":"a_b"}"#)),
        ("keyring.open", "bob", "k-1", None),
        ("KEY.create", "bob", "k-3", Some(r#"{"alias":"back\\\\slash"}"#)),
        ("team.create", "eve", "blue", Some("{}")),
    ];
    for (i, (action, actor, id, after)) in told.into_iter().enumerate() {
        let mut event = event(&make, action);
        (event.actor, event.resource_id) = (actor.to_owned(), id.to_owned());
        (event.at, event.after) = (NOW.plus_seconds(i as i64), after.map(str::to_owned));
        event.request_id = format!("r-{i}");
        append(db, &event).await;
    }
    let found = async |fill: &dyn Fn(&mut AuditFilter)| {
        let mut filter = AuditFilter::default();
        fill(&mut filter);
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = db.store.list_audit(&filter, cursor.as_ref(), 2).await.unwrap();
            seen.extend(page.items.into_iter().map(|line| line.seq));
            let Some(next) = page.next else { break };
            cursor = Some(Cursor::decode(&next).unwrap());
        }
        assert_eq!(db.store.count_audit(&filter).await.unwrap(), seen.len() as u64);
        seen.reverse();
        let ahead: Vec<_> =
            db.store.audit_after(&filter, 0, 100).await.unwrap().into_iter().map(|line| line.seq).collect();
        assert_eq!(seen, ahead);
        seen
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(found(&|f| f.action = text("key.block")).await, [2]);
    let keys = found(&|f| f.action = text("key.*")).await;
    assert!(keys.starts_with(&[1, 2]) && !keys.contains(&3), "{keys:?}");
    assert_eq!(found(&|f| f.action = text("key_*")).await, [0; 0]);
    assert_eq!(found(&|f| f.action = text("*")).await.len(), 5);
    assert_eq!(found(&|f| f.actor = text("ada")).await, [1, 2]);
    assert_eq!(found(&|f| f.resource_id = text("k-1")).await, [1, 3]);
    assert_eq!(found(&|f| (f.since, f.until) = (Some(NOW.plus_seconds(1)), Some(NOW.plus_seconds(3)))).await, [2, 3]);
    assert_eq!(found(&|f| f.search = text(" payments 100% ")).await, [1]);
    assert_eq!(found(&|f| f.search = text("a_b")).await, [2]);
    assert_eq!(found(&|f| f.search = text("k-1")).await, [1, 3]);
    assert_eq!(found(&|f| f.search = text("r-4")).await, [5]);
    assert_eq!(found(&|f| f.search = text("\\")).await, [4]);
    for odd in ["nul\0", "'", "x".repeat(60_000).as_str()] {
        assert_eq!(found(&|f| f.search = text(odd)).await, [0; 0]);
        assert_eq!(found(&|f| (f.actor, f.action, f.resource_kind) = (text(odd), text(odd), text(odd))).await, [0; 0]);
        assert_eq!(db.store.find_audit(odd).await.unwrap(), None);
    }
    let line = db.store.audit_lines(2, 1).await.unwrap().remove(0);
    assert_eq!(db.store.find_audit(&line.event.id.to_string()).await.unwrap(), Some(line));
}
