//! Coming in through a provider: one that is honest, and one that is not.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::{StatusCode, header};
use serde_json::json;
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::sso::{Admission, Fault};
use tollgate_domain::user::User;
use tollgate_sso::test_provider::{Lie, TestProvider, client};
use tollgate_sso::{Endpoints, Flavour, ProviderConfig, Sso, Tenants};
use url::Url;

use super::site::{Page, Site};
use crate::server::SignOn;

const TENANT: &str = "11111111-2222-3333-4444-555555555555";

struct World {
    site: Site,
    provider: TestProvider,
}

impl World {
    async fn new() -> Self {
        Self::with(Admission::default(), None, |provider| vec![provider.config("okta")]).await
    }

    async fn with(
        admission: Admission,
        base_url: Option<&str>,
        providers: impl Fn(&TestProvider) -> Vec<ProviderConfig>,
    ) -> Self {
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let provider = TestProvider::start(clock.clone()).await;
        let sso = Sso::new(providers(&provider), client(), clock, entropy);
        let sign_on = SignOn { sso, admission, ..SignOn::default() };
        let mut site = Site::open_with(sign_on, base_url).await;
        site.take_cookie("");
        Self { site, provider }
    }

    /// To the provider, and the query with which it sends the browser back.
    async fn there(&mut self, login: &str) -> String {
        let page = self.site.browse(login).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
        self.provider.authorise(&Url::parse(page.location()).unwrap())
    }

    async fn sign_in(&mut self) -> Page {
        let answer = self.there("/sso/login/okta").await;
        self.site.browse(&format!("/sso/callback?{answer}")).await
    }

    async fn is_signed_in(&self) -> bool {
        self.site.get("/ui/account").await.status == StatusCode::OK
    }

    async fn eve(&self) -> User {
        self.site.store.find_by_handle("eve@example.com").await.unwrap().unwrap()
    }

    /// Action, what it says, and the request's id, of the last line of the log.
    async fn last_line(&self) -> (String, String, String) {
        let event = self.site.store.audit_lines(0, 1000).await.unwrap().pop().unwrap().event;
        (event.action, event.after.unwrap_or_default(), event.request_id)
    }

