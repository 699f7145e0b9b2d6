//! A small company in a server of its own, and everybody who could want something of it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use tollgate_app::server::{SignOn, StartFacts};
use tollgate_control::Control;
use tollgate_control::vault::Vault;
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::ledger::House;
use tollgate_domain::limits::Limits;
use tollgate_domain::model::{Catalog, Deployment, ModelPattern, Origin, Timeouts, Upstream};
use tollgate_domain::secret::Secret;
use tollgate_gateway::{Gateway, GatewayParts, Ledger, Settings};
use tollgate_store::{AuditFilter, Store, StoreOptions};
use tower::ServiceExt as _;

use crate::catalogue::ToGateway;
use crate::http::{Policy, Server, app};

const MASTER_KEY: &str = "sk-master-0123456789";
const PASSWORD: &str = "correct horse battery";
const HOST: &str = "gate:4000";

pub struct Actor {
    pub name: &'static str,
    /// Gateway-wide; `None`: no person.
    role: Option<&'static str>,
    /// In teams and organisations, and as what.
    groups: &'static [(&'static str, &'static str)],
}

const fn actor(
    name: &'static str,
    role: Option<&'static str>,
    groups: &'static [(&'static str, &'static str)],
) -> Actor {
    Actor { name, role, groups }
}

/// In the order of the table. The auditor and the viewer are administrators of a team besides: it must not help them.
pub const ACTORS: [Actor; 10] = [
    actor("nobody", None, &[]),
    actor("master key", None, &[]),
    actor("admin", Some("admin"), &[]),
    actor("auditor", Some("auditor"), &[("teams/blue", "admin")]),
    actor("member", Some("member"), &[("teams/blue", "member"), ("organisations/acme", "member")]),
    actor("viewer", Some("viewer"), &[("teams/blue", "admin")]),
    actor("organisation-admin", Some("member"), &[("organisations/acme", "admin"), ("organisations/empty", "admin")]),
    actor("team-admin", Some("member"), &[("teams/blue", "admin")]),
    actor("other", Some("member"), &[("teams/red", "admin"), ("organisations/globex", "member")]),
    // A key that belongs to a team and to nobody.
    actor("robot", None, &[]),
];

impl Actor {
    fn key(&self) -> Option<String> {
        match self.name {
            "nobody" => None,
            "master key" => Some(MASTER_KEY.to_owned()),
            name => Some(format!("sk-{name}-0123456789abcdef")),
        }
    }
}

/// Ids and sessions that are known when the company is made.
#[derive(Default)]
pub struct Names(HashMap<&'static str, String>);

impl Names {
    /// A text with the names' values.
    pub fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${name}"), value))
    }
}

