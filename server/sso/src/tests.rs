//! Sign-ins against a provider that is honest, and against one that is not.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::json;
use tollgate_domain::Timestamp;
use tollgate_domain::clock::ManualClock;
use tollgate_domain::entropy::SeededEntropy;
use tollgate_domain::secret::Secret;
use tollgate_domain::sso::{Fault, Groups, Proven};
use url::form_urlencoded;

use crate::test_provider::{Lie, TestProvider, client};
use crate::{Callback, Endpoints, Failure, Flavour, Pending, ProviderConfig, Sso, Tenants};

const REDIRECT: &str = "https://gate.example.com/sso/callback";
const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const FOREIGN: &str = "99999999-2222-3333-4444-555555555555";

struct World {
    clock: Arc<ManualClock>,
    provider: TestProvider,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp(1_795_170_600_000_000)));
        Self { provider: TestProvider::start(clock.clone()).await, clock }
    }

    fn sso(&self, providers: Vec<ProviderConfig>) -> Sso {
        Sso::new(providers, client(), self.clock.clone(), Arc::new(SeededEntropy::new(7)))
    }

    fn generic(&self) -> Sso {
        self.sso(vec![self.provider.config("okta")])
    }

    fn google(&self, domains: &[&str]) -> Sso {
        let domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
        let flavour = Flavour::Google { domains };
        self.sso(vec![ProviderConfig { flavour, ..self.provider.config("google") }])
    }

    fn microsoft(&self, tenant: &str, tenants: Tenants) -> Sso {
        let issuer = format!("{}/{tenant}/v2.0", self.provider.url);
        let endpoints = Endpoints::Discovered { issuer };
        let flavour = Flavour::Microsoft { tenants };
        self.sso(vec![ProviderConfig { flavour, endpoints, ..self.provider.config("microsoft") }])
    }

    async fn begin(&self, sso: &Sso) -> (Pending, Callback) {
        let name = sso.providers().next().unwrap().0;
        let (url, pending) = sso.begin(name, REDIRECT, "/ui/keys").await.unwrap();
        (pending, callback(&self.provider.authorise(&url)))
    }

    async fn sign_in(&self, sso: &Sso) -> Result<Proven, Failure> {
        let name = sso.providers().next().unwrap().0;
        let (url, pending) = sso.begin(name, REDIRECT, "/ui").await?;
        sso.finish(&pending, callback(&self.provider.authorise(&url))).await
    }

    async fn fault(&self, sso: &Sso) -> Fault {
        let failure = self.sign_in(sso).await.unwrap_err();
        assert!(!failure.detail.contains("code-"), "{failure}");
        failure.fault
    }
}

fn callback(query: &str) -> Callback {
    let mut all: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    Callback {
        state: all.remove("state").unwrap_or_default(),
        code: all.remove("code").map(Secret::new),
        iss: all.remove("iss"),
        error: all.remove("error"),
        error_description: all.remove("error_description"),
    }
}

#[tokio::test]
async fn an_honest_provider_proves_who_it_is() {
    let world = World::new().await;
    world.provider.says(&json!({ "groups": ["eng", "ops"], "sid": "s-1", "role": "proxy_admin_viewer" }));
    let sso = world.generic();
    assert_eq!(sso.providers().collect::<Vec<_>>(), [("okta", "Example SSO")]);
    let who = world.sign_in(&sso).await.unwrap();
    assert_eq!(who.issuer, world.provider.url);
    assert_eq!((who.subject.as_str(), who.session.as_deref()), ("00u1", Some("s-1")));
    assert_eq!((who.email.as_deref(), who.email_verified, who.email_links), (Some("eve@example.com"), true, true));
    assert_eq!(who.name.as_deref(), Some("Eve Example"));
    assert_eq!(who.roles, ["proxy_admin_viewer"]);
    assert_eq!(who.groups, Groups::Told(["eng", "ops"].map(str::to_owned).into()));
    // Everything was in the token, and the provider was asked for its metadata and keys once.
    world.sign_in(&sso).await.unwrap();
    assert_eq!(["metadata", "keys", "userinfo", "token"].map(|what| world.provider.asked(what)), [1, 1, 0, 2]);
    world.clock.advance_seconds(3600);
    world.sign_in(&sso).await.unwrap();
    assert_eq!(["metadata", "keys"].map(|what| world.provider.asked(what)), [2, 2]);
}

