//! Callers that show an access token instead of a key.

use std::collections::BTreeSet;
use std::net::IpAddr;

use tollgate_sso::test_provider::{Lie, TestProvider, client};
use tollgate_sso::{AccessTokens, KeySource, TokenIssuer};

use super::*;
use crate::{TokenCallers, TokenRules, from_client};

struct Tokens {
    bench: Bench,
    issuer: TestProvider,
}

impl Tokens {
    async fn new(rules: TokenRules) -> Self {
        let bench = Bench::new().await;
        let issuer = TestProvider::start(bench.clock.clone()).await;
        let config = TokenIssuer {
            issuer: Some(issuer.url.clone()),
            audiences: BTreeSet::from(["gateway".to_owned()]),
            keys: KeySource::Url(format!("{}/keys", issuer.url)),
        };
        let verifier = AccessTokens::new(vec![config], client(), 600);
        bench.gateway.take_tokens(TokenCallers::new(verifier, rules));
        Self { bench, issuer }
    }

    fn token(&self, other: Value) -> String {
        let now = self.bench.clock.now().0 / 1_000_000;
        let mut claims =
            json!({ "iss": self.issuer.url, "sub": "u-1", "aud": "gateway", "iat": now, "exp": now + 300 });
        let Value::Object(other) = other else { panic!("{other}") };
        for (name, value) in other {
            claims[name] = value;
        }
        self.issuer.access_token(&claims)
    }

    async fn user(&self, id: &str, change: impl FnOnce(&mut User)) {
        let mut user = User::new(UserId::parse(id).unwrap(), None, Role::Member, self.bench.meta());
        change(&mut user);
        self.bench.add(&user).await;
    }

    /// Changes somebody, as the control plane does it.
    async fn change(&self, id: &str, change: impl FnOnce(&mut User)) {
        let mut user: User = self.bench.store.find(id).await.unwrap().unwrap();
        change(&mut user);
        let tx = self.bench.store.begin().await.unwrap();
        tx.save(&user).await.unwrap();
        tx.commit().await.unwrap();
        self.bench.gateway.principals_changed();
    }
}

fn by_subject() -> TokenRules {
    TokenRules { user: Some("sub".to_owned()), ..TokenRules::default() }
}

#[tokio::test]
async fn a_token_is_as_good_as_a_key_and_asks_nobody_twice() {
    let tokens = Tokens::new(by_subject()).await;
    tokens.user("u-1", |user| user.models = patterns(&["small"])).await;
    let token = tokens.token(json!({}));
    assert_eq!(tokens.bench.call(&token, "small").await.0, 200);
    assert!(tokens.bench.call(&token, "large").await.1.contains("large"));
    assert_eq!(tokens.bench.models(&token).await, ["small"]);
    assert_eq!(tokens.issuer.asked("keys"), 1);
    // The call is the person's, under an id that is the same for each of their tokens.
    let again = tokens.token(json!({ "jti": "2" }));
    assert_eq!(tokens.bench.call(&again, "small").await.0, 200);
    let log = tokens.bench.log(&RequestFilter::default()).await;
    let of_user: Vec<_> = log.iter().filter(|row| row.status == 200).collect();
    assert_eq!((of_user.len(), of_user[0].key_id.is_some()), (2, true));
    assert_eq!(of_user[0].key_id, of_user[1].key_id);
    assert_eq!(of_user[0].ownership.user_id, UserId::parse("u-1"));
    // A key is still a key.
    let (_, key) = tokens.bench.key(|_| {}).await;
    assert_eq!(tokens.bench.call(&key, "small").await.0, 200);
}

#[tokio::test]
async fn no_lie_gets_in() {
    let tokens = Tokens::new(by_subject()).await;
    tokens.user("u-1", |_| {}).await;
    for lie in [Lie::AlgorithmNone, Lie::SharedSecret, Lie::PublicKeyAsSecret, Lie::Forged, Lie::UnknownKey] {
        tokens.issuer.lie(lie);
        let (status, error) = tokens.bench.call(&tokens.token(json!({})), "small").await;
        assert_eq!(status, 401, "{lie:?}");
        assert!(error.contains("the access token is not taken"), "{error}");
    }
    tokens.issuer.lie(Lie::None);
    let now = tokens.bench.clock.now().0 / 1_000_000;
    for wrong in [
        json!({ "iss": "https://other.example.com" }),
        json!({ "aud": "other" }),
        json!({ "exp": now - 121 }),
        json!({ "nbf": now + 121 }),
        json!({ "sub": "nobody" }),
        json!({ "sub": "" }),
        json!({ "sub": ["u-1"] }),
    ] {
        assert_eq!(tokens.bench.call(&tokens.token(wrong.clone()), "small").await.0, 401, "{wrong}");
    }
    // One that was good ends with its time, though it is remembered.
    let token = tokens.token(json!({}));
    assert_eq!(tokens.bench.call(&token, "small").await.0, 200);
    tokens.bench.clock.advance_seconds(300 + 121);
    assert_eq!(tokens.bench.call(&token, "small").await.0, 401);
}

/// CVE-2026-35030: what was known of a token was found by its first twenty characters.
#[tokio::test]
async fn cve_2026_35030_tokens_that_begin_alike_are_not_taken_for_each_other() {
    let tokens = Tokens::new(by_subject()).await;
    tokens.user("u-1", |user| user.models = patterns(&["small"])).await;
    tokens.user("u-2", |user| user.models = patterns(&["large"])).await;
    let (one, two) = (tokens.token(json!({})), tokens.token(json!({ "sub": "u-2" })));
    assert_eq!(one[..20], two[..20]);
    assert_eq!(tokens.bench.call(&one, "small").await.0, 200);
    assert_ne!(tokens.bench.call(&two, "small").await.0, 200);
    assert_eq!(tokens.bench.call(&two, "large").await.0, 200);
    assert_ne!(tokens.bench.call(&one, "large").await.0, 200);
    // Alike but for the signature's last letters, or a letter more.
    for forged in [format!("{}AA", &one[..one.len() - 2]), format!("{one}A")] {
        assert_eq!(tokens.bench.call(&forged, "small").await.0, 401);
    }
}

