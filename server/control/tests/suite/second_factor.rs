//! Second factors, invitations, and passwords that are switched off.

use std::collections::BTreeSet;

use ring::hmac;
use tollgate_control::access::{self, Attempt, SecondFactorState, SignInError};
use tollgate_control::{ControlError, OpContext, records, secrets, users};
use tollgate_domain::Clock as _;
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;
use tollgate_domain::sso::{Admission, Groups, Proven};
use tollgate_domain::user::User;

use crate::harness::{Office, op, person, secret, vault};
use crate::sweep::world::user_id;

const PASSWORD: &str = "correct horse battery";

async fn office() -> Office {
    let office = Office::open().await;
    for (name, role) in [("ada", Role::Admin), ("bob", Role::Member)] {
        let user = User::new(user_id(name), Some(format!("{name}@example.com")), role, no_meta());
        users::create(&office.control, &op(Actor::MasterKey), user, &[]).await.unwrap();
        let master = op(Actor::MasterKey);
        users::set_password(&office.control, &master, &user_id(name), secret(PASSWORD)).await.unwrap();
    }
    office
}

fn ada() -> OpContext {
    op(person("ada", Role::Admin))
}

async fn come(office: &Office, code: Option<&str>) -> Result<User, SignInError> {
    let code = code.map(secret);
    let attempt = Attempt { email: "ada@example.com", password: secret(PASSWORD), code, providers_only: false };
    access::sign_in_with(&office.control, &op(Actor::Anonymous), attempt).await
}

/// What an authenticator app shows, worked out apart from the program's own way.
fn shown(office: &Office, base32: &str) -> String {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = base32.chars().map(|c| format!("{:05b}", letters.find(c).unwrap())).collect();
    let bytes: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|b| u8::from_str_radix(std::str::from_utf8(b).unwrap(), 2).unwrap())
        .collect();
    let step = office.clock.now().0 / 30_000_000;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let digest = hmac::sign(&key, &step.to_be_bytes());
    let digest = digest.as_ref();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Sets it up: the secret, and the recovery codes.