#[tokio::test]
async fn each_lie_is_found_out() {
    let lies = [
        (Lie::Issuer, Fault::Issuer),
        (Lie::Audience, Fault::Audience),
        (Lie::SecondAudience, Fault::Audience),
        (Lie::AuthorizedParty, Fault::Audience),
        (Lie::Nonce, Fault::Nonce),
        (Lie::NoNonce, Fault::Nonce),
        (Lie::Forged, Fault::Signature),
        (Lie::UnknownKey, Fault::Signature),
        (Lie::AlgorithmNone, Fault::Algorithm),
        (Lie::SharedSecret, Fault::Algorithm),
        (Lie::PublicKeyAsSecret, Fault::Algorithm),
        (Lie::Expired, Fault::Expired),
        (Lie::NotYetValid, Fault::NotYetValid),
        (Lie::IssuedInTheFuture, Fault::NotYetValid),
        (Lie::EmailUnverified, Fault::EmailUnverified),
        (Lie::NoToken, Fault::Malformed),
        (Lie::Garbage, Fault::Malformed),
        (Lie::OtherUserinfo, Fault::Malformed),
        (Lie::Sender, Fault::MixedUp),
        (Lie::NoSender, Fault::MixedUp),
        (Lie::Huge, Fault::Unreachable),
        (Lie::Redirect, Fault::Malformed),
        (Lie::Denied, Fault::Declined),
    ];
    let world = World::new().await;
    let sso = world.generic();
    world.sign_in(&sso).await.unwrap();
    for (lie, fault) in lies {
        world.provider.lie(lie);
        assert_eq!(world.fault(&sso).await, fault, "{lie:?}");
        world.provider.lie(Lie::None);
        world.sign_in(&sso).await.unwrap();
    }
    world.provider.lie(Lie::MetadataIssuer);
    assert_eq!(world.fault(&world.generic()).await, Fault::Issuer);
}

#[tokio::test]
async fn clocks_may_differ_a_little() {
    let world = World::new().await;
    let sso = world.generic();
    let (pending, answer) = world.begin(&sso).await;
    // The provider's tokens are good for 300 seconds, and are made when the code is exchanged.
    sso.finish(&pending, answer).await.unwrap();
    world.provider.says(&json!({ "nbf": 1_795_170_600 + 119 }));
    world.sign_in(&sso).await.unwrap();
    world.provider.says(&json!({ "nbf": 1_795_170_600 + 121 }));
    assert_eq!(world.fault(&sso).await, Fault::NotYetValid);
}

#[tokio::test]
async fn an_answer_counts_once_for_its_own_sign_in_and_for_ten_minutes() {
    let world = World::new().await;
    let sso = world.generic();
    let fault = async |pending: &Pending, answer: Callback| sso.finish(pending, answer).await.unwrap_err().fault;

    let (pending, answer) = world.begin(&sso).await;
    let again = || Callback { state: answer.state.clone(), code: answer.code.clone(), ..Callback::default() };
    let with_sender = |mut answer: Callback| {
        answer.iss = Some(world.provider.url.clone());
        answer
    };
    sso.finish(&pending, with_sender(again())).await.unwrap();
    assert_eq!(fault(&pending, with_sender(again())).await, Fault::State, "the same answer again");

    // The code of an answer that was used, under a new sign-in: the provider does not take it.
    let (other, _) = world.begin(&sso).await;
    let mut replayed = with_sender(again());
    replayed.state.clone_from(&other.state);
    assert_eq!(fault(&other, replayed).await, Fault::Code);

    // Somebody else's code that was not used yet: it belongs to another verifier.
    let (victim, _) = world.begin(&sso).await;
    let (_, mut planted) = world.begin(&sso).await;
    planted.state.clone_from(&victim.state);
    assert_eq!(fault(&victim, planted).await, Fault::Code);

    let (pending, mut answer) = world.begin(&sso).await;
    answer.state = "guess".to_owned();
    assert_eq!(fault(&pending, answer).await, Fault::State);

    let (pending, answer) = world.begin(&sso).await;
    world.clock.advance_seconds(600);
    assert!(pending.is_over(Timestamp(1_795_170_600_000_000 + 600_000_000)));
    assert_eq!(fault(&pending, answer).await, Fault::State);
    assert_eq!(sso.begin("nobody", REDIRECT, "/ui").await.unwrap_err().fault, Fault::UnknownProvider);
}

