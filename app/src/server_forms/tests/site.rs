//! A dashboard with a signed-in administrator.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode, header};
use tempfile::TempDir;
use tollgate_control::models::Provider;
use tollgate_control::vault::Vault;
use tollgate_control::{Control, OpContext, Publish, TestOutcome, access};
use tollgate_domain::Clock;
use tollgate_domain::actor::Role;
use tollgate_domain::clock::SystemClock;
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::limits::Limits;
use tollgate_domain::model::{Catalog, Deployment, ModelPattern, Origin, Timeouts, Upstream};
use tollgate_domain::secret::Secret;
use tollgate_domain::user::User;
use tollgate_store::{Store, StoreOptions};
use tower::ServiceExt as _;

use crate::server::{SignOn, StartFacts, WebSettings, routes};

pub const PASSWORD: &str = "correct horse battery";

pub struct Site {
    router: Router,
    cookie: String,
    pub control: Control,
    pub store: Store,
    _folder: TempDir,
}

/// What came back.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
}

impl Page {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The id of what a form made: the answer leads to its page.
    #[track_caller]
    pub fn new_id(&self, path: &str) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.html);
        let id = self.location().strip_prefix(path).and_then(|rest| rest.strip_suffix("?notice=created"));
        id.unwrap_or_else(|| panic!("nothing was made: {}", self.location())).to_owned()
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.html.contains(text), "`{text}` is not in:\n{}", self.html);
        self
    }

    #[track_caller]
    pub fn never_says(&self, text: &str) -> &Self {
        assert!(!self.html.contains(text), "`{text}` is in:\n{}", self.html);
        self
    }

    /// The text between two others.
    #[track_caller]
    pub fn between(&self, before: &str, after: &str) -> String {
        let (_, rest) = self.html.split_once(before).unwrap_or_else(|| panic!("no `{before}` in:\n{}", self.html));
        rest.split_once(after).unwrap().0.to_owned()
    }
}

/// A data plane that is told nothing; its provider answers models that are called so.
struct Nobody;

#[async_trait::async_trait]
impl Publish for Nobody {
    fn key_changed(&self, _: KeyDigest) {}

    fn principals_changed(&self) {}

    async fn catalogue_changed(&self) {}

    async fn test_deployment(&self, deployment: &StoredDeployment, credential: Option<&Credential>) -> TestOutcome {
        let with = credential.map_or("no credential", |credential| credential.id.as_str());
        let works = !deployment.model.as_str().contains("down");
        TestOutcome { works, message: format!("The provider was asked with {with}."), milliseconds: 42 }
    }

    fn check_deployment(&self, deployment: &StoredDeployment, _: Option<&Credential>) -> Result<(), String> {
        let model = deployment.params.get("model").and_then(serde_json::Value::as_str).unwrap_or_default();
        if model.contains("broken") { Err("litellm_params.model: it is broken".to_owned()) } else { Ok(()) }
    }

    fn providers(&self) -> Vec<Provider> {
        let provider = |name: &str, url: &str| Provider {
            name: name.to_owned(),
            base_url: Some(url.to_owned()),
            key_variables: vec![format!("{}_API_KEY", name.to_uppercase())],
            ..Provider::default()
        };
        let simulator = Provider { name: "simulator".to_owned(), ..Provider::default() };
        let groq = provider("groq", "https://api.groq.com/openai/v1");
        vec![groq, provider("openai", "https://api.openai.com/v1"), simulator]
    }
}

fn deployment(model: &str) -> Deployment {
    Deployment {
        id: format!("{model}-1"),
        model: ModelPattern::new(model),
        provider: "simulator".to_owned(),
        upstream_model: model.to_owned(),
        upstream: Upstream::Simulator,
        api_key: None,
        headers: Vec::new(),
        timeouts: Timeouts::default(),
        weight: 1,
        price: None,
        base_model: None,
        aws: None,
        origin: Origin::BuiltIn,
        mode: Some("chat".to_owned()),
        max_input_tokens: None,
        max_output_tokens: None,
        limits: Limits::default(),
    }
}

impl Site {
    pub async fn open() -> Self {
        Self::open_with(SignOn::default(), None).await
    }

    /// With providers, and the address under which it is reached.
    pub async fn open_with(sign_on: SignOn, base_url: Option<&str>) -> Self {
        Self::open_at(Arc::new(SystemClock), sign_on, base_url).await
    }

