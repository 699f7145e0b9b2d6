use tollgate_domain::actor::Role;
use tollgate_domain::clock::ManualClock;
use tollgate_domain::ids::UserId;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;
use tollgate_store::StoreError;

use crate::data::{Maker, NOW};
use crate::harness::Database;

pub async fn users_are_found_by_address(db: &Database) {
    let make = Maker::new(50);
    assert!(!db.store.has_users().await.unwrap());
    let user = |email: &str| User {
        id: UserId::new(&ManualClock::at(NOW), make.entropy()),
        email: email.to_owned(),
        name: Some("Ada".to_owned()),
        role: Role::Auditor,
        disabled: false,
        created_at: NOW,
        last_sign_in_at: None,
    };
    let ada = user("ada@example.com");
    let tx = db.store.begin().await.unwrap();
    tx.insert_user(&ada, Some(Secret::new("$argon2id$…".to_owned()))).await.unwrap();
    tx.insert_user(&user("bob@example.com"), None).await.unwrap();
    tx.commit().await.unwrap();

    let (found, hash) = db.store.find_user_by_email("ada@example.com").await.unwrap().unwrap();
    assert_eq!((&found, hash.unwrap().expose()), (&ada, "$argon2id$…"));
    assert!(db.store.find_user_by_email("bob@example.com").await.unwrap().unwrap().1.is_none());
    assert!(db.store.find_user_by_email("eve@example.com").await.unwrap().is_none());
    assert_eq!(db.store.list_users().await.unwrap().len(), 2);

    let tx = db.store.begin().await.unwrap();
    assert_eq!(tx.count_users().await.unwrap(), 2);
    tx.set_role(ada.id, Role::Admin, true).await.unwrap();
    tx.set_signed_in(ada.id, NOW).await.unwrap();
    tx.set_password_hash(ada.id, &Secret::new("new".to_owned())).await.unwrap();
    tx.commit().await.unwrap();
    let expected = User { role: Role::Admin, disabled: true, last_sign_in_at: Some(NOW), ..ada };
    assert_eq!(db.store.find_user(expected.id).await.unwrap(), Some(expected));
    let (_, hash) = db.store.find_user_by_email("ada@example.com").await.unwrap().unwrap();
    assert_eq!(hash.unwrap().expose(), "new");

    let tx = db.store.begin().await.unwrap();
    assert!(matches!(tx.insert_user(&user("ada@example.com"), None).await, Err(StoreError::Exists(_))));
}

pub async fn a_token_works_once(db: &Database) {
    let later = NOW.plus_seconds(60);
    let tx = db.store.begin().await.unwrap();
    tx.replace_token("old", "setup", NOW, later).await.unwrap();
    tx.replace_token("other", "reset", NOW, later).await.unwrap();
    tx.replace_token("new", "setup", NOW, later).await.unwrap();
    tx.commit().await.unwrap();
    assert!(db.store.token_is_good("new", "setup", NOW).await.unwrap());
    assert!(!db.store.token_is_good("old", "setup", NOW).await.unwrap(), "replaced");
    assert!(!db.store.token_is_good("new", "reset", NOW).await.unwrap(), "for something else");
    assert!(!db.store.token_is_good("new", "setup", later).await.unwrap(), "over");

    let uses = futures::future::join_all((0..4).map(|_| async {
        let tx = db.store.begin().await.unwrap();
        let used = tx.use_token("new", "setup", NOW).await.unwrap();
        tx.commit().await.unwrap();
        used
    }));
    assert_eq!(uses.await.into_iter().filter(|used| *used).count(), 1);
    assert!(!db.store.token_is_good("new", "setup", NOW).await.unwrap(), "used");
    let tx = db.store.begin().await.unwrap();
    assert!(!tx.use_token("other", "reset", later).await.unwrap(), "over");
}