#[tokio::test]
async fn the_request_holds_what_protects_it() {
    let world = World::new().await;
    let sso = world.google(&["example.com"]);
    let (url, pending) = sso.begin("google", REDIRECT, "/ui").await.unwrap();
    let (other, _) = sso.begin("google", REDIRECT, "/ui").await.unwrap();
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(query["redirect_uri"], REDIRECT);
    assert_eq!(query["hd"], "example.com");
    assert_eq!(query["state"], pending.state);
    for secret in ["state", "nonce", "code_challenge"] {
        assert_eq!(query[secret].len(), 43, "{secret}");
        assert!(!other.query().unwrap().contains(&query[secret]), "{secret}");
    }
    assert!(!url.as_str().contains("secret"));
}

#[tokio::test]
async fn keys_are_exchanged_and_asked_for_once_a_minute() {
    let world = World::new().await;
    let sso = world.generic();
    world.sign_in(&sso).await.unwrap();
    world.clock.advance_seconds(61);
    world.provider.rotate("key-2");
    world.sign_in(&sso).await.unwrap();
    assert_eq!(world.provider.asked("keys"), 2);
    // Whoever invents keys makes nobody ask more often.
    world.provider.lie(Lie::UnknownKey);
    for _ in 0..5 {
        assert_eq!(world.fault(&sso).await, Fault::Signature);
    }
    assert_eq!(world.provider.asked("keys"), 2);
    world.clock.advance_seconds(61);
    assert_eq!(world.fault(&sso).await, Fault::Signature);
    assert_eq!(world.provider.asked("keys"), 3);
}

#[tokio::test]
async fn googles_hosted_domain_is_looked_up_in_the_token() {
    let world = World::new().await;
    let sso = world.google(&["example.com", "example.org"]);
    assert_eq!(world.fault(&sso).await, Fault::Domain, "an account of nobody's domain");
    world.provider.says(&json!({ "hd": "evil.com" }));
    assert_eq!(world.fault(&sso).await, Fault::Domain);
    world.provider.says(&json!({ "hd": "Example.org" }));
    assert_eq!(world.sign_in(&sso).await.unwrap().subject, "00u1");
    assert!(world.sign_in(&world.google(&[])).await.is_ok());
}