async fn enrolled(office: &Office) -> (String, Vec<Secret>) {
    let begun = access::begin_second_factor(&office.control, &ada()).await.unwrap();
    let text = begun.secret.expose().to_owned();
    assert!(begun.uri.expose().starts_with("otpauth://totp/Tollgate:ada@example.com?secret="));
    // Before a code was typed, it is not asked for.
    come(office, None).await.unwrap();
    let wrong = access::confirm_second_factor(&office.control, &ada(), &secret("000000")).await;
    assert!(matches!(wrong, Err(ControlError::Invalid { field: "code", .. })));
    let code = secret(&shown(office, &text));
    let codes = access::confirm_second_factor(&office.control, &ada(), &code).await.unwrap();
    assert_eq!(codes.len(), 10);
    (text, codes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_asked_for_and_counts_once() {
    let office = office().await;
    let (text, recovery) = enrolled(&office).await;
    assert!(matches!(come(&office, None).await, Err(SignInError::CodeNeeded)));
    assert!(matches!(come(&office, Some(" ")).await, Err(SignInError::CodeNeeded)));
    // The code that confirmed it was used.
    assert!(matches!(come(&office, Some(&shown(&office, &text))).await, Err(SignInError::WrongCode)));
    office.clock.advance_seconds(30);
    let code = shown(&office, &text);
    come(&office, Some(&code)).await.unwrap();
    assert!(matches!(come(&office, Some(&code)).await, Err(SignInError::WrongCode)));
    // A recovery code, however it is typed, and once.
    let typed = recovery[0].expose().to_lowercase().replace('-', " ");
    come(&office, Some(&typed)).await.unwrap();
    assert!(matches!(come(&office, Some(&typed)).await, Err(SignInError::WrongCode)));
    let state = access::second_factor(&office.control, &ada()).await.unwrap();
    assert_eq!(state, SecondFactorState::On { recovery_codes: 9 });

    // Nothing of it stands anywhere in words.
    let dump = office.dump(|_| true).await;
    for hidden in [text.as_str(), recovery[1].expose()] {
        assert!(!dump.contains(hidden));
    }
    let actions = office.actions().await;
    for action in ["second_factor.begin", "second_factor.confirm", "sign_in.challenge", "sign_in.failed"] {
        assert!(actions.iter().any(|told| told == action), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_not_guessed() {
    let office = office().await;
    enrolled(&office).await;
    for _ in 0..4 {
        assert!(matches!(come(&office, Some("000000")).await, Err(SignInError::WrongCode)));
    }
    // From however many addresses: the account has the tries, not the address.
    let elsewhere = OpContext { address: Some("198.51.100.7".to_owned()), ..op(Actor::Anonymous) };
    let attempt = || Attempt {
        email: "ada@example.com",
        password: secret(PASSWORD),
        code: Some(secret("000000")),
        providers_only: false,
    };
    let tried = access::sign_in_with(&office.control, &elsewhere, attempt()).await;
    assert!(matches!(tried, Err(SignInError::WrongCode)));
    let tried = access::sign_in_with(&office.control, &elsewhere, attempt()).await;
    assert!(matches!(tried, Err(SignInError::TooMany { .. })));
    office.clock.advance_seconds(15 * 60);
    assert!(matches!(come(&office, Some("000000")).await, Err(SignInError::WrongCode)));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_taken_away_by_a_code_or_an_administrator() {
    let office = office().await;
    let (_, recovery) = enrolled(&office).await;
    let id = user_id("ada");
    let again = access::begin_second_factor(&office.control, &ada()).await;
    assert!(matches!(again, Err(ControlError::Conflict { .. })));
    let remove = async |op: &OpContext, code: Option<Secret>| {
        access::remove_second_factor(&office.control, op, &id, code.as_ref()).await
    };
    assert!(matches!(remove(&ada(), None).await, Err(ControlError::Invalid { field: "code", .. })));
    assert!(matches!(remove(&ada(), Some(secret("123456"))).await, Err(ControlError::Invalid { .. })));
    let bob = op(person("bob", Role::Member));
    assert!(matches!(remove(&bob, None).await, Err(ControlError::Denied { .. })));
    // Nor through a key, whoever found one.
    let through = Actor::User {
        id: id.clone(),
        label: "ada".to_owned(),
        role: Role::Admin,
        via: Some(tollgate_domain::ids::KeyId::parse("00000000-0000-0000-0000-000000000001").unwrap()),
    };
    assert!(matches!(remove(&op(through), Some(recovery[0].clone())).await, Err(ControlError::Denied { .. })));
    remove(&ada(), Some(recovery[0].clone())).await.unwrap();
    come(&office, None).await.unwrap();
    enrolled(&office).await;
    remove(&op(Actor::MasterKey), None).await.unwrap();
    come(&office, None).await.unwrap();
    let lines = office.audit().await;
    let by: Vec<_> = lines.iter().filter(|l| l.event.action == "second_factor.remove").collect();
    assert!(by[0].event.after.as_deref().unwrap().contains("a code"));
    assert!(by[1].event.after.as_deref().unwrap().contains("an administrator"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_outlives_another_master_secret() {
    let mut office = office().await;
    let (text, _) = enrolled(&office).await;
    let both = tollgate_control::vault::Vault::new(Some(&secret("another")), &[secret("master")]);
    office.with_vault(both);
    let done = secrets::reencrypt(&office.control, &op(Actor::System), |_| {}).await.unwrap();
    assert_eq!((done.changed, done.total), (1, 1));
    office.with_vault(vault("another"));
    office.clock.advance_seconds(30);
    come(&office, Some(&shown(&office, &text))).await.unwrap();
    let done = secrets::reencrypt(&office.control, &op(Actor::System), |_| {}).await.unwrap();
    assert_eq!(done.changed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_works_once() {
    let office = office().await;
    let new = User::new(user_id("eve"), Some("eve@example.com".to_owned()), Role::Member, no_meta());
    users::create(&office.control, &op(Actor::MasterKey), new, &[]).await.unwrap();
    let id = user_id("eve");
    let bob = op(person("bob", Role::Member));
    assert!(matches!(access::invite(&office.control, &bob, &id).await, Err(ControlError::Denied { .. })));
    let old = access::invite(&office.control, &ada(), &id).await.unwrap();
    let token = access::invite(&office.control, &ada(), &id).await.unwrap();
    assert!(!office.dump(|_| true).await.contains(token.expose()));
    assert_eq!(access::invited(&office.control, &old).await.unwrap(), None);
    assert_eq!(access::invited(&office.control, &token).await.unwrap().unwrap().id, id);
    let accept = async |token: &Secret, password: &str| {
        access::accept_invitation(&office.control, &op(Actor::Anonymous), token, secret(password)).await
    };
    assert!(matches!(accept(&token, "short").await, Err(ControlError::Invalid { field: "password", .. })));
    assert!(matches!(accept(&old, PASSWORD).await, Err(ControlError::Invalid { field: "token", .. })));
    assert_eq!(accept(&token, PASSWORD).await.unwrap().id, id);
    assert!(accept(&token, PASSWORD).await.is_err());
    access::sign_in(&office.control, &op(Actor::Anonymous), "eve@example.com", secret(PASSWORD)).await.unwrap();
    // A week later, or for somebody who was disabled meanwhile, it is worth nothing.
    let token = access::invite(&office.control, &ada(), &id).await.unwrap();
    office.clock.advance_seconds(7 * 86_400);
    assert!(accept(&token, PASSWORD).await.is_err());
    let token = access::invite(&office.control, &ada(), &id).await.unwrap();
    let disable = |user: &mut User| {
        user.disabled = true;
        Ok(())
    };
    records::update::<User>(&office.control, &ada(), "eve", None, disable).await.unwrap();
    assert!(accept(&token, PASSWORD).await.is_err());
    assert!(matches!(access::invite(&office.control, &ada(), &id).await, Err(ControlError::Conflict { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_off_when_an_administrator_came_through_a_provider() {
    let office = office().await;
    let come = async |email: &'static str| {
        let attempt = Attempt { email, password: secret(PASSWORD), code: None, providers_only: true };
        access::sign_in_with(&office.control, &op(Actor::Anonymous), attempt).await
    };
    come("ada@example.com").await.unwrap();
    let who = |subject: &str, name: &str| Proven {
        provider: "okta".to_owned(),
        issuer: "https://idp.example.com".to_owned(),
        subject: subject.to_owned(),
        session: None,
        email: Some(format!("{name}@example.com")),
        email_verified: true,
        email_links: true,
        name: None,
        alias: None,
        roles: Vec::new(),
        groups: Groups::Told(BTreeSet::new()),
    };
    let linking = Admission { link_by_email: true, ..Admission::default() };
    let through = async |who: &Proven| {
        access::sign_in_through(&office.control, &op(Actor::Anonymous), &linking, who, |_| true).await.unwrap()
    };
    // A member who came shows nothing: somebody has to be able to put things right.
    through(&who("00u2", "bob")).await;
    come("ada@example.com").await.unwrap();
    through(&who("00u1", "ada")).await;
    assert!(matches!(come("ada@example.com").await, Err(SignInError::PasswordsOff)));
    // Who does not know the password learns nothing of it.
    let attempt = Attempt { email: "ada@example.com", password: secret("wrong"), code: None, providers_only: true };
    let wrong = access::sign_in_with(&office.control, &op(Actor::Anonymous), attempt).await;
    assert!(matches!(wrong, Err(SignInError::Wrong)));
}