pub struct Told {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

pub struct Office {
    app: Router,
    store: Store,
    ledger: Ledger,
    folder: tempfile::TempDir,
}

fn catalog() -> Catalog {
    let deployment = Deployment {
        id: "gpt-4o-1".to_owned(),
        model: ModelPattern::new("gpt-4o"),
        provider: "simulator".to_owned(),
        upstream_model: "gpt-4o".to_owned(),
        upstream: Upstream::Simulator,
        api_key: None,
        aws: None,
        headers: Vec::new(),
        timeouts: Timeouts::default(),
        weight: 1,
        price: None,
        base_model: None,
        origin: Origin::BuiltIn,
        mode: None,
        max_input_tokens: None,
        max_output_tokens: None,
        limits: Limits::default(),
    };
    Catalog::new(vec![deployment], HashMap::new())
}

impl Office {
    pub async fn copy_of(template: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tollgate.db");
        std::fs::write(&path, template).unwrap();
        let url = format!("sqlite://{}", path.display());
        let store = Store::open(&url, StoreOptions::default()).await.unwrap();
        if template.is_empty() {
            store.migrate().await.unwrap();
        }
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let (ledger, _) = Ledger::open(&folder.path().join("journal"), &store, clock.clone()).await.unwrap();
        let master = Some(KeyDigest::of(MASTER_KEY));
        let gateway = Gateway::new(GatewayParts {
            store: store.clone(),
            ledger: ledger.clone(),
            catalog: Arc::new(catalog()),
            master_key: master,
            settings: Settings::default(),
            house: House::default(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            tasks: TaskTracker::new(),
        });
        let vault = Arc::new(Vault::new(Some(&Secret::new("a long random text".to_owned())), &[]));
        let publish = Arc::new(ToGateway::new(gateway.clone(), store.clone(), Arc::clone(&vault)));
        let catalog = gateway.clone();
        let control = Control::new(store.clone(), clock, entropy, publish, Arc::new(move || catalog.catalog()), vault);
        let server = Server::new(Policy::default(), control, gateway, ledger.clone(), store.clone(), master, None);
        Self { app: app(&server, StartFacts::default(), SignOn::default()), store, ledger, folder }
    }

    /// Lines of the audit log with this action.
    pub async fn audit(&self, action: &str) -> u64 {
        let filter = AuditFilter { action: Some(action.to_owned()), ..AuditFilter::default() };
        self.store.count_audit(&filter).await.unwrap()
    }

    /// Lines of the audit log that tell of changes.
    pub async fn changes(&self) -> u64 {
        let mut count = self.store.count_audit(&AuditFilter::default()).await.unwrap();
        for read in ["denied", "audit.export", "request.export", "second_factor.begin", "sign_in.failed", "sign_out"] {
            count -= self.audit(read).await;
        }
        count
    }

    pub async fn answer(&self, request: Request<Body>) -> Told {
        let (head, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 10_000_000).await.unwrap();
        Told { status: head.status, headers: head.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// With the actor's session at the dashboard, and with the actor's key elsewhere.
    pub async fn send(&self, method: &str, address: &str, body: &str, actor: &Actor, names: &Names) -> Told {
        let mut request = Request::builder().method(method).uri(address).header(header::HOST, HOST);
        if let Some(key) = actor.key() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        if address.starts_with("/ui") {
            request = request.header(header::ORIGIN, format!("http://{HOST}"));
            if let Some(cookie) = names.0.get(actor.name) {
                request = request.header(header::COOKIE, cookie);
            }
        }
        if !body.is_empty() || (method == "POST" && address.starts_with("/ui/")) {
            let kind = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
            request = request.header(header::CONTENT_TYPE, kind);
        }
        self.answer(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub async fn make(&self, path: &str, body: Value) -> Value {
        let (path, body) = (format!("/api/v1/{path}"), body.to_string());
        let told = self.send("POST", &path, &body, &ACTORS[1], &Names(HashMap::new())).await;
        assert!(told.status.is_success(), "{path} {body}: {}", told.text);
        serde_json::from_str(&told.text).unwrap_or_default()
    }
}

/// The company's database, made once, and what is called how in it.
pub async fn template() -> (Vec<u8>, Names) {
    // As the program does at its start, for what is asked of providers.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let office = Office::copy_of(&[]).await;
    let mut names = Names(HashMap::new());
    for id in ["acme", "empty", "globex"] {
        office.make("organisations", json!({"id": id, "name": id})).await;
    }
    for (id, organisation) in [("blue", "acme"), ("red", "globex")] {
        office.make("teams", json!({"id": id, "name": id, "organisation_id": organisation})).await;
    }
    office.make("users", json!({"id": "guest"})).await;
    // So that the administrator who is asked is not the last one.
    office.make("users", json!({"id": "root", "role": "admin"})).await;
    for actor in &ACTORS {
        let Some(role) = actor.role else { continue };
        let email = format!("{}@example.com", actor.name);
        office.make("users", json!({"id": actor.name, "role": role, "email": email})).await;
        for (group, role) in actor.groups {
            office.make(&format!("{group}/members"), json!({"user_id": actor.name, "role": role})).await;
        }
        office.make(&format!("users/{}/password", actor.name), json!({"password": PASSWORD})).await;
        office.make("keys", json!({"user_id": actor.name, "key": actor.key()})).await;
        let form = format!("email={email}&password={}", PASSWORD.replace(' ', "+"));
        let told = office.send("POST", "/ui/sign-in", &form, actor, &names).await;
        assert_eq!(told.headers["location"], "/ui", "{}", told.text);
        let cookie = told.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        names.0.insert(actor.name, cookie);
    }
    office.make("keys", json!({"team_id": "blue", "key": ACTORS[9].key(), "alias": "robots"})).await;
    let team_key = office.make("keys", json!({"team_id": "blue", "alias": "team-key"})).await;
    let own_key = office.make("keys", json!({"user_id": "member", "alias": "own-key"})).await;
    office.make("budgets", json!({"id": "b-1", "name": "b-1"})).await;
    office.make("customers", json!({"id": "c-1"})).await;
    office.make("tags", json!({"id": "t-1"})).await;
    office.make("access-groups", json!({"id": "g-1", "models": ["gpt-*"]})).await;
    // Nobody listens there.
    let params = json!({"model": "openai/d-1", "api_base": "http://127.0.0.1:9/v1"});
    office.make("deployments", json!({"id": "d-1", "model": "d-1", "params": params})).await;
    let scim = office.make("scim-tokens", json!({"name": "idp"})).await;
    names.0.insert("scim", scim["id"].as_str().unwrap().to_owned());
    office.make("credentials", json!({"id": "cr-1", "values": {"api_key": "sk-provider-1234567890"}})).await;

    // The member asks for more in the team.
    let asked = r#"{"account_kind": "membership", "account_id": "team:blue:member", "amount": "5", "reason": "x"}"#;
    let told = office.send("POST", "/api/v1/increase-requests", asked, &ACTORS[4], &names).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    let increase: Value = serde_json::from_str(&told.text).unwrap();
    names.0.insert("increase", increase["id"].as_str().unwrap().to_owned());

    // A call by the member, in the ledger.
    let call = r#"{"model": "gpt-4o", "messages": []}"#;
    let told = office.send("POST", "/v1/chat/completions", call, &ACTORS[4], &names).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    office.ledger.clone().run_writer(std::future::ready(())).await;
    let read = async |path: &str| {
        let told = office.send("GET", path, "", &ACTORS[1], &Names(HashMap::new())).await;
        let list: Value = serde_json::from_str(&told.text).unwrap();
        list["items"][0]["id"].as_str().unwrap_or_else(|| panic!("nothing in {path}")).to_owned()
    };
    names.0.insert("request", read("/api/v1/requests").await);
    names.0.insert("audit", read("/api/v1/audit-events").await);
    names.0.insert("team_key", team_key["id"].as_str().unwrap().to_owned());
    names.0.insert("own_key", own_key["id"].as_str().unwrap().to_owned());
    office.store.close().await.unwrap();
    (std::fs::read(office.folder.path().join("tollgate.db")).unwrap(), names)
}
