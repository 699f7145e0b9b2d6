//! Tokens of callers, by an issuer that lies.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_domain::clock::ManualClock;
use tollgate_domain::sso::Fault;
use tollgate_domain::{Clock as _, Timestamp};

use crate::test_provider::{Lie, TestProvider, client};
use crate::{AccessTokens, KeySource, TokenIssuer, looks_like_token};

const NOW: Timestamp = Timestamp(1_795_170_600_000_000);

struct Bench {
    clock: Arc<ManualClock>,
    issuer: TestProvider,
    tokens: AccessTokens,
}

impl Bench {
    async fn new(keys: fn(&str) -> KeySource) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let issuer = TestProvider::start(clock.clone()).await;
        let config = TokenIssuer {
            issuer: Some(issuer.url.clone()),
            audiences: BTreeSet::from(["gateway".to_owned()]),
            keys: keys(&issuer.url),
        };
        Self { clock, tokens: AccessTokens::new(vec![config], client(), 600), issuer }
    }

    fn claims(&self) -> Value {
        let now = self.clock.now().0 / 1_000_000;
        json!({ "iss": self.issuer.url, "sub": "00u1", "aud": ["other", "gateway"], "iat": now, "exp": now + 300 })
    }

    /// With these claims instead; `null` takes one away.
    fn token(&self, other: &Value) -> String {
        let mut claims = self.claims();
        for (name, value) in other.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.issuer.access_token(&claims)
    }

    async fn fault(&self, token: &str) -> Fault {
        self.tokens.verify(token, self.clock.now()).await.unwrap_err().fault
    }
}

#[tokio::test]
async fn a_right_token_is_read() {
    for keys in [|url: &str| KeySource::Url(format!("{url}/keys")), |_: &str| KeySource::Discovered] {
        let bench = Bench::new(keys).await;
        let token = bench.token(&json!({}));
        assert!(looks_like_token(&token));
        let read = bench.tokens.verify(&token, NOW).await.unwrap();
        assert_eq!((read.issuer.as_str(), &read.claims["sub"]), (bench.issuer.url.as_str(), &json!("00u1")));
        assert_eq!(read.expires_at, NOW.plus_seconds(300 + 120));
        // The keys are asked for once.
        bench.tokens.verify(&bench.token(&json!({ "sub": "00u2" })), NOW).await.unwrap();
        assert_eq!(bench.issuer.asked("keys"), 1);
    }
    for other in ["sk-1234", "eyJhbGciOiJub25lIn0", "a.b.c", ""] {
        assert!(!looks_like_token(other), "{other}");
    }
}

#[tokio::test]
async fn every_lie_is_seen() {
    let bench = Bench::new(|url| KeySource::Url(format!("{url}/keys"))).await;
    for (lie, fault) in [
        (Lie::AlgorithmNone, Fault::Algorithm),
        (Lie::SharedSecret, Fault::Algorithm),
        (Lie::PublicKeyAsSecret, Fault::Algorithm),
        (Lie::Forged, Fault::Signature),
        (Lie::UnknownKey, Fault::Signature),
    ] {
        bench.issuer.lie(lie);
        assert_eq!(bench.fault(&bench.token(&json!({}))).await, fault, "{lie:?}");
    }
    bench.issuer.lie(Lie::None);
    let now = NOW.0 / 1_000_000;
    for (claims, fault) in [
        (json!({ "iss": "https://other.example.com" }), Fault::Issuer),
        (json!({ "iss": null }), Fault::Issuer),
        (json!({ "aud": "other" }), Fault::Audience),
        (json!({ "aud": null }), Fault::Audience),
        (json!({ "aud": { "gateway": 1 } }), Fault::Audience),
        (json!({ "exp": now - 121 }), Fault::Expired),
        (json!({ "exp": -1_i64 << 60 }), Fault::Expired),
        (json!({ "exp": null }), Fault::Malformed),
        (json!({ "exp": "soon" }), Fault::Malformed),
        (json!({ "nbf": now + 121 }), Fault::NotYetValid),
        (json!({ "iat": now + 121 }), Fault::NotYetValid),
    ] {
        assert_eq!(bench.fault(&bench.token(&claims)).await, fault, "{claims}");
    }
    // What somebody changed on the way.
    let good = bench.token(&json!({}));
    let other = bench.token(&json!({ "sub": "admin" }));
    let (head, payload, signature) = {
        let mut parts = good.split('.');
        (parts.next().unwrap(), other.split('.').nth(1).unwrap(), parts.nth(1).unwrap())
    };
    assert_eq!(bench.fault(&format!("{head}.{payload}.{signature}")).await, Fault::Signature);
    for bad in ["", "eyJ.x", "eyJ.x.y", "a.b.c.d", &format!("{good}x."), &"eyJ.".repeat(10_000)] {
        assert!(matches!(bench.fault(bad).await, Fault::Malformed | Fault::Signature), "{bad:.40}");
    }
}

#[tokio::test]
async fn keys_are_exchanged_and_outlast_an_outage() {
    let bench = Bench::new(|url| KeySource::Url(format!("{url}/keys"))).await;
    let old = bench.token(&json!({ "exp": NOW.0 / 1_000_000 + 9 * 86_400 }));
    bench.tokens.verify(&old, NOW).await.unwrap();
    bench.issuer.rotate("key-2");
    let new = bench.token(&json!({ "exp": NOW.0 / 1_000_000 + 9 * 86_400 }));
    // Anybody can name a key that nobody knows: the issuer is asked once a minute.
    assert_eq!(bench.fault(&new).await, Fault::Signature);
    assert_eq!(bench.issuer.asked("keys"), 1);
    bench.clock.advance_seconds(61);
    bench.tokens.verify(&new, bench.clock.now()).await.unwrap();
    assert_eq!(bench.fault(&old).await, Fault::Signature);
    assert_eq!(bench.issuer.asked("keys"), 2);

    // Beside the calls, when the time has come.
    bench.tokens.refresh(bench.clock.now()).await;
    assert_eq!(bench.issuer.asked("keys"), 2);
    bench.clock.advance_seconds(600);
    bench.tokens.refresh(bench.clock.now()).await;
    assert_eq!(bench.issuer.asked("keys"), 3);
    // Without a refresh they are believed for a day.
    bench.clock.advance_seconds(86_399);
    bench.tokens.verify(&new, bench.clock.now()).await.unwrap();
    assert_eq!(bench.issuer.asked("keys"), 3);
    bench.clock.advance_seconds(2);
    bench.tokens.verify(&new, bench.clock.now()).await.unwrap();
    assert_eq!(bench.issuer.asked("keys"), 4);
}
