use behind::execute;
use tollgate_control::access::{self, Ensured, SignInError};
use tollgate_control::keys::{self, NewKey};
use tollgate_control::{ControlError, OpContext, users};
use tollgate_domain::actor::{Actor, Memberships, Role, Visible};
use tollgate_domain::ids::UserId;
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;
use tollgate_store::{RecordFilter, Tx};

use crate::harness::{NOW, Office, op, person, secret};

const PASSWORD: &str = "a long enough password";

/// The database, changed behind the control plane's back.
mod behind {
    use crate::harness::Office;

    pub async fn execute(
        office: &Office,
        change: impl AsyncFnOnce(&tollgate_store::Tx) -> Result<(), tollgate_store::StoreError>,
    ) {
        let tx = office.control.store().begin().await.unwrap();
        change(&tx).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn admin(office: &Office) -> User {
    let system = OpContext::system("start");
    let ensured = access::ensure_admin(&office.control, &system, "Ada@Example.com", secret(PASSWORD)).await.unwrap();
    assert_eq!(ensured, Ensured::Created);
    office.control.store().find_user_by_email("ada@example.com").await.unwrap().unwrap().0
}

async fn all_users(office: &Office) -> Vec<User> {
    office.store().list_all(&Visible::All, &RecordFilter::default(), 100).await.unwrap()
}

async fn set_role(office: &Office, user: &User, role: Role, disabled: bool) {
    let changed = User { role, disabled, ..user.clone() };
    execute(office, async |tx: &Tx| tx.save(&changed).await).await;
}

async fn sign_in(office: &Office, email: &str, password: &str) -> Result<User, SignInError> {
    access::sign_in(&office.control, &op(Actor::Anonymous), email, secret(password)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_comes_by_a_link_that_works_once() {
    let office = Office::open().await;
    let (control, system, nobody) = (&office.control, OpContext::system("start"), op(Actor::Anonymous));
    assert!(access::needs_setup(control).await.unwrap());
    let old = access::begin_setup(control, &system).await.unwrap();
    let token = access::begin_setup(control, &system).await.unwrap();
    assert_eq!(token.expose().len(), 64);
    let complete = async |token: &Secret, email: &str, password: &str| {
        access::complete_setup(control, &nobody, token.clone(), email, Some("Ada".to_owned()), secret(password)).await
    };
    let field = |result: Result<User, ControlError>| match result {
        Err(ControlError::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(complete(&old, "ada@example.com", PASSWORD).await), "token", "replaced by a newer one");
    assert_eq!(field(complete(&secret("guess"), "ada@example.com", PASSWORD).await), "token");
    assert_eq!(field(complete(&token, "not an address", PASSWORD).await), "email");
    assert_eq!(field(complete(&token, "ada@example.com", "short").await), "password");

    // Two at once: one gets it.
    let (first, second) =
        futures::join!(complete(&token, "Ada@Example.com ", PASSWORD), complete(&token, "eve@example.com", PASSWORD));
    assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1, "{first:?} {second:?}");
    let user = first.or(second).unwrap();
    assert_eq!((user.role, user.disabled), (Role::Admin, false));
    assert!(!access::needs_setup(control).await.unwrap());
    assert_eq!(all_users(&office).await, std::slice::from_ref(&user));
    assert_eq!(field(complete(&token, "eve@example.com", PASSWORD).await), "token", "used");
    assert!(matches!(access::begin_setup(control, &system).await, Err(ControlError::Conflict { .. })));

    let lines = office.audit().await;
    let actions: Vec<_> = lines.iter().map(|line| line.event.action.as_str()).collect();
    assert_eq!(actions, ["setup.begin", "setup.begin", "setup.complete"]);
    assert_eq!(lines[2].event.actor, user.id.to_string());
    let log = format!("{lines:?}");
    assert!(!log.contains(token.expose()) && !log.contains(PASSWORD) && !log.contains("argon2"));
    sign_in(&office, user.email.as_ref().unwrap(), PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setup_link_is_good_for_a_day() {
    let office = Office::open().await;
    let token = access::begin_setup(&office.control, &OpContext::system("start")).await.unwrap();
    office.clock.advance_seconds(24 * 3600);
    let late =
        access::complete_setup(&office.control, &op(Actor::Anonymous), token, "a@b.c", None, secret(PASSWORD)).await;
    assert!(matches!(late, Err(ControlError::Invalid { field: "token", .. })));
    assert!(access::needs_setup(&office.control).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environments_administrator_is_kept_as_it_says() {
    let office = Office::open().await;
    let system = OpContext::system("start");
    let user = admin(&office).await;
    let ensure = async |password: &str| {
        access::ensure_admin(&office.control, &system, "ada@example.com", secret(password)).await.unwrap()
    };
    assert_eq!(ensure(PASSWORD).await, Ensured::Unchanged);
    assert_eq!(office.actions().await, ["user.create"]);
    assert_eq!(ensure("a different password").await, Ensured::Updated);
    assert!(matches!(sign_in(&office, "ada@example.com", PASSWORD).await, Err(SignInError::Wrong)));
    sign_in(&office, "ada@example.com", "a different password").await.unwrap();
    set_role(&office, &user, Role::Viewer, true).await;
    assert_eq!(access::user(&office.control, &user.id).await.unwrap(), None, "disabled");
    assert_eq!(ensure("a different password").await, Ensured::Updated);
    let now = access::user(&office.control, &user.id).await.unwrap().unwrap();
    assert_eq!((now.role, now.disabled), (Role::Admin, false));
    sign_in(&office, "ada@example.com", "a different password").await.unwrap();
    let short = access::ensure_admin(&office.control, &system, "ada@example.com", secret("short")).await;
    assert!(matches!(short, Err(ControlError::Invalid { field: "password", .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_out_is_recorded() {
    let office = Office::open().await;
    let user = admin(&office).await;
    let signed_in = sign_in(&office, " ADA@example.com", PASSWORD).await.unwrap();
    assert_eq!(signed_in, user);
    let sign_ins = office.store().sign_ins(std::slice::from_ref(&user.id)).await.unwrap();
    assert_eq!(sign_ins[&user.id].last_at, Some(NOW));
    assert_eq!(access::user(&office.control, &user.id).await.unwrap(), Some(signed_in));

    let mut texts = Vec::new();
    for (email, password) in [
        ("ada@example.com", "wrong"),
        ("nobody@example.com", PASSWORD),
        ("not an address", PASSWORD),
        ("ada@example.com", &"x".repeat(5000)),
    ] {
        texts.push(sign_in(&office, email, password).await.unwrap_err().to_string());
    }
    texts.dedup();
    assert_eq!(texts, ["wrong e-mail address or password"], "one text for all");

    set_role(&office, &user, Role::Admin, true).await;
    assert!(matches!(sign_in(&office, "ada@example.com", "wrong").await, Err(SignInError::Wrong)));
    assert!(matches!(sign_in(&office, "ada@example.com", PASSWORD).await, Err(SignInError::Disabled)));

    let me = person(user.id.as_str(), user.role);
    access::sign_out(&office.control, &op(me)).await.unwrap();
    access::sign_out(&office.control, &op(Actor::Anonymous)).await.unwrap();

    let lines = office.audit().await;
    let reasons: Vec<_> = lines
        .iter()
        .map(|line| {
            let after = line.event.after.as_deref().unwrap_or("{}");
            let reason = serde_json::from_str::<serde_json::Value>(after).unwrap()["reason"].clone();
            (line.event.action.as_str(), reason.as_str().unwrap_or_default().to_owned())
        })
        .collect();
    let reasons: Vec<_> = reasons.iter().map(|(action, reason)| (*action, reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            ("user.create", ""),
            ("sign_in", ""),
            ("sign_in.failed", "wrong_password"),
            ("sign_in.failed", "unknown_user"),
            ("sign_in.failed", "not_an_address"),
            ("sign_in.failed", "wrong_password"),
            ("sign_in.failed", "wrong_password"),
            ("sign_in.failed", "disabled"),
            ("sign_out", ""),
        ]
    );
    assert_eq!((lines[1].event.actor_kind.as_str(), &lines[1].event.actor), ("user", &user.id.to_string()));
    assert_eq!(lines[2].event.actor_kind, "anonymous");
    assert_eq!(lines[3].event.resource_id, "nobody@example.com");
    let log = format!("{lines:?}");
    assert!(!log.contains(PASSWORD) && !log.contains("not an address"), "who mistypes may type a password");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down() {
    let office = Office::open().await;
    admin(&office).await;
    for _ in 0..5 {
        assert!(matches!(sign_in(&office, "ada@example.com", "wrong").await, Err(SignInError::Wrong)));
        office.clock.advance_seconds(10);
    }
    let before = office.audit().await.len();
    // The right password too, however it is written; and not looked at.
    let blocked = sign_in(&office, "ADA@example.com", PASSWORD).await.unwrap_err();
    assert!(matches!(blocked, SignInError::TooMany { retry_after_seconds: 850 }), "{blocked:?}");
    assert!(blocked.to_string().contains("15 minutes"), "{blocked}");
    assert_eq!(office.audit().await.len(), before);
    // From elsewhere, and somebody else from here, go on.
    let elsewhere = OpContext { address: Some("198.51.100.1".to_owned()), ..op(Actor::Anonymous) };
    access::sign_in(&office.control, &elsewhere, "ada@example.com", secret(PASSWORD)).await.unwrap();
    assert!(matches!(sign_in(&office, "bob@example.com", "wrong").await, Err(SignInError::Wrong)));
    office.clock.advance_seconds(849);
    assert!(matches!(sign_in(&office, "ada@example.com", PASSWORD).await, Err(SignInError::TooMany { .. })));
    office.clock.advance_seconds(1);
    sign_in(&office, "ada@example.com", PASSWORD).await.unwrap();
    // A success starts the count anew.
    for _ in 0..5 {
        assert!(matches!(sign_in(&office, "ada@example.com", "wrong").await, Err(SignInError::Wrong)));
    }
    assert!(matches!(sign_in(&office, "ada@example.com", PASSWORD).await, Err(SignInError::TooMany { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_hash_is_made_anew_at_sign_in() {
    use argon2::password_hash::PasswordHasher;
    use argon2::{Algorithm, Argon2, Params, Version};

    let office = Office::open().await;
    let user = admin(&office).await;
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(1024, 1, 1, None).unwrap());
    let weak = weak.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
    execute(&office, async |tx| tx.set_password_hash(&user.id, &secret(&weak), NOW).await).await;
    sign_in(&office, "ada@example.com", PASSWORD).await.unwrap();
    let (_, hash) = office.control.store().find_user_by_email("ada@example.com").await.unwrap().unwrap();
    assert!(hash.unwrap().expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    sign_in(&office, "ada@example.com", PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_what_was_begun_with_the_old_one() {
    let office = Office::open().await;
    let user = admin(&office).await;
    let since = |at| access::signed_in(&office.control, &user.id, at);
    let early = NOW.plus_seconds(5);
    assert!(since(early).await.unwrap().is_some());
    office.clock.advance_seconds(10);
    let master = op(Actor::MasterKey);
    users::set_password(&office.control, &master, &user.id, secret("another password here")).await.unwrap();
    assert_eq!(since(early).await.unwrap(), None);
    assert!(since(NOW.plus_seconds(10)).await.unwrap().is_some());
    assert_eq!(office.actions().await, ["user.create", "user.set_password"]);
    assert!(matches!(sign_in(&office, "ada@example.com", PASSWORD).await, Err(SignInError::Wrong)));
    sign_in(&office, "ada@example.com", "another password here").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gets_a_deleted_id_gets_nothing_else_of_it() {
    let office = Office::open().await;
    admin(&office).await;
    let (control, master) = (&office.control, op(Actor::MasterKey));
    let new = |email: &str| User::new(UserId::parse("bob").unwrap(), Some(email.to_owned()), Role::Member, no_meta());
    let bob = users::create(control, &master, new("bob@example.com"), &[]).await.unwrap();
    users::set_password(control, &master, &bob.id, secret(PASSWORD)).await.unwrap();
    let mut personal = NewKey::default();
    personal.key.user_id = Some(bob.id.clone());
    let key = keys::create(control, &master, personal).await.unwrap().key;
    let at = NOW.plus_seconds(1);
    office.clock.advance_seconds(2);
    users::delete(control, &master, &bob.id, None).await.unwrap();
    assert!(matches!(sign_in(&office, "bob@example.com", PASSWORD).await, Err(SignInError::Wrong)));
    let again = users::create(control, &master, new("robert@example.com"), &[]).await.unwrap();
    assert_eq!((&again.id, again.meta.version, again.meta.created_at), (&bob.id, 1, NOW.plus_seconds(2)));
    for email in ["bob@example.com", "robert@example.com"] {
        assert!(matches!(sign_in(&office, email, PASSWORD).await, Err(SignInError::Wrong)), "{email}");
    }
    assert_eq!(access::signed_in(control, &bob.id, at).await.unwrap(), None, "the other one's session");
    assert!(office.store().find_principal(key.digest, at).await.unwrap().is_none());
    assert!(control.memberships(&bob.id).await.unwrap() == Memberships::default());
}
