//! An OpenID provider on loopback that signs with its own keys, and lies as it is told to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Form, Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode, header};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tollgate_domain::Clock;
use tollgate_domain::secret::Secret;
use url::{Url, form_urlencoded};

use crate::config::{ClaimNames, Endpoints, Flavour, ProviderConfig};

pub const CLIENT_ID: &str = "tollgate";
pub const CLIENT_SECRET: &str = "the-shared-secret-of-the-client-and-its-provider";

/// What is wrong with the next tokens and answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lie {
    #[default]
    None,
    /// The metadata are another issuer's.
    MetadataIssuer,
    Issuer,
    Audience,
    /// Ours, and one that nobody here knows.
    SecondAudience,
    AuthorizedParty,
    Nonce,
    NoNonce,
    /// Signed with a key of its own, under the name of the published one.
    Forged,
    UnknownKey,
    AlgorithmNone,
    /// HS256, with the secret that client and provider share.
    SharedSecret,
    /// HS256, with the published key as the secret.
    PublicKeyAsSecret,
    Expired,
    NotYetValid,
    IssuedInTheFuture,
    EmailUnverified,
    NoToken,
    /// Not a token at all.
    Garbage,
    OtherUserinfo,
    /// The answer says that it is of another provider.
    Sender,
    NoSender,
    Huge,
    /// The token endpoint sends on to another address.
    Redirect,
    Denied,
}

struct Key {
    name: String,
    pair: EcdsaKeyPair,
}

struct Code {
    nonce: String,
    challenge: String,
    redirect: String,
}

struct Script {
    lie: Lie,
    claims: Map<String, Value>,
    /// What Microsoft Graph would say, page by page; the last leads to this address, if there is one.
    graph: (Vec<Vec<String>>, Option<String>),
    /// Only told by `userinfo`.
    more: Map<String, Value>,
    key: Key,
    codes: HashMap<String, Code>,
    count: usize,
    asked: HashMap<&'static str, usize>,
}

/// The provider. It ends with the test's runtime.
#[derive(Clone)]
pub struct TestProvider {
    /// Its issuer.
    pub url: String,
    clock: Arc<dyn Clock>,
    script: Arc<Mutex<Script>>,
}

/// A client for tests: everything on loopback.
#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "for tests alone")]
pub fn client() -> reqwest::Client {
    // Somebody else may have done it before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.timeout(std::time::Duration::from_secs(5)).build().expect("a client")
}

#[expect(clippy::expect_used, reason = "for tests alone")]
fn new_key(name: &str) -> Key {
    let random = SystemRandom::new();
    let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes.as_ref(), &random).expect("a key");
    Key { name: name.to_owned(), pair }
}