    /// A page that says what is wrong and under which id the log has it.
    async fn is_refused(&self, page: &Page, fault: Fault) {
        let (action, after, request) = self.last_line().await;
        assert_eq!(action, "sign_in.failed", "{fault}: {after}");
        assert!(after.contains(&format!("\"{fault}\"")), "{fault}: {after}");
        assert!(page.status.is_client_error() || page.status == StatusCode::BAD_GATEWAY, "{fault}: {}", page.status);
        page.says(&request).says(fault.as_str()).says("<h1>").says("/ui/sign-in");
        page.never_says("<b>not you</b>");
        for (name, value) in [("x-frame-options", "DENY"), ("cache-control", "no-store")] {
            assert_eq!(page.headers[name], value);
        }
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
        assert!(!self.is_signed_in().await, "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_a_way_in() {
    let mut world = World::new().await;
    let page = world.site.get("/ui/sign-in?next=/ui/keys").await;
    page.says("Continue with Example SSO")
        .says("href=\"/sso/login/okta?next=%2Fui%2Fkeys\"")
        .says("Sign in with a password");
    let answer = world.there("/sso/login/okta?next=/ui/keys").await;
    let before = world.site.cookie().to_owned();
    let page = world.site.browse(&format!("/sso/callback?{answer}")).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/ui/keys"));
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    world.site.get("/ui/account").await.says("Eve Example").says("eve@example.com").says("by okta").says("This one");
    let (action, after, _) = world.last_line().await;
    assert_eq!(action, "sign_in");
    assert!(after.contains("okta") && after.contains("00u1"), "{after}");
    // The session has a new id; the one that was there before is nobody's.
    assert_ne!(world.site.cookie(), before);
    world.site.take_cookie(&before);
    assert!(!world.is_signed_in().await);
    assert_eq!(world.site.get("/sso/key/generate").await.location(), "/ui/sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_lie_has_a_page_and_a_line_in_the_log() {
    let mut world = World::new().await;
    let lies = [
        (Lie::Issuer, Fault::Issuer),
        (Lie::Audience, Fault::Audience),
        (Lie::Nonce, Fault::Nonce),
        (Lie::Forged, Fault::Signature),
        (Lie::UnknownKey, Fault::Signature),
        (Lie::AlgorithmNone, Fault::Algorithm),
        (Lie::SharedSecret, Fault::Algorithm),
        (Lie::Expired, Fault::Expired),
        (Lie::NotYetValid, Fault::NotYetValid),
        (Lie::EmailUnverified, Fault::EmailUnverified),
        (Lie::Sender, Fault::MixedUp),
        (Lie::Garbage, Fault::Malformed),
        (Lie::Denied, Fault::Declined),
    ];
    for (lie, fault) in lies {
        world.provider.lie(lie);
        let page = world.sign_in().await;
        world.is_refused(&page, fault).await;
    }
    world.provider.lie(Lie::None);
    assert_eq!(world.sign_in().await.location(), "/ui");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_belongs_to_one_browser_and_counts_once() {
    let mut world = World::new().await;
    let answer = world.there("/sso/login/okta").await;
    let ours = world.site.cookie().to_owned();
    // Somebody else is made to open it: they must not be signed in as whoever began it.
    world.site.take_cookie("");
    let page = world.site.get(&format!("/sso/callback?{answer}")).await;
    world.is_refused(&page, Fault::State).await;
    // Nor by an answer that is their own, in a session that was begun by somebody else.
    let _theirs = world.there("/sso/login/okta").await;
    let page = world.site.get(&format!("/sso/callback?{answer}")).await;
    world.is_refused(&page, Fault::State).await;

    world.site.take_cookie(&ours);
    assert_eq!(world.site.browse(&format!("/sso/callback?{answer}")).await.location(), "/ui");
    let signed_in = world.site.cookie().to_owned();
    world.site.take_cookie(&ours);
    let page = world.site.get(&format!("/sso/callback?{answer}")).await;
    world.is_refused(&page, Fault::State).await;
    world.site.take_cookie(&signed_in);
    assert!(world.is_signed_in().await);
    for nonsense in ["", "?state=x&code=y", "?error=%3Cscript%3E&state=x"] {
        world.site.get(&format!("/sso/callback{nonsense}")).await.says("This sign-in is over").never_says("<script>");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_one_provider_is_not_taken_for_anothers() {
    let providers = |provider: &TestProvider| {
        let other = Endpoints::Explicit {
            authorization: format!("{}/authorize", provider.url),
            token: format!("{}/token", provider.url),
            userinfo: None,
            signed: Some(("https://other.example.com".to_owned(), format!("{}/keys", provider.url))),
            end_session: None,
        };
        vec![provider.config("okta"), ProviderConfig { endpoints: other, ..provider.config("other") }]
    };
    let mut world = World::with(Admission::default(), None, providers).await;
    // The answer names whom it is from.
    let answer = world.there("/sso/login/other").await;
    let page = world.site.browse(&format!("/sso/callback?{answer}")).await;
    world.is_refused(&page, Fault::MixedUp).await;
    // Where it does not, the token does.
    world.provider.lie(Lie::NoSender);
    let answer = world.there("/sso/login/other").await;
    let page = world.site.browse(&format!("/sso/callback?{answer}")).await;
    world.is_refused(&page, Fault::Issuer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_tenants_and_domains_are_turned_away() {
    let microsoft = |provider: &TestProvider| {
        let endpoints = Endpoints::Discovered { issuer: format!("{}/organizations/v2.0", provider.url) };
        let tenants = Tenants::Only(BTreeSet::from([TENANT.to_owned()]));
        vec![ProviderConfig { flavour: Flavour::Microsoft { tenants }, endpoints, ..provider.config("okta") }]
    };
    let mut world = World::with(Admission::default(), None, microsoft).await;
    world.provider.says(&json!({ "oid": "o-1", "tid": TENANT.replace('1', "9") }));
    let page = world.sign_in().await;
    world.is_refused(&page, Fault::Tenant).await;
    world.provider.says(&json!({ "tid": TENANT }));
    assert_eq!(world.sign_in().await.location(), "/ui");
    // An address joins no accounts: it is whatever the tenant's administrators like.
    world.site.take_cookie("");
    world.provider.says(&json!({ "oid": "o-2", "email": "ada@example.com" }));
    let page = world.sign_in().await;
    world.is_refused(&page, Fault::EmailTaken).await;

    let admission = Admission { email_domains: BTreeSet::from(["ours.example".to_owned()]), ..Admission::default() };
    let google = |provider: &TestProvider| {
        let domains = BTreeSet::from(["ours.example".to_owned()]);
        vec![ProviderConfig { flavour: Flavour::Google { domains }, ..provider.config("okta") }]
    };
    let mut world = World::with(admission, None, google).await;
    let page = world.sign_in().await;
    world.is_refused(&page, Fault::Domain).await;
    // Of the domain by `hd`, and not by the address.
    world.provider.says(&json!({ "hd": "ours.example" }));
    let page = world.sign_in().await;
    world.is_refused(&page, Fault::Domain).await;
    world.provider.says(&json!({ "email": "eve@ours.example" }));
    assert_eq!(world.sign_in().await.location(), "/ui");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_is_out_at_once_and_stays_out() {
    let mut world = World::new().await;
    world.sign_in().await;
    let eves = world.site.cookie().to_owned();
    let user = format!("/ui/users/{}", world.eve().await.id);
    world.site.sign_in("ada@example.com").await;
    assert!(world.site.post(&format!("{user}/disable"), &[]).await.location().ends_with("notice=disabled"));
    let adas = world.site.cookie().to_owned();
    world.site.take_cookie(&eves);
    assert!(!world.is_signed_in().await);
    let page = world.sign_in().await;
    world.is_refused(&page, Fault::Disabled).await;
    // Enabled again: by a new sign-in, not by the old session.
    world.site.take_cookie(&adas);
    world.site.post(&format!("{user}/enable"), &[]).await;
    world.site.take_cookie(&eves);
    assert!(!world.is_signed_in().await);
    assert_eq!(world.sign_in().await.location(), "/ui");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_here_and_there() {
    let mut world = World::new().await;
    world.sign_in().await;
    let page = world.site.post("/ui/sign-out", &[]).await;
    assert_eq!(page.location(), "/ui/sign-in?notice=signed-out&provider=okta");
    assert!(!world.is_signed_in().await);
    world.site.get(page.location()).await.says("sign out there too").says("href=\"/sso/logout/okta\"");
    let there = world.site.get("/sso/logout/okta").await;
    let there = Url::parse(there.location()).unwrap();
    assert_eq!(there.path(), "/end");
    assert!(
        there
            .query_pairs()
            .any(|pair| pair == ("post_logout_redirect_uri".into(), "http://gate:4000/ui/sign-in".into()))
    );
    world.site.get("/sso/logout/nobody").await.says("no such way");

    // The provider says that somebody signed out there.
    world.provider.says(&json!({ "sid": "s-1" }));
    world.sign_in().await;
    let first = world.site.cookie().to_owned();
    world.provider.says(&json!({ "sid": "s-2" }));
    world.site.take_cookie("");
    world.sign_in().await;
    let tell = async |world: &World, claims: serde_json::Value| {
        let body = format!("logout_token={}", world.provider.logout_token(&claims));
        world.site.post_plain("/sso/backchannel/okta", body).await.status
    };
    assert_eq!(tell(&world, json!({ "sub": "00u1", "sid": "s-1" })).await, StatusCode::OK);
    assert_eq!(world.last_line().await.0, "session.end");
    assert!(world.is_signed_in().await, "another session of theirs");
    let second = world.site.cookie().to_owned();
    world.site.take_cookie(&first);
    assert!(!world.is_signed_in().await);
    world.site.take_cookie(&second);
    assert_eq!(tell(&world, json!({ "sub": "00u1", "aud": "another" })).await, StatusCode::BAD_REQUEST);
    assert_eq!(tell(&world, json!({ "sub": "somebody else" })).await, StatusCode::OK);
    assert!(world.is_signed_in().await);
    assert_eq!(tell(&world, json!({ "sub": "00u1" })).await, StatusCode::OK);
    assert!(!world.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_seen_and_ended() {
    let mut world = World::new().await;
    world.sign_in().await;
    let eves = world.site.cookie().to_owned();
    let eve = world.eve().await.id;
    world.site.take_cookie("");
    world.sign_in().await;
    let page = world.site.get("/ui/account").await;
    assert_eq!(page.html.matches("by okta").count(), 2);
    assert_eq!(page.html.matches("This one").count(), 1);
    let path = format!("/ui/users/{eve}/sessions");
    // Somebody else may not, and a page of another site may not either.
    let ours = world.site.cookie().to_owned();
    world.site.take_cookie(&eves);
    assert_eq!(world.site.post_from("http://evil", &path, &[]).await.status, StatusCode::FORBIDDEN);
    let ada: User = world.site.store.find_by_handle("ada@example.com").await.unwrap().unwrap();
    let denied = world.site.post(&format!("/ui/users/{}/sessions", ada.id), &[]).await;
    assert!(denied.location().ends_with("notice=denied"), "{}", denied.location());
    // One's own, from one to the other.
    let digest = page.html.split("name=\"session\" value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    for digest in digest {
        let html = world.site.get("/ui/account").await.html;
        let row = html.split("<tr").find(|row| row.contains(digest)).unwrap().to_owned();
        if !row.contains("This one") {
            assert!(world.site.post(&path, &[("session", digest)]).await.location().ends_with("sessions_ended"));
        }
    }
    assert!(world.is_signed_in().await);
    world.site.take_cookie(&ours);
    assert!(!world.is_signed_in().await);
    // An administrator ends anybody's.
    world.site.sign_in("ada@example.com").await;
    world.site.get(&format!("/ui/users/{eve}")).await.says("by okta").never_says("This one");
    assert!(world.site.post(&path, &[]).await.location().ends_with("sessions_ended"));
    assert_eq!(world.last_line().await.0, "session.end");
    assert!(world.is_signed_in().await);
    world.site.take_cookie(&eves);
    assert!(!world.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_another_site_afterwards() {
    let mut world = World::new().await;
    for bad in ["https://evil.example", "//evil.example", "/ui//evil.example", "/sso/logout/okta"] {
        let answer = world.there(&format!("/sso/login/okta?next={bad}")).await;
        assert_eq!(world.site.browse(&format!("/sso/callback?{answer}")).await.location(), "/ui", "{bad}");
    }
    world.site.get("/sso/login/nobody").await.says("There is no such way to sign in");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_cookie_is_bound_to_the_host() {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let provider = TestProvider::start(clock.clone()).await;
    let sso = Sso::new(vec![provider.config("okta")], client(), clock, entropy);
    let sign_on = SignOn { sso, ..SignOn::default() };
    let mut site = Site::open_with(sign_on, Some("https://gate.example.com")).await;
    site.take_cookie("");
    let page = site.browse("/sso/login/okta").await;
    assert!(page.location().contains("redirect_uri=https%3A%2F%2Fgate.example.com%2Fsso%2Fcallback"));
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-tollgate="), "{cookie}");
    for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[tokio::test]
async fn an_administrator_tests_a_provider_and_sees_what_it_says() {
    let admission = Admission { role: tollgate_domain::actor::Role::Member, ..Admission::default() };
    let mut world = World::with(admission, None, |provider| vec![provider.config("generic")]).await;
    world.site.sign_in("ada@example.com").await;
    let page = world.site.get("/ui/settings/sign-in").await;
    page.says("/sso/callback").says("GOOGLE_CLIENT_ID").says("Try a sign-in").never_says("says</h2>");
    let page = world.site.post("/ui/settings/sign-in", &[("provider", "generic")]).await;
    page.says("It answers: the issuer is").says("keys");
    let page = world.site.post("/ui/settings/sign-in", &[("provider", "google")]).await;
    assert_eq!(page.status, StatusCode::OK);

    // Nobody is made or signed in by it.
    let answer = world.there("/sso/login/generic?next=/ui/settings/sign-in/test").await;
    let page = world.site.browse(&format!("/sso/callback?{answer}")).await;
    assert_eq!(page.location(), "/ui/settings/sign-in");
    let page = world.site.get("/ui/settings/sign-in").await;
    page.says("eve@example.com (vouched for)").says("00u1").says("Nobody was signed in by it").says("Member");
    world.site.get("/ui/account").await.says("ada@example.com").never_says("eve@example.com");
    world.site.get("/ui/users").await.never_says("eve@example.com");
    // It is told once.
    world.site.get("/ui/settings/sign-in").await.never_says("eve@example.com");

    // Whoever is no administrator is signed in by it, as ever.
    world.site.take_cookie("");
    let answer = world.there("/sso/login/generic?next=/ui/settings/sign-in/test").await;
    let page = world.site.browse(&format!("/sso/callback?{answer}")).await;
    assert_eq!(page.location(), "/ui/settings/sign-in/test");
    world.site.get("/ui/account").await.says("eve@example.com");
}