#[tokio::test]
async fn who_is_disabled_or_deleted_is_out_at_once() {
    let tokens = Tokens::new(by_subject()).await;
    tokens.user("u-1", |_| {}).await;
    let token = tokens.token(json!({}));
    assert_eq!(tokens.bench.call(&token, "small").await.0, 200);
    tokens.change("u-1", |user| user.disabled = true).await;
    let (status, error) = tokens.bench.call(&token, "small").await;
    assert_eq!(status, 401);
    assert!(error.contains("User=u-1 is disabled"), "{error}");
    tokens.change("u-1", |user| user.disabled = false).await;
    assert_eq!(tokens.bench.call(&token, "small").await.0, 200);
    let now = tokens.bench.clock.now();
    tokens.change("u-1", |user| user.meta.deleted_at = Some(now)).await;
    assert_eq!(tokens.bench.call(&token, "small").await.0, 401);
}

#[tokio::test]
async fn teams_and_scopes_come_from_claims() {
    let scopes = vec![
        ("chat.small".to_owned(), patterns(&["small"])),
        ("chat.large".to_owned(), patterns(&["large"])),
        ("nothing".to_owned(), Vec::new()),
    ];
    let rules = TokenRules {
        team: Some("team".to_owned()),
        teams: Some("realm.groups".to_owned()),
        scopes: Some(scopes),
        ..TokenRules::default()
    };
    let tokens = Tokens::new(rules).await;
    tokens.bench.add(&tokens.bench.team("blue")).await;
    tokens.bench.add(&Team { blocked: true, ..tokens.bench.team("red") }).await;
    let call = async |claims: Value, model: &str| tokens.bench.call(&tokens.token(claims), model).await.0;
    assert_eq!(call(json!({ "team": "blue", "scope": "openid chat.small" }), "small").await, 200);
    assert_ne!(call(json!({ "team": "blue", "scope": "openid chat.small" }), "large").await, 200);
    assert_eq!(call(json!({ "team": "blue", "scp": ["chat.small", "chat.large"] }), "large").await, 200);
    assert_eq!(call(json!({ "team": "blue" }), "small").await, 401);
    assert_ne!(call(json!({ "team": "blue", "scope": "nothing" }), "small").await, 200);
    assert_eq!(call(json!({ "realm": { "groups": ["x", "blue"] }, "scope": "chat.small" }), "small").await, 200);
    assert_eq!(call(json!({ "team": "red", "scope": "chat.small" }), "small").await, 401);
    assert_eq!(call(json!({ "team": "gone", "scope": "chat.small" }), "small").await, 401);
    assert_eq!(call(json!({ "scope": "chat.small" }), "small").await, 401);
    let log = tokens.bench.log(&RequestFilter::default()).await;
    assert!(log.iter().filter(|row| row.status == 200).all(|row| row.ownership.team_id == TeamId::parse("blue")));
}

#[tokio::test]
async fn keys_and_teams_are_used_from_where_their_lists_say() {
    let bench = Bench::new().await;
    let list = |texts: &[&str]| json!({ "allowed_ips": texts }).as_object().unwrap().clone();
    let mut team = bench.team("blue");
    team.settings = list(&["10.0.0.0/8", "2001:db8::/32"]);
    bench.add(&team).await;
    let (_, key) = bench
        .key(|key| {
            key.team_id = TeamId::parse("blue");
            key.settings = list(&["10.1.0.0/16", "2001:db8::7"]);
        })
        .await;
    let from = async |address: &str| {
        let address: IpAddr = address.parse().unwrap();
        from_client(address, bench.call(&key, "small")).await
    };
    for good in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7"] {
        assert_eq!(from(good).await.0, 200, "{good}");
    }
    for bad in ["10.2.0.1", "192.0.2.1", "2001:db8::8", "::1"] {
        let (status, error) = from(bad).await;
        assert_eq!(status, 403);
        assert!(error.contains("IP address") && error.contains("not allowed"), "{error}");
    }
    // Where nobody knows from where it comes.
    assert_eq!(bench.call(&key, "small").await.0, 403);
    let (_, free) = bench.key(|_| {}).await;
    assert_eq!(bench.call(&free, "small").await.0, 200);
}

/// For reading off, where nothing else runs: `cargo nextest run -p tollgate-gateway --run-ignored only`.
#[tokio::test]
#[ignore = "it measures time, which others' work disturbs"]
async fn a_call_with_a_token_costs_about_as_much_as_one_with_a_key() {
    let tokens = Tokens::new(by_subject()).await;
    tokens.user("u-1", |_| {}).await;
    let token = tokens.token(json!({}));
    let (_, key) = tokens.bench.key(|key| key.user_id = UserId::parse("u-1")).await;
    let round = async |text: &str| {
        let begun = std::time::Instant::now();
        for _ in 0..200 {
            assert_eq!(tokens.bench.call(text, "small").await.0, 200);
        }
        begun.elapsed()
    };
    let (mut of_key, mut of_token) = (std::time::Duration::MAX, std::time::Duration::MAX);
    for _ in 0..10 {
        of_key = of_key.min(round(&key).await);
        of_token = of_token.min(round(&token).await);
    }
    let ratio = of_token.as_secs_f64() / of_key.as_secs_f64();
    assert!(ratio < 1.3, "{of_key:?} with a key, {of_token:?} with a token: {ratio:.3}");
}