#[expect(clippy::expect_used, reason = "for tests alone")]
impl TestProvider {
    pub async fn start(clock: Arc<dyn Clock>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let claims =
            json!({ "sub": "00u1", "email": "eve@example.com", "email_verified": true, "name": "Eve Example" });
        let script = Script {
            lie: Lie::None,
            claims: claims.as_object().cloned().unwrap_or_default(),
            graph: (Vec::new(), None),
            more: Map::new(),
            key: new_key("key-1"),
            codes: HashMap::new(),
            count: 0,
            asked: HashMap::new(),
        };
        let provider = Self { url, clock, script: Arc::new(Mutex::new(script)) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/{tenant}/v2.0/.well-known/openid-configuration", get(metadata_of_tenant))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .route("/v1.0/me/transitiveMemberOf/microsoft.graph.group", get(graph))
            .with_state(provider.clone());
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on.
    pub fn lie(&self, lie: Lie) {
        self.script().lie = lie;
    }

    /// What its tokens say; `null` takes a claim away.
    pub fn says(&self, claims: &Value) {
        let mut script = self.script();
        for (name, value) in claims.as_object().expect("claims") {
            if value.is_null() {
                script.claims.remove(name);
            } else {
                script.claims.insert(name.clone(), value.clone());
            }
        }
    }

    /// What only `userinfo` says.
    pub fn says_there(&self, claims: &Value) {
        self.script().more = claims.as_object().cloned().expect("claims");
    }

    /// The pages of groups that its Graph tells, and where the last of them leads.
    pub fn says_in_graph(&self, pages: &[&[&str]], leads: Option<&str>) {
        let pages = pages.iter().map(|page| page.iter().map(|id| (*id).to_owned()).collect()).collect();
        self.script().graph = (pages, leads.map(str::to_owned));
    }

    pub fn rotate(&self, name: &str) {
        self.script().key = new_key(name);
    }

    /// How often this was asked for: `metadata`, `keys`, `token`, `userinfo`.
    pub fn asked(&self, what: &str) -> usize {
        self.script().asked.get(what).copied().unwrap_or_default()
    }

    /// As a generic provider, found by discovery.
    pub fn config(&self, name: &str) -> ProviderConfig {
        ProviderConfig {
            name: name.to_owned(),
            label: "Example SSO".to_owned(),
            flavour: Flavour::Generic { trust_email: false },
            endpoints: Endpoints::Discovered { issuer: self.url.clone() },
            client_id: CLIENT_ID.to_owned(),
            client_secret: Some(Secret::new(CLIENT_SECRET.to_owned())),
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
            claims: ClaimNames::default(),
            graph: None,
        }
    }

    /// The query with which it sends the browser back, after somebody signed in at the address.
    pub fn authorise(&self, url: &Url) -> String {
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["client_id"], CLIENT_ID);
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        let mut script = self.script();
        script.count += 1;
        let code = format!("code-{}", script.count);
        let kept = Code {
            nonce: asked["nonce"].clone(),
            challenge: asked["code_challenge"].clone(),
            redirect: asked["redirect_uri"].clone(),
        };
        script.codes.insert(code.clone(), kept);
        let mut answer = form_urlencoded::Serializer::new(String::new());
        answer.append_pair("state", &asked["state"]);
        match script.lie {
            Lie::Denied => {
                answer.append_pair("error", "access_denied").append_pair("error_description", "<b>not you</b>")
            }
            _ => answer.append_pair("code", &code),
        };
        match script.lie {
            Lie::NoSender => {}
            Lie::Sender => {
                answer.append_pair("iss", "https://other.example.com");
            }
            _ => {
                answer.append_pair("iss", &issuer_of(&self.url, &script.claims));
            }
        }
        answer.finish()
    }

    /// A token that says exactly this.
    pub fn access_token(&self, claims: &Value) -> String {
        sign(&self.script(), claims)
    }

    /// A logout token.
    pub fn logout_token(&self, claims: &Value) -> String {
        let now = self.clock.now().0 / 1_000_000;
        let mut all = json!({
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": "1",
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        for (name, value) in claims.as_object().expect("claims") {
            all[name] = value.clone();
        }
        let script = self.script();
        sign(&script, &all)
    }
}

fn issuer_of(url: &str, claims: &Map<String, Value>) -> String {
    match claims.get("tid").and_then(Value::as_str) {
        Some(tenant) => format!("{url}/{tenant}/v2.0"),
        None => url.to_owned(),
    }
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[expect(clippy::expect_used, reason = "for tests alone")]
fn sign(script: &Script, claims: &Value) -> String {
    let header = match script.lie {
        Lie::AlgorithmNone => json!({ "alg": "none" }),
        Lie::SharedSecret | Lie::PublicKeyAsSecret => json!({ "alg": "HS256", "kid": script.key.name }),
        Lie::UnknownKey => json!({ "alg": "ES256", "kid": "nobodys" }),
        _ => json!({ "alg": "ES256", "kid": script.key.name, "typ": "JWT" }),
    };
    let text = format!("{}.{}", encode(&header), encode(claims));
    let random = SystemRandom::new();
    let hmac = |secret: &[u8]| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
        ring::hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
    };
    let signature = match script.lie {
        Lie::AlgorithmNone => Vec::new(),
        Lie::SharedSecret => hmac(CLIENT_SECRET.as_bytes()),
        Lie::PublicKeyAsSecret => hmac(script.key.pair.public_key().as_ref()),
        Lie::Forged => new_key("x").pair.sign(&random, text.as_bytes()).expect("a signature").as_ref().to_vec(),
        _ => script.key.pair.sign(&random, text.as_bytes()).expect("a signature").as_ref().to_vec(),
    };
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn describe(provider: &TestProvider, issuer: &str) -> Json<Value> {
    let mut script = provider.script();
    *script.asked.entry("metadata").or_default() += 1;
    let url = &provider.url;
    let issuer = if script.lie == Lie::MetadataIssuer { "https://other.example.com" } else { issuer };
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "end_session_endpoint": format!("{url}/end?from=metadata"),
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn metadata(State(provider): State<TestProvider>) -> Json<Value> {
    describe(&provider, &provider.url.clone())
}

async fn metadata_of_tenant(State(provider): State<TestProvider>, Path(tenant): Path<String>) -> Json<Value> {
    let tenant = if ["common", "organizations"].contains(&tenant.as_str()) { "{tenantid}" } else { &tenant };
    describe(&provider, &format!("{}/{tenant}/v2.0", provider.url))
}

async fn keys(State(provider): State<TestProvider>) -> Json<Value> {
    let mut script = provider.script();
    *script.asked.entry("keys").or_default() += 1;
    let point = script.key.pair.public_key().as_ref();
    Json(json!({ "keys": [
        { "kty": "a kind that nobody knows yet", "kid": "future" },
        {
            "kty": "EC",
            "crv": "P-256",
            "use": "sig",
            "kid": script.key.name,
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        },
    ]}))
}

async fn token(
    State(provider): State<TestProvider>,
    headers: HeaderMap,
    Form(asked): Form<HashMap<String, String>>,
) -> Response {
    let mut script = provider.script();
    *script.asked.entry("token").or_default() += 1;
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(&format!("Basic {basic}")) {
        return refuse("invalid_client");
    }
    let Some(code) = asked.get("code").and_then(|code| script.codes.remove(code)) else {
        return refuse("invalid_grant");
    };
    let verifier = asked.get("code_verifier").map(Sha256::digest).map(|digest| URL_SAFE_NO_PAD.encode(digest));
    if verifier.as_ref() != Some(&code.challenge) || asked.get("redirect_uri") != Some(&code.redirect) {
        return refuse("invalid_grant");
    }
    if script.lie == Lie::Redirect {
        return (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, format!("{}/keys", provider.url))])
            .into_response();
    }
    let now = provider.clock.now().0 / 1_000_000;
    let mut claims = script.claims.clone();
    let issuer = issuer_of(&provider.url, &claims);
    let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    set("iss", issuer.into());
    set("aud", CLIENT_ID.into());
    set("iat", now.into());
    set("exp", (now + 300).into());
    set("nonce", code.nonce.into());
    match script.lie {
        Lie::Issuer => drop(set("iss", "https://other.example.com".into())),
        Lie::Audience => drop(set("aud", "another client".into())),
        Lie::SecondAudience => drop(set("aud", json!([CLIENT_ID, "another client"]))),
        Lie::AuthorizedParty => drop(set("azp", "another client".into())),
        Lie::Nonce => drop(set("nonce", "of another sign-in".into())),
        Lie::NoNonce => drop(claims.remove("nonce")),
        Lie::Expired => drop(set("exp", (now - 121).into())),
        Lie::NotYetValid => drop(set("nbf", (now + 130).into())),
        Lie::IssuedInTheFuture => drop(set("iat", (now + 130).into())),
        Lie::EmailUnverified => drop(set("email_verified", false.into())),
        _ => {}
    }
    let mut answer = json!({ "access_token": "access", "token_type": "Bearer", "expires_in": 300 });
    match script.lie {
        Lie::NoToken => {}
        Lie::Garbage => answer["id_token"] = "not.a.token".into(),
        Lie::Huge => answer["more"] = "x".repeat(600 * 1024).into(),
        _ => answer["id_token"] = sign(&script, &claims.into()).into(),
    }
    Json(answer).into_response()
}

async fn graph(
    State(provider): State<TestProvider>,
    headers: HeaderMap,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let mut script = provider.script();
    *script.asked.entry("graph").or_default() += 1;
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some("Bearer access") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let page: usize = asked.get("$skiptoken").and_then(|page| page.parse().ok()).unwrap_or_default();
    let (pages, leads) = &script.graph;
    let Some(ids) = pages.get(page) else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let mut body = json!({ "value": ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() });
    let path = "v1.0/me/transitiveMemberOf/microsoft.graph.group";
    let next = (page + 1 < pages.len()).then(|| format!("{}/{path}?$skiptoken={}", provider.url, page + 1));
    if let Some(next) = next.or_else(|| leads.clone()) {
        body["@odata.nextLink"] = next.into();
    }
    Json(body).into_response()
}

async fn userinfo(
    State(provider): State<TestProvider>,
    headers: HeaderMap,
    Query(_): Query<HashMap<String, String>>,
) -> Response {
    let mut script = provider.script();
    *script.asked.entry("userinfo").or_default() += 1;
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some("Bearer access") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut all = script.claims.clone();
    all.extend(script.more.clone());
    if script.lie == Lie::OtherUserinfo {
        all.insert("sub".to_owned(), "somebody else".into());
    }
    Json(Value::from(all)).into_response()
}
