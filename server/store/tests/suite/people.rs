use tollgate_domain::actor::{Role, Visible};
use tollgate_domain::clock::ManualClock;
use tollgate_domain::ids::{TeamId, UserId};
use tollgate_domain::record::Meta;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::{SignIns, User};
use tollgate_store::{Identity, RecordFilter, StoreError};

use crate::data::{Maker, NOW};
use crate::harness::Database;

pub async fn users_are_found_by_address(db: &Database) {
    let make = Maker::new(50);
    assert!(!db.store.has_passwords().await.unwrap());
    let user = |email: &str| {
        let id = UserId::new(&ManualClock::at(NOW), make.entropy());
        let mut user = User::new(id, Some(email.to_owned()), Role::Auditor, Meta::new(NOW, "system".to_owned()));
        user.name = Some("Ada".to_owned());
        user
    };
    let mut ada = user("ada@example.com");
    let bob = user("bob@example.com");
    let tx = db.store.begin().await.unwrap();
    assert!(!tx.has_users().await.unwrap());
    tx.insert(&ada).await.unwrap();
    tx.set_password_hash(&ada.id, &Secret::new("$argon2id$…".to_owned()), NOW).await.unwrap();
    tx.insert(&bob).await.unwrap();
    tx.commit().await.unwrap();

    let (found, hash) = db.store.find_user_by_email("ada@example.com").await.unwrap().unwrap();
    assert_eq!((&found, hash.unwrap().expose()), (&ada, "$argon2id$…"));
    assert!(db.store.find_user_by_email("bob@example.com").await.unwrap().unwrap().1.is_none());
    assert!(db.store.find_user_by_email("eve@example.com").await.unwrap().is_none());
    let all: Vec<User> = db.store.list_all(&Visible::All, &RecordFilter::default(), 10).await.unwrap();
    assert_eq!(all.len(), 2);
    assert!(db.store.has_passwords().await.unwrap());

    let tx = db.store.begin().await.unwrap();
    assert!(tx.has_users().await.unwrap());
    (ada.role, ada.disabled) = (Role::Admin, true);
    tx.save(&ada).await.unwrap();
    tx.set_signed_in(&ada.id, NOW).await.unwrap();
    tx.set_password_hash(&ada.id, &Secret::new("new".to_owned()), NOW).await.unwrap();
    assert_eq!(tx.password_hash(&ada.id).await.unwrap().unwrap().expose(), "new");
    assert!(tx.password_hash(&bob.id).await.unwrap().is_none());
    tx.commit().await.unwrap();
    assert_eq!(db.store.find::<User>(ada.id.as_str()).await.unwrap().as_ref(), Some(&ada));
    let (_, hash) = db.store.find_user_by_email("ada@example.com").await.unwrap().unwrap();
    assert_eq!(hash.unwrap().expose(), "new", "a sign-in leaves the password, and the other way round");
    let sign_ins = db.store.sign_ins(&[ada.id.clone(), bob.id.clone()]).await.unwrap();
    assert_eq!(
        sign_ins.get(&ada.id),
        Some(&SignIns { has_password: true, has_second_factor: false, last_at: Some(NOW) })
    );
    assert_eq!(sign_ins.get(&bob.id), None);

    let tx = db.store.begin().await.unwrap();
    assert!(matches!(tx.insert(&user("ada@example.com")).await, Err(StoreError::Exists(_))));
    drop(tx);

    // Who is deleted leaves the address to others, and no password.
    let tx = db.store.begin().await.unwrap();
    ada.meta.deleted_at = Some(NOW);
    tx.save(&ada).await.unwrap();
    tx.forget_sign_ins(&ada.id).await.unwrap();
    tx.insert(&user("ada@example.com")).await.unwrap();
    tx.commit().await.unwrap();
    let (other, hash) = db.store.find_user_by_email("ada@example.com").await.unwrap().unwrap();
    assert!(other.id != ada.id && hash.is_none());
    assert!(!db.store.has_passwords().await.unwrap());
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

pub async fn an_identity_is_somebodys(db: &Database) {
    let (ada, eve) = (UserId::parse("ada").unwrap(), UserId::parse("eve").unwrap());
    assert!(!db.store.has_identities().await.unwrap());
    let mut identity = Identity {
        issuer: "https://idp".to_owned(),
        subject: "00u1".to_owned(),
        user_id: ada.clone(),
        provider: "okta".to_owned(),
        teams: ["blue", "red"].iter().filter_map(|id| TeamId::parse(id)).collect(),
        created_at: NOW,
        last_at: NOW,
        said: None,
    };
    let tx = db.store.begin().await.unwrap();
    tx.keep_identity(&identity).await.unwrap();
    tx.keep_identity(&Identity { issuer: "https://other".to_owned(), ..identity.clone() }).await.unwrap();
    identity.teams.pop_last();
    identity.last_at = NOW.plus_seconds(5);
    tx.keep_identity(&identity).await.unwrap();
    assert_eq!(tx.find_identity("https://idp", "00u1").await.unwrap(), Some(identity.clone()));
    assert_eq!(tx.find_identity("https://idp", "00u2").await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(db.store.identities_of(&ada).await.unwrap().len(), 2);
    assert_eq!(db.store.identities_of(&eve).await.unwrap(), []);
    let tx = db.store.begin().await.unwrap();
    tx.forget_identities(&eve).await.unwrap();
    tx.forget_identities(&ada).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!db.store.has_identities().await.unwrap());
}
