use serde_json::json;
use tollgate_control::ControlError;
use tollgate_control::keys::{self, KeyFilter, KeyRef, NewKey, RotateKey};
use tollgate_domain::actor::Actor;
use tollgate_domain::ids::{AccessGroupId, BudgetId, OrganisationId, TeamId, UserId};
use tollgate_domain::key::{KeyDigest, KeyStatus, Rotation, VirtualKey};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::{Nanos, Timestamp};

use crate::harness::{NOW, Office, Told, op, secret};

fn with(fill: impl FnOnce(&mut VirtualKey)) -> NewKey {
    let mut new = NewKey::default();
    fill(&mut new.key);
    new
}

fn named(alias: &str) -> NewKey {
    with(|key| key.alias = Some(alias.to_owned()))
}

type Applied = Result<(), ControlError>;

fn rename(alias: &str) -> impl FnOnce(&mut VirtualKey, Timestamp) -> Applied {
    move |key, _| {
        key.alias = Some(alias.to_owned());
        Ok(())
    }
}

fn nothing(_: &mut VirtualKey, _: Timestamp) -> Applied {
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_life() {
    let office = Office::open().await;
    let (control, op) = (&office.control, &op(Actor::MasterKey));

    let new = with(|key| {
        key.alias = Some("app".to_owned());
        key.models = vec![ModelPattern::new("gpt-4o")];
        key.expires_at = Some(keys::expiry_after(60, NOW).unwrap());
        key.metadata = json!({"langfuse_secret_key": "sk-lf-canary"}).as_object().unwrap().clone();
    });
    let created = keys::create(control, op, new).await.unwrap();
    let (id, digest) = (created.key.id, created.key.digest);
    assert_eq!(digest, KeyDigest::of(created.plain.expose()));
    assert_eq!(created.key.alias.as_deref(), Some("app"));
    assert_eq!(created.key.expires_at, Some(NOW.plus_seconds(60)));
    assert_eq!((created.key.meta.version, created.key.meta.created_by.as_str()), (1, "master_key"));
    assert_eq!(office.told(), [Told::Key(digest, Some((1, false)))], "told once, after it was there");

    let row = keys::get(control, op, &KeyRef::Digest(digest)).await.unwrap();
    assert_eq!((row.key, row.status), (created.key.clone(), KeyStatus::Active));
    office.clock.advance_seconds(60);
    assert_eq!(keys::get(control, op, &KeyRef::Id(id)).await.unwrap().status, KeyStatus::Expired);

    let apply = |key: &mut VirtualKey, _| {
        key.expires_at = None;
        key.models.clear();
        key.settings = json!({"max_budget": 5}).as_object().unwrap().clone();
        // What no caller decides.
        key.id.0 = Default::default();
        key.digest = KeyDigest::of("sk-1234");
        key.meta.version = 77;
        Ok(())
    };
    let changed = keys::update(control, op, &KeyRef::Id(id), Some(1), apply).await.unwrap();
    assert_eq!((changed.id, changed.digest), (id, digest));
    assert_eq!((changed.meta.version, changed.expires_at, changed.models.len()), (2, None, 0));
    assert_eq!(changed.meta.updated_at, NOW.plus_seconds(60));
    assert_eq!(changed.alias.as_deref(), Some("app"), "what was not named stays");
    assert_eq!(office.told(), [Told::Key(digest, Some((2, false)))]);

    let blocked = keys::set_blocked(control, op, &KeyRef::Digest(digest), true).await.unwrap();
    assert!(blocked.blocked && blocked.meta.version == 3);
    assert_eq!(office.told(), [Told::Key(digest, Some((3, true)))]);
    keys::set_blocked(control, op, &KeyRef::Id(id), false).await.unwrap();
    assert_eq!(office.told(), [Told::Key(digest, Some((4, false)))]);

    let gone = keys::delete(control, op, &[KeyRef::Id(id), KeyRef::Digest(digest)]).await.unwrap();
    assert_eq!(gone.len(), 1, "named twice, deleted once");
    assert_eq!(office.told(), [Told::Key(digest, None)]);
    assert_eq!(keys::get(control, op, &KeyRef::Id(id)).await.unwrap().status, KeyStatus::Deleted);
    let missing = [
        keys::get(control, op, &KeyRef::Digest(digest)).await.map(drop),
        keys::set_blocked(control, op, &KeyRef::Id(id), true).await.map(drop),
        keys::update(control, op, &KeyRef::Id(id), None, nothing).await.map(drop),
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
    conflict(keys::update(control, op, &KeyRef::Id(b.id), None, rename("a")).await.map(drop));
    // Its own alias is no conflict, and that of a deleted key is free.
    keys::update(control, op, &KeyRef::Id(a.id), None, rename("a")).await.unwrap();
    keys::delete(control, op, &[KeyRef::Id(a.id)]).await.unwrap();
    keys::update(control, op, &KeyRef::Id(b.id), Some(1), rename("a")).await.unwrap();
    // Seen at version 1, now at 2.
    office.told();
    let before = office.audit().await.len();
    conflict(keys::update(control, op, &KeyRef::Id(b.id), Some(1), rename("c")).await.map(drop));
    assert_eq!(keys::get(control, op, &KeyRef::Id(b.id)).await.unwrap().key.alias.as_deref(), Some("a"));
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
        ("alias", named("  app")),
        ("models", with(|key| key.models = vec![ModelPattern::new("")])),
        ("models", with(|key| key.models = vec![ModelPattern::new("a*b*")])),
        ("expires_at", with(|key| key.expires_at = Some(NOW))),
        ("user_id", with(|key| key.user_id = UserId::parse("nobody"))),
        ("team_id", with(|key| key.team_id = TeamId::parse("none"))),
        ("organisation_id", with(|key| key.organisation_id = OrganisationId::parse("none"))),
        ("budget_id", with(|key| key.budget_id = BudgetId::parse("none"))),
        ("access_groups", with(|key| key.access_groups = AccessGroupId::parse("none").into_iter().collect())),
        ("tags", with(|key| key.tags = vec!["a,b".to_owned()])),
        ("tags", with(|key| key.tags = vec!["x".to_owned(); 21])),
        ("max_budget", with(|key| key.limits.max_budget = Some(Nanos(-1)))),
        ("rotation_interval", with(|key| key.rotation = Some(Rotation::every(59, NOW)))),
        ("grace_period", with(|key| key.rotation = Some(Rotation { grace_seconds: -1, ..Rotation::every(60, NOW) }))),
        ("metadata", with(|key| _ = key.metadata.insert("x".to_owned(), "y".repeat(70_000).into()))),
        ("settings", with(|key| _ = key.settings.insert("x".to_owned(), "y".repeat(70_000).into()))),
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
    keys::create(control, op, NewKey::default()).await.unwrap();
    assert_eq!(keys::create(control, op, NewKey::default()).await.unwrap().key.alias, None);
    for seconds in [0, -1, i64::MAX] {
        let refused = keys::expiry_after(seconds, NOW);
        assert!(matches!(refused, Err(ControlError::Invalid { field: "duration", .. })), "{seconds}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_apply_refuses_is_not_done() {
    let office = Office::open().await;
    let (control, op) = (&office.control, &op(Actor::MasterKey));
    let key = keys::create(control, op, named("a")).await.unwrap().key;
    office.told();
    let before = (office.state().await, office.audit().await);
    let refuse = |key: &mut VirtualKey, _| {
        key.blocked = true;
        Err(ControlError::Conflict { message: "no".to_owned() })
    };
    let reference = KeyRef::Alias("a".to_owned());
    assert!(matches!(keys::update(control, op, &reference, None, refuse).await, Err(ControlError::Conflict { .. })));
    let rotated = keys::rotate(control, op, &KeyRef::Id(key.id), RotateKey::default(), refuse).await;
    assert!(matches!(rotated, Err(ControlError::Conflict { .. })));
    assert_eq!((office.state().await, office.audit().await), before);
    assert_eq!(office.told(), []);
}
