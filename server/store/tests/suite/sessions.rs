use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use tollgate_domain::Timestamp;
use tollgate_domain::clock::ManualClock;
use tollgate_domain::ids::UserId;
use tollgate_store::{SessionHolder, Sessions};
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::ExpiredDeletion;

use crate::data::NOW;
use crate::harness::Database;

fn record(id: i128) -> Record {
    let now = OffsetDateTime::from_unix_timestamp(NOW.0 / 1_000_000).unwrap();
    let data = [("user".to_owned(), serde_json::json!({"id": 7}))].into();
    Record { id: Id(id), data, expiry_date: now + Duration::seconds(60) }
}

pub async fn a_session_lives_until_its_end(db: &Database) {
    let clock = Arc::new(ManualClock::at(NOW));
    let sessions = db.store.sessions(clock.clone());
    let mut made = record(5);
    sessions.create(&mut made).await.unwrap();
    assert_eq!(sessions.load(&made.id).await.unwrap(), Some(made.clone()));
    assert_eq!(sessions.load(&Id(6)).await.unwrap(), None);

    made.data.insert("flash".to_owned(), "saved".into());
    made.expiry_date += Duration::seconds(60);
    sessions.save(&made).await.unwrap();
    clock.advance_seconds(119);
    assert_eq!(sessions.load(&made.id).await.unwrap(), Some(made.clone()));
    clock.advance_seconds(1);
    assert_eq!(sessions.load(&made.id).await.unwrap(), None);

    let mut young = record(8);
    young.expiry_date += Duration::seconds(600);
    sessions.create(&mut young).await.unwrap();
    sessions.delete_expired().await.unwrap();
    let earlier = db.store.sessions(Arc::new(ManualClock::at(NOW)));
    assert_eq!(earlier.load(&made.id).await.unwrap(), None);
    assert_eq!(earlier.load(&young.id).await.unwrap(), Some(young));
}

pub async fn an_id_in_use_is_not_taken_over(db: &Database) {
    let sessions = db.store.sessions(Arc::new(ManualClock::at(NOW)));
    let mut first = record(5);
    sessions.create(&mut first).await.unwrap();
    let mut second = record(5);
    second.data.clear();
    sessions.create(&mut second).await.unwrap();
    assert_ne!(second.id, first.id);
    second.data.insert("mine".to_owned(), true.into());
    sessions.save(&second).await.unwrap();
    assert_eq!(sessions.load(&first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(sessions.load(&second.id).await.unwrap(), Some(second.clone()));
    sessions.delete(&second.id).await.unwrap();
    assert_eq!(sessions.load(&second.id).await.unwrap(), None);
    assert_eq!(sessions.load(&first.id).await.unwrap(), Some(first));
}

pub async fn a_session_that_ended_stays_ended(db: &Database) {
    let sessions = db.store.sessions(Arc::new(ManualClock::at(NOW)));
    let mut made = record(5);
    sessions.create(&mut made).await.unwrap();
    sessions.delete(&made.id).await.unwrap();
    // A request that was under way saves what it had.
    sessions.save(&made).await.unwrap();
    assert_eq!(sessions.load(&made.id).await.unwrap(), None);
}

pub async fn sessions_are_found_by_whose_they_are(db: &Database) {
    let sessions = db.store.sessions(Arc::new(ManualClock::at(NOW)));
    let (ada, eve) = (UserId::parse("ada").unwrap(), UserId::parse("eve").unwrap());
    for (id, user, sid) in [(1, "eve", "s-1"), (2, "eve", "s-2"), (3, "ada", "s-1")] {
        let mut made = record(id);
        made.data = [
            (SessionHolder::USER, user),
            (SessionHolder::ISSUER, "https://idp"),
            (SessionHolder::SUBJECT, user),
            (SessionHolder::SID, sid),
        ]
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into();
        sessions.create(&mut made).await.unwrap();
    }
    // Nobody's yet, then somebody's.
    let mut later = record(4);
    later.data.clear();
    sessions.create(&mut later).await.unwrap();
    assert_eq!(db.store.sessions_of(&ada, NOW).await.unwrap().len(), 1);
    later.data.insert(SessionHolder::USER.to_owned(), "ada".into());
    sessions.save(&later).await.unwrap();
    assert_eq!(db.store.sessions_of(&ada, NOW).await.unwrap().len(), 2);
    let eves = db.store.sessions_of(&eve, NOW).await.unwrap();
    assert_eq!(eves.len(), 2);
    assert!(eves.iter().any(|row| row.digest == Sessions::digest_of(&Id(1)) && row.user_id == eve));
    assert_eq!(db.store.sessions_of(&eve, Timestamp(NOW.0 + 61_000_000)).await.unwrap().len(), 0, "they are over");

    let tx = db.store.begin().await.unwrap();
    assert_eq!(tx.end_sessions_by("https://idp", "eve", Some("s-2")).await.unwrap(), std::slice::from_ref(&eve));
    assert_eq!(tx.end_sessions_by("https://other", "eve", None).await.unwrap(), []);
    assert_eq!(tx.end_sessions_of(&ada, Some(&Sessions::digest_of(&Id(1)))).await.unwrap(), 0, "it is not ada's");
    assert_eq!(tx.end_sessions_of(&ada, None).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert!(sessions.load(&Id(1)).await.unwrap().is_some());
    for id in [2, 3, 4] {
        assert_eq!(sessions.load(&Id(id)).await.unwrap(), None, "{id}");
    }
}