    /// The same at another time.
    pub async fn open_at(clock: Arc<dyn Clock>, sign_on: SignOn, base_url: Option<&str>) -> Self {
        let base_url = base_url.map(str::to_owned);
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("tollgate.db").display());
        let store = Store::open(&url, StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let catalog = Arc::new(Catalog::new(vec![deployment("gpt-4o"), deployment("openai/*")], HashMap::new()));
        let control = Control::new(
            store.clone(),
            clock.clone(),
            Arc::new(SystemEntropy),
            Arc::new(Nobody),
            Arc::new(move || Arc::clone(&catalog)),
            Arc::new(Vault::new(Some(&Secret::new("a master secret".to_owned())), &[])),
        );
        let password = Secret::new(PASSWORD.to_owned());
        access::ensure_admin(&control, &OpContext::system("test"), "ada@example.com", password).await.unwrap();
        let settings =
            WebSettings { base_url, with_wasm: false, admin_only: false, sign_on, facts: StartFacts::default() };
        let router = routes(control.clone(), store.sessions(clock.clone()), clock, settings);
        let mut site = Self { router, cookie: String::new(), control, store, _folder: folder };
        site.sign_in("ada@example.com").await;
        site
    }

    /// Becomes somebody else, whose password is [`PASSWORD`].
    pub async fn sign_in(&mut self, email: &str) {
        self.cookie.clear();
        let page = self.post("/ui/sign-in", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
        assert_eq!(page.location(), "/ui");
        let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
        self.cookie = cookie.split(';').next().unwrap().to_owned();
    }

    /// Makes a user by the form, with [`PASSWORD`]; their id.
    pub async fn create_user(&self, email: &str, role: &str) -> String {
        let page = self.post("/ui/users/new", &[("email", email), ("role", role), ("password", PASSWORD)]).await;
        page.new_id("/ui/users/")
    }

    /// Makes a team by the form; its id.
    pub async fn create_team(&self, name: &str) -> String {
        self.post("/ui/teams/new", &[("name", name), ("given", "on")]).await.new_id("/ui/teams/")
    }

    async fn send(&self, request: Request<Body>) -> Page {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 8 << 20).await.unwrap();
        // Marks between pieces of text are nothing that anybody reads.
        let html = String::from_utf8(bytes.to_vec()).unwrap().replace("<!>", "");
        Page { status: parts.status, headers: parts.headers, html }
    }

    /// What the browser holds: `name=value`.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub fn take_cookie(&mut self, cookie: &str) {
        cookie.clone_into(&mut self.cookie);
    }

    /// As a browser does: it keeps the cookie that it is given.
    pub async fn browse(&mut self, path: &str) -> Page {
        let page = self.get(path).await;
        if let Some(cookie) = page.headers.get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        page
    }

    /// From no browser.
    pub async fn post_plain(&self, path: &str, body: String) -> Page {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Page {
        let request = Request::get(path).header(header::HOST, "gate:4000").header(header::COOKIE, &self.cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_from("http://gate:4000", path, fields).await
    }

    /// From a page of this site or of another one.
    pub async fn post_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let encoded =
            fields.iter().fold(crate::pages::Query::default(), |query, (name, value)| query.with(name, Some(*value)));
        let request = Request::post(path)
            .header(header::HOST, "gate:4000")
            .header(header::ORIGIN, origin)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(encoded.href("").trim_start_matches('?').to_owned())).unwrap()).await
    }

    /// A form with a file.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: (&str, &str)) -> Page {
        use std::fmt::Write as _;
        let mut body = String::new();
        for (name, value) in fields {
            let _ = write!(body, "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        let (name, text) = file;
        let _ = write!(
            body,
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: text/csv\r\n\r\n{text}\r\n--b--\r\n"
        );
        let request = Request::post(path)
            .header(header::HOST, "gate:4000")
            .header(header::ORIGIN, "http://gate:4000")
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// The one who is signed in becomes somebody else.
    pub async fn become_a(&self, role: Role) {
        let mut ada: User = self.store.find_by_handle("ada@example.com").await.unwrap().unwrap();
        ada.role = role;
        let tx = self.store.begin().await.unwrap();
        tx.save(&ada).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Makes a key by the form; its id and its text.
    pub async fn create_key(&self, alias: &str) -> (String, String) {
        let page = self.post("/ui/keys/create", &[("alias", alias), ("expiry", "never")]).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.html);
        let key = page.between("Authorization: Bearer ", "'");
        (page.between("href=\"/ui/keys/0", "\"").split('?').next().map(|rest| format!("0{rest}")).unwrap(), key)
    }
}