#[tokio::test]
async fn microsofts_tenants_are_let_in_one_by_one() {
    let world = World::new().await;
    let claims = json!({
        "sub": "pairwise", "oid": "object-1", "tid": TENANT, "preferred_username": "Eve@contoso.com", "email": null,
        "email_verified": null, "roles": ["proxy_admin"],
    });
    world.provider.says(&claims);
    let one = world.microsoft(TENANT, Tenants::OfIssuer);
    let several = world.microsoft("organizations", Tenants::Only(BTreeSet::from([TENANT.to_owned()])));
    for sso in [&one, &several] {
        let who = world.sign_in(sso).await.unwrap();
        assert_eq!(who.issuer, format!("{}/{TENANT}/v2.0", world.provider.url));
        assert_eq!(who.subject, "object-1", "`sub` differs from application to application");
        assert_eq!(who.email.as_deref(), Some("eve@contoso.com"));
        assert!(!who.email_links, "whoever runs a tenant chooses its addresses");
        assert_eq!(who.roles, ["proxy_admin"]);
    }
    world.provider.says(&json!({ "tid": FOREIGN }));
    assert_eq!(world.fault(&several).await, Fault::Tenant);
    assert_eq!(world.fault(&one).await, Fault::MixedUp, "the answer already says that it is another tenant's");
    // The issuer of one tenant and the id of another.
    world.provider.says(&json!({ "tid": TENANT }));
    world.provider.lie(Lie::Issuer);
    assert_eq!(world.fault(&one).await, Fault::Issuer);
    assert_eq!(world.fault(&several).await, Fault::Issuer);
    world.provider.lie(Lie::None);
    world.provider.says(&json!({ "tid": null }));
    world.provider.lie(Lie::NoSender);
    assert_eq!(world.fault(&several).await, Fault::MixedUp);
    // More groups than fit.
    world.provider.lie(Lie::None);
    world.provider.says(&json!({ "tid": TENANT, "_claim_names": { "groups": "src1" } }));
    assert_eq!(world.sign_in(&several).await.unwrap().groups, Groups::TooMany);
}

#[tokio::test]
async fn more_groups_than_fit_are_asked_of_graph() {
    let world = World::new().await;
    let config = |graph: String| {
        let flavour = Flavour::Microsoft { tenants: Tenants::OfIssuer };
        let endpoints = Endpoints::Discovered { issuer: format!("{}/{TENANT}/v2.0", world.provider.url) };
        world.sso(vec![ProviderConfig { flavour, endpoints, graph: Some(graph), ..world.provider.config("microsoft") }])
    };
    let sso = config(format!("{}/v1.0/", world.provider.url));
    let many = json!({ "groups": "src1" });
    let source = json!({ "src1": { "endpoint": "https://169.254.169.254/groups" } });
    world.provider.says(&json!({ "tid": TENANT, "oid": "object-1", "_claim_names": many, "_claim_sources": source }));
    world.provider.says_in_graph(&[&["g-1", "g-2"], &["g-3"]], None);
    let told = |groups: &[&str]| Groups::Told(groups.iter().map(|group| (*group).to_owned()).collect());
    assert_eq!(world.sign_in(&sso).await.unwrap().groups, told(&["g-1", "g-2", "g-3"]));
    assert_eq!(world.provider.asked("graph"), 2);
    // Somewhere else the token is not sent to, and groups that are not known change nothing.
    world.provider.says_in_graph(&[&["g-1"]], Some("https://evil.example.com/v1.0/me"));
    assert_eq!(world.sign_in(&sso).await.unwrap().groups, Groups::TooMany);
    world.provider.says_in_graph(&[&["g-1"]], Some(&format!("{}/v1.0.evil/me", world.provider.url)));
    assert_eq!(world.sign_in(&sso).await.unwrap().groups, Groups::TooMany);
    world.provider.says_in_graph(&[], None);
    assert_eq!(world.sign_in(&sso).await.unwrap().groups, Groups::TooMany);
    // Whose groups fit is not asked about.
    let asked = world.provider.asked("graph");
    world.provider.says(&json!({ "_claim_names": null, "_claim_sources": null, "groups": ["g-9"] }));
    assert_eq!(world.sign_in(&sso).await.unwrap().groups, told(&["g-9"]));
    assert_eq!(world.provider.asked("graph"), asked);
}

#[tokio::test]
async fn what_the_token_does_not_say_userinfo_may() {
    let world = World::new().await;
    world.provider.says(&json!({ "email": null, "email_verified": null }));
    world.provider.says_there(&json!({ "email": "eve@example.com", "email_verified": "true", "groups": "eng" }));
    let who = world.sign_in(&world.generic()).await.unwrap();
    assert_eq!((who.email.as_deref(), who.email_verified), (Some("eve@example.com"), true));
    assert_eq!(who.groups, Groups::Told(["eng".to_owned()].into()));
    // Nobody vouches for an address of which nothing is said.
    world.provider.says_there(&json!({ "email": "eve@example.com" }));
    let who = world.sign_in(&world.generic()).await.unwrap();
    assert_eq!((who.email_verified, who.email_links), (false, false));
}

