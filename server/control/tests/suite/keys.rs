use serde_json::json;
use tollgate_control::ControlError;
use tollgate_control::keys::{self, KeyChange, KeyFilter, KeyRef, NewKey};
use tollgate_domain::actor::Actor;
use tollgate_domain::key::{KeyDigest, KeyStatus};
use tollgate_domain::model::ModelPattern;

use crate::harness::{NOW, Office, op, secret};

fn named(alias: &str) -> NewKey {
    NewKey { alias: Some(alias.to_owned()), ..NewKey::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_life() {
    let office = Office::open().await;
    let (control, op) = (&office.control, &op(Actor::MasterKey));

    let new = NewKey {
        alias: Some("  app  ".to_owned()),
        models: vec![ModelPattern::new("gpt-4o")],
        duration_seconds: Some(60),
        metadata: json!({"langfuse_secret_key": "sk-lf-canary"}).as_object().unwrap().clone(),
        ..NewKey::default()
    };
    let created = keys::create(control, op, new).await.unwrap();
    let (id, digest) = (created.key.id, created.key.digest);
    assert_eq!(digest, KeyDigest::of(created.plain.expose()));
    assert_eq!(created.key.alias.as_deref(), Some("app"));
    assert_eq!(created.key.expires_at, Some(NOW.plus_seconds(60)));
    assert_eq!((created.key.version, created.key.created_by.as_str()), (1, "master_key"));
    assert_eq!(office.told(), [(digest, Some((1, false)))], "told once, after it was there");

    let row = keys::get(control, op, KeyRef::Digest(digest)).await.unwrap();
    assert_eq!((row.key, row.status), (created.key.clone(), KeyStatus::Active));
    office.clock.advance_seconds(60);
    assert_eq!(keys::get(control, op, KeyRef::Id(id)).await.unwrap().status, KeyStatus::Expired);

    let wanted = KeyChange {
        expires_at: Some(None),
        models: Some(vec![]),
        settings: Some(json!({"max_budget": 5}).as_object().unwrap().clone()),
        ..KeyChange::default()
    };
    let changed = keys::update(control, op, KeyRef::Id(id), wanted, Some(1)).await.unwrap();
    assert_eq!((changed.version, changed.expires_at, changed.models.len()), (2, None, 0));
    assert_eq!(changed.updated_at, NOW.plus_seconds(60));
    assert_eq!(changed.alias.as_deref(), Some("app"), "what was not named stays");
    assert_eq!(office.told(), [(digest, Some((2, false)))]);

    let blocked = keys::set_blocked(control, op, KeyRef::Digest(digest), true).await.unwrap();
    assert!(blocked.blocked && blocked.version == 3);
    assert_eq!(office.told(), [(digest, Some((3, true)))]);
    keys::set_blocked(control, op, KeyRef::Id(id), false).await.unwrap();
    assert_eq!(office.told(), [(digest, Some((4, false)))]);

    let gone = keys::delete(control, op, &[KeyRef::Id(id), KeyRef::Digest(digest)]).await.unwrap();
    assert_eq!(gone.len(), 1, "named twice, deleted once");
    assert_eq!(office.told(), [(digest, None)]);
    assert_eq!(keys::get(control, op, KeyRef::Id(id)).await.unwrap().status, KeyStatus::Deleted);
    let missing = [
        keys::get(control, op, KeyRef::Digest(digest)).await.map(drop),
        keys::set_blocked(control, op, KeyRef::Id(id), true).await.map(drop),
        keys::update(control, op, KeyRef::Id(id), KeyChange::default(), None).await.map(drop),
        keys::delete(control, op, &[KeyRef::Id(id)]).await.map(drop),
    ];
    assert!(missing.iter().all(|result| matches!(result, Err(ControlError::NotFound { .. }))), "{missing:?}");

    let lines = office.audit().await;
    let actions: Vec<_> = lines.iter().map(|line| line.event.action.as_str()).collect();
    assert_eq!(actions, ["key.create", "key.update", "key.block", "key.unblock", "key.delete"]);
    assert!(lines.iter().all(|line| line.event.resource_id == id.to_string() && line.event.actor == "master_key"));
    let update = &lines[1].event;
    assert!(update.before.as_ref().unwrap().contains("gpt-4o") && !update.after.as_ref().unwrap().contains("app"));
    let log = format!("{lines:?}");
    assert!(!log.contains("sk-lf-canary") && !log.contains(&created.plain.expose()[3..]), "no secret in the log");
    assert!(!log.contains(&digest.to_hex()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_is_a_conflict() {
    let office = Office::open().await;
    let (control, op) = (&office.control, &op(Actor::MasterKey));
    let conflict = |result: Result<_, ControlError>| match result {
        Err(ControlError::Conflict { message }) => message,
        other => panic!("{:?}", other.map(drop)),
    };

    let custom = || NewKey { custom_key: Some(secret("sk-my-own-key-0123456789")), ..NewKey::default() };
    let first = keys::create(control, op, custom()).await.unwrap();
    assert_eq!(first.plain.expose(), "sk-my-own-key-0123456789");
    conflict(keys::create(control, op, custom()).await.map(drop));
    keys::delete(control, op, &[KeyRef::Id(first.key.id)]).await.unwrap();
    let message = conflict(keys::create(control, op, custom()).await.map(drop));
    assert!(!message.contains("sk-my-own"), "{message}");

    let a = keys::create(control, op, named("a")).await.unwrap().key;
    let b = keys::create(control, op, named("b")).await.unwrap().key;
    conflict(keys::create(control, op, named("a")).await.map(drop));
    let to = |alias: &str| KeyChange { alias: Some(Some(alias.to_owned())), ..KeyChange::default() };
    conflict(keys::update(control, op, KeyRef::Id(b.id), to("a"), None).await.map(drop));
    // Its own alias is no conflict, and that of a deleted key is free.
    keys::update(control, op, KeyRef::Id(a.id), to("a"), None).await.unwrap();
    keys::delete(control, op, &[KeyRef::Id(a.id)]).await.unwrap();
    keys::update(control, op, KeyRef::Id(b.id), to("a"), Some(1)).await.unwrap();
    // Seen at version 1, now at 2.
    office.told();
    let before = office.audit().await.len();
    conflict(keys::update(control, op, KeyRef::Id(b.id), to("c"), Some(1)).await.map(drop));
    assert_eq!(keys::get(control, op, KeyRef::Id(b.id)).await.unwrap().key.alias.as_deref(), Some("a"));
    assert_eq!((office.audit().await.len(), office.told().len()), (before, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_is_all_or_nothing() {
    let office = Office::open().await;
    let (control, op) = (&office.control, &op(Actor::MasterKey));
    let a = keys::create(control, op, named("a")).await.unwrap().key;
    let b = keys::create(control, op, named("b")).await.unwrap().key;
    let stranger = KeyRef::Digest(KeyDigest::of("sk-nobody"));
    office.told();
    let refused = keys::delete(control, op, &[KeyRef::Id(a.id), stranger, KeyRef::Id(b.id)]).await;
    assert!(matches!(refused, Err(ControlError::NotFound { .. })));
    assert_eq!(office.actions().await, ["key.create", "key.create"]);
    assert_eq!(office.told(), []);
    assert_eq!(keys::list(control, op, &KeyFilter::default(), None, 10).await.unwrap().items.len(), 2);
    keys::delete(control, op, &[KeyRef::Id(a.id), KeyRef::Digest(b.digest)]).await.unwrap();
    assert_eq!(office.actions().await[2..], ["key.delete", "key.delete"], "one row for each");
    assert!(keys::list(control, op, &KeyFilter::default(), None, 10).await.unwrap().items.is_empty());
    assert!(matches!(keys::delete(control, op, &[]).await, Err(ControlError::Invalid { field: "keys", .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_by_field() {
    let office = Office::open().await;
    let (control, op) = (&office.control, &op(Actor::MasterKey));
    let wrong: Vec<(&str, NewKey)> = vec![
        ("alias", named(&"x".repeat(201))),
        ("alias", named("a\nb")),
        ("alias", named("a\0b")),
        ("models", NewKey { models: vec![ModelPattern::new("")], ..NewKey::default() }),
        ("models", NewKey { models: vec![ModelPattern::new("a*b*")], ..NewKey::default() }),
        ("expires_at", NewKey { expires_at: Some(NOW), ..NewKey::default() }),
        ("duration", NewKey { duration_seconds: Some(0), ..NewKey::default() }),
        ("duration", NewKey { duration_seconds: Some(i64::MAX), ..NewKey::default() }),
        ("duration", NewKey { duration_seconds: Some(1), expires_at: Some(NOW.plus_seconds(5)), ..NewKey::default() }),
        ("user_id", NewKey { user_id: Some("\u{7f}".to_owned()), ..NewKey::default() }),
        ("team_id", NewKey { team_id: Some("t".repeat(201)), ..NewKey::default() }),
        (
            "metadata",
            NewKey { metadata: json!({"x": "y".repeat(70_000)}).as_object().unwrap().clone(), ..NewKey::default() },
        ),
        ("key", NewKey { custom_key: Some(secret("pk-0123456789abcdef")), ..NewKey::default() }),
        ("key", NewKey { custom_key: Some(secret("sk-short")), ..NewKey::default() }),
    ];
    for (expected, new) in wrong {
        let told = format!("{new:?}");
        match keys::create(control, op, new).await {
            Err(ControlError::Invalid { field, .. }) => assert_eq!(field, expected, "{told}"),
            other => panic!("{told}: {:?}", other.map(drop)),
        }
    }
    assert!(office.actions().await.is_empty() && office.told().is_empty());
    // No alias at all is fine, as often as one likes.
    keys::create(control, op, named("   ")).await.unwrap();
    assert_eq!(keys::create(control, op, named("")).await.unwrap().key.alias, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_merged_and_metadata_replaced() {
    let office = Office::open().await;
    let (control, op) = (&office.control, &op(Actor::MasterKey));
    let map = |value: serde_json::Value| value.as_object().unwrap().clone();
    let new = NewKey {
        settings: map(json!({"max_budget": 1, "tpm_limit": 2})),
        metadata: map(json!({"a": 1, "b": 2})),
        ..NewKey::default()
    };
    let key = keys::create(control, op, new).await.unwrap().key;
    let wanted = KeyChange {
        settings: Some(map(json!({"max_budget": null, "rpm_limit": 3}))),
        metadata: Some(map(json!({"c": 3}))),
        ..KeyChange::default()
    };
    let key = keys::update(control, op, KeyRef::Id(key.id), wanted, None).await.unwrap();
    assert_eq!(key.settings, map(json!({"tpm_limit": 2, "rpm_limit": 3})));
    assert_eq!(key.metadata, map(json!({"c": 3})));
}