/// LiteLLM remembered what `userinfo` said by the first twenty characters of the token: whoever came second was whoever
/// came first. Here nothing that is asked about a person is remembered.
#[tokio::test]
async fn cve_2026_35030_tokens_that_begin_alike_are_told_apart() {
    let world = World::new().await;
    let sso = world.generic();
    world.provider.says(&json!({ "email": null }));
    for name in ["eve", "bob"] {
        let email = format!("{name}@example.com");
        world.provider.says(&json!({ "sub": name }));
        world.provider.says_there(&json!({ "email": email }));
        // The access token is the same text each time.
        let who = world.sign_in(&sso).await.unwrap();
        assert_eq!((who.subject.as_str(), who.email), (name, Some(email)));
    }
    assert_eq!(world.provider.asked("userinfo"), 2);
}

#[tokio::test]
async fn providers_without_id_tokens_are_asked_who_it_is() {
    let world = World::new().await;
    let url = &world.provider.url;
    let endpoints = Endpoints::Explicit {
        authorization: format!("{url}/authorize"),
        token: format!("{url}/token"),
        userinfo: Some(format!("{url}/userinfo")),
        signed: None,
        end_session: None,
    };
    world.provider.lie(Lie::NoToken);
    let mut config = ProviderConfig { endpoints, ..world.provider.config("old") };
    config.claims.id = "person.number".to_owned();
    config.claims.groups = "person.groups".to_owned();
    world.provider.says_there(&json!({ "person": { "number": 4711, "groups": ["eng"] } }));
    let sso = world.sso(vec![config]);
    let who = world.sign_in(&sso).await.unwrap();
    assert_eq!((who.issuer, who.subject.as_str()), (format!("{url}/token"), "4711"));
    assert_eq!(who.groups, Groups::Told(["eng".to_owned()].into()));
    assert_eq!(sso.end_session_url("old", "https://gate/ui").await.unwrap(), None);
}

#[tokio::test]
async fn sessions_end_when_the_provider_says_so() {
    let world = World::new().await;
    let sso = world.generic();
    let url = sso.end_session_url("okta", "https://gate/ui/sign-in").await.unwrap().unwrap();
    assert!(
        url.as_str().ends_with(
            "/end?from=metadata&client_id=tollgate&post_logout_redirect_uri=https%3A%2F%2Fgate%2Fui%2Fsign-in"
        )
    );
    let end = async |claims: serde_json::Value| {
        let token = Secret::new(world.provider.logout_token(&claims));
        sso.ended_there("okta", &token).await.map_err(|failure| failure.fault)
    };
    let ended = end(json!({ "sub": "00u1", "sid": "s-1" })).await.unwrap();
    assert_eq!((ended.issuer, ended.subject.as_str()), (world.provider.url.clone(), "00u1"));
    assert_eq!(ended.session.as_deref(), Some("s-1"));
    assert_eq!(end(json!({ "sub": "00u1" })).await.unwrap().session, None);
    assert_eq!(end(json!({ "sub": "00u1", "nonce": "n" })).await, Err(Fault::Nonce));
    assert_eq!(end(json!({ "sub": "00u1", "events": {} })).await, Err(Fault::Malformed));
    assert_eq!(end(json!({ "sub": "00u1", "aud": "another" })).await, Err(Fault::Audience));
    assert_eq!(end(json!({ "sub": "00u1", "iss": "https://evil" })).await, Err(Fault::Issuer));
    assert_eq!(end(json!({ "sub": "00u1", "iat": 1_795_170_600 - 601 })).await, Err(Fault::Expired));
    world.provider.lie(Lie::Forged);
    assert_eq!(end(json!({ "sub": "00u1" })).await, Err(Fault::Signature));
    world.provider.lie(Lie::AlgorithmNone);
    assert_eq!(end(json!({ "sub": "00u1" })).await, Err(Fault::Algorithm));
}
