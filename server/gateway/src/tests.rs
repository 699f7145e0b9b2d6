//! Calls through the whole data plane, with the simulator for a provider: who may call what, and what is on record of it.

mod dialects;
mod media;
mod silence;
mod tokens;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::{Role, Visible};
use tollgate_domain::clock::ManualClock;
use tollgate_domain::entropy::SeededEntropy;
use tollgate_domain::ids::{AccessGroupId, KeyId, OrganisationId, TeamId, UserId};
use tollgate_domain::key::{KeyDigest, KeyType, PlainKey, VirtualKey};
use tollgate_domain::ledger::House;
use tollgate_domain::limits::Limits;
use tollgate_domain::model::{Catalog, Deployment, ModelPattern, Origin, Timeouts, Upstream};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::principal::Ownership;
use tollgate_domain::record::Meta;
use tollgate_domain::summary::{RequestFilter, RequestRow, StatusFilter};
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_domain::{Clock as _, Timestamp};
use tollgate_store::{Store, StoreOptions, Table};
use tower::ServiceExt as _;

use crate::{Gateway, GatewayParts, Ledger, Settings, router};

const MASTER: &str = "sk-master-key-of-the-tests";

struct Bench {
    _folder: TempDir,
    store: Store,
    clock: Arc<ManualClock>,
    entropy: SeededEntropy,
    gateway: Gateway,
    ledger: Ledger,
    router: Router,
}

fn deployment(model: &str) -> Deployment {
    Deployment {
        id: format!("deployment of {model}"),
        model: ModelPattern::new(model),
        provider: "simulator".to_owned(),
        upstream_model: "echo".to_owned(),
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
    }
}

fn patterns(names: &[&str]) -> Vec<ModelPattern> {
    names.iter().map(|name| ModelPattern::new(*name)).collect()
}

impl Bench {
    async fn new() -> Self {
        Self::with(["small", "large", "secret"].map(deployment).into(), Settings::default()).await
    }

    async fn with(deployments: Vec<Deployment>, settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let store = Store::open(&url, StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp(1_795_170_600_000_000)));
        let (ledger, _) = Ledger::open(&folder.path().join("journal"), &store, clock.clone()).await.unwrap();
        let catalog = Catalog::new(deployments, HashMap::new());
        let gateway = Gateway::new(GatewayParts {
            store: store.clone(),
            ledger: ledger.clone(),
            catalog: Arc::new(catalog),
            master_key: Some(KeyDigest::of(MASTER)),
            settings,
            house: House::default(),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(2)),
            tasks: TaskTracker::new(),
        });
        let router = router(gateway.clone());
        Self { _folder: folder, store, clock, entropy: SeededEntropy::new(1), gateway, ledger, router }
    }

    fn meta(&self) -> Meta {
        Meta::new(self.clock.now(), "system".to_owned())
    }

    async fn add<T: Table>(&self, record: &T) {
        let tx = self.store.begin().await.unwrap();
        tx.insert(record).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A key, and its text.
    async fn key(&self, change: impl FnOnce(&mut VirtualKey)) -> (VirtualKey, String) {
        let plain = PlainKey::generate(&self.entropy);
        let mut key = VirtualKey {
            id: KeyId::new(&*self.clock, &self.entropy),
            digest: plain.digest(),
            hint: plain.hint(),
            alias: None,
            models: Vec::new(),
            blocked: false,
            expires_at: None,
            user_id: None,
            team_id: None,
            organisation_id: None,
            key_type: KeyType::Default,
            allowed_routes: Vec::new(),
            access_groups: Vec::new(),
            tags: Vec::new(),
            model_aliases: BTreeMap::new(),
            budget_id: None,
            limits: Limits::default(),
            rotation: None,
            metadata: serde_json::Map::new(),
            settings: serde_json::Map::new(),
            meta: self.meta(),
        };
        change(&mut key);
        let tx = self.store.begin().await.unwrap();
        tx.insert_key(&key).await.unwrap();
        tx.commit().await.unwrap();
        (key, plain.expose().to_owned())
    }

    fn team(&self, id: &str) -> Team {
        Team {
            id: TeamId::parse(id).unwrap(),
            name: id.to_owned(),
            organisation_id: None,
            models: Vec::new(),
            access_groups: Vec::new(),
            model_aliases: BTreeMap::new(),
            blocked: false,
            budget_id: None,
            limits: Limits::default(),
            member_limits: Limits::default(),
            member_permissions: Vec::new(),
            tags: Vec::new(),
            metadata: serde_json::Map::new(),
            settings: serde_json::Map::new(),
            logging: tollgate_domain::callback::Logging::default(),
            meta: self.meta(),
        }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    fn request(key: &str, path: &str) -> http::request::Builder {
        Request::post(path).header(header::AUTHORIZATION, format!("Bearer {key}"))
    }

    async fn chat(&self, key: &str, body: Value) -> (StatusCode, Value) {
        self.send(Self::request(key, "/v1/chat/completions").body(body.to_string().into()).unwrap()).await
    }

    /// Calls a model: the status, and what is wrong in one line.
    async fn call(&self, key: &str, model: &str) -> (u16, String) {
        let (status, answer) = self.chat(key, json!({"model": model, "messages": []})).await;
        let text = |name: &str| answer["error"][name].as_str().unwrap_or_default().to_owned();
        (status.as_u16(), format!("{}: {}", text("type"), text("message")))
    }

    async fn models(&self, key: &str) -> Vec<String> {
        let request = Request::get("/v1/models").header("x-api-key", key).body(Body::empty()).unwrap();
        let (status, answer) = self.send(request).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["data"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
    }

    /// What is in the request log, newest first.
    async fn log(&self, filter: &RequestFilter) -> Vec<RequestRow> {
        let stop = CancellationToken::new();
        stop.cancel();
        self.ledger.clone().run_writer(stop.cancelled_owned()).await;
        self.store.list_requests(&Visible::All, filter, None, 100).await.unwrap().items
    }
}

#[tokio::test]
async fn whoever_may_not_call_is_told_why_and_noted() {
    let bench = Bench::new().await;
    let now = bench.clock.now();
    bench.add(&Team { blocked: true, ..bench.team("t-blocked") }).await;
    let organisation = Organisation {
        id: OrganisationId::parse("o-blocked").unwrap(),
        name: "o".to_owned(),
        models: Vec::new(),
        access_groups: Vec::new(),
        blocked: true,
        budget_id: None,
        limits: Limits::default(),
        metadata: serde_json::Map::new(),
        settings: serde_json::Map::new(),
        meta: bench.meta(),
    };
    bench.add(&organisation).await;
    let mut user = User::new(UserId::parse("u-disabled").unwrap(), None, Role::Member, bench.meta());
    user.disabled = true;
    bench.add(&user).await;
    let cases = [
        (bench.key(|key| key.blocked = true).await, "Key is blocked. Update via `/key/unblock`"),
        (bench.key(|key| key.expires_at = Some(now)).await, "Expired Key. Key Expiry time 2026-11-20T10:30:00.000Z"),
        (
            bench.key(|key| key.team_id = TeamId::parse("t-blocked")).await,
            "Team=t-blocked is blocked. Update via `/team/unblock`",
        ),
        (
            bench.key(|key| key.organisation_id = OrganisationId::parse("o-blocked")).await,
            "Organization=o-blocked is blocked",
        ),
        (bench.key(|key| key.user_id = UserId::parse("u-disabled")).await, "User=u-disabled is disabled"),
    ];
    for ((key, text), expected) in cases {
        let (status, error) = bench.call(&text, "small").await;
        assert_eq!(status, 401);
        assert!(error.contains(expected), "{error}");
        let filter = RequestFilter { key: Some(key.id.to_string()), ..RequestFilter::default() };
        let log = bench.log(&filter).await;
        assert_eq!((log.len(), log[0].status), (1, 401), "the key's refusals are under its id");
        assert_eq!(log[0].ownership, Ownership::of(&key, None));
    }
    assert_eq!(bench.call("sk-nobody-knows-this-one", "small").await.0, 401);
    assert_eq!(bench.call(MASTER, "no such model").await.0, 400);
    let refused = RequestFilter { status: Some(StatusFilter::Refused), ..RequestFilter::default() };
    let log = bench.log(&refused).await;
    let of = |key: Option<&str>| log.iter().filter(|row| row.key_id.as_deref() == key).count();
    assert_eq!((log.len(), of(None), of(Some("master_key"))), (7, 1, 1));
    let of_master = bench.log(&RequestFilter { key: Some("master_key".to_owned()), ..RequestFilter::default() }).await;
    assert_eq!(of_master.len(), 1);
}

#[tokio::test]
async fn each_level_has_a_say_in_models() {
    let bench = Bench::new().await;
    let group = AccessGroup {
        id: AccessGroupId::parse("cheap").unwrap(),
        description: None,
        models: patterns(&["small"]),
        meta: bench.meta(),
    };
    bench.add(&group).await;
    let team = Team {
        models: patterns(&["small", "large"]),
        model_aliases: BTreeMap::from([("big".to_owned(), "large".to_owned()), ("gone".to_owned(), "none".to_owned())]),
        ..bench.team("t-1")
    };
    bench.add(&team).await;
    let mut user = User::new(UserId::parse("u-1").unwrap(), None, Role::Member, bench.meta());
    user.models = patterns(&["cheap"]);
    bench.add(&user).await;

    let in_team = |key: &mut VirtualKey| key.team_id = TeamId::parse("t-1");
    let (_, team_key) = bench.key(in_team).await;
    let (_, own_key) = bench.key(|key| key.user_id = UserId::parse("u-1")).await;
    let (_, named) = bench.key(|key| key.models = patterns(&["cheap"])).await;
    let (_, aliased) = bench
        .key(|key| {
            in_team(key);
            key.model_aliases.insert("mine".to_owned(), "small".to_owned());
            key.models = patterns(&["small"]);
        })
        .await;

    assert_eq!(bench.models(MASTER).await, ["large", "secret", "small"]);
    assert_eq!(bench.models(&team_key).await, ["big", "large", "small"]);
    assert_eq!(bench.models(&own_key).await, ["small"]);
    assert_eq!(bench.models(&named).await, ["small"]);
    assert_eq!(bench.models(&aliased).await, ["mine", "small"]);

    for (key, model, status, kind) in [
        (&team_key, "small", 200, ""),
        (&team_key, "big", 200, ""),
        (&team_key, "gone", 403, "team_model_access_denied"),
        (&team_key, "secret", 403, "team_model_access_denied"),
        (&own_key, "small", 200, ""),
        (&own_key, "large", 403, "user_model_access_denied"),
        (&named, "large", 403, "key_model_access_denied"),
        (&aliased, "mine", 200, ""),
        (&aliased, "big", 403, "key_model_access_denied"),
        (&aliased, "nothing", 403, "key_model_access_denied"),
    ] {
        let (found, error) = bench.call(key, model).await;
        assert_eq!(found, status, "{model}: {error}");
        assert!(error.starts_with(&format!("{kind}: ")), "{error}");
    }
    // The names that keys and teams have for models are not the ledger's.
    let log = bench.log(&RequestFilter { status: Some(StatusFilter::Success), ..RequestFilter::default() }).await;
    let mut models: Vec<_> = log.into_iter().map(|row| row.model.unwrap()).collect();
    models.sort();
    assert_eq!(models, ["large", "small", "small", "small"]);
}

#[tokio::test]
async fn keys_keep_to_their_routes() {
    let bench = Bench::new().await;
    let (_, manages) = bench.key(|key| key.key_type = KeyType::Management).await;
    let (_, reads) = bench.key(|key| key.key_type = KeyType::ReadOnly).await;
    let (_, calls) = bench.key(|key| key.key_type = KeyType::LlmApi).await;
    let (_, embeds) = bench.key(|key| key.allowed_routes = vec!["/embeddings".to_owned()]).await;
    let (_, openai) = bench.key(|key| key.allowed_routes = vec!["openai_routes".to_owned()]).await;
    let (_, chats) = bench.key(|key| key.allowed_routes = vec!["/v1/chat/*".to_owned()]).await;
    for (key, status) in [(manages, 403), (reads, 403), (calls, 200), (embeds, 403), (openai, 200), (chats, 200)] {
        let (found, error) = bench.call(&key, "small").await;
        assert_eq!(found, status, "{error}");
        if status == 403 {
            assert!(error.starts_with("auth_error: Virtual key is not allowed to call this route."), "{error}");
            assert!(error.ends_with("Tried to call route: /v1/chat/completions"), "{error}");
        }
    }
}

#[tokio::test]
async fn what_a_call_belongs_to_is_in_the_ledger() {
    let bench = Bench::new().await;
    bench.add(&Team { tags: vec!["of the team".to_owned()], ..bench.team("t-1") }).await;
    let (key, text) = bench
        .key(|key| {
            key.user_id = UserId::parse("u-1");
            key.team_id = TeamId::parse("t-1");
            key.tags = vec!["of the key".to_owned()];
        })
        .await;
    let body = json!({"model": "small", "messages": [], "user": "of the body", "tags": ["top", "shared"],
        "metadata": {"tags": ["inner"], "other": "x"}});
    let request = Bench::request(&text, "/chat/completions").header("x-litellm-tags", "one, two ,shared");
    let (status, _) = bench.send(request.body(body.to_string().into()).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let request = Bench::request(&text, "/chat/completions").header("x-litellm-end-user-id", "of the header");
    let (status, _) = bench.send(request.body(body.to_string().into()).unwrap()).await;
    assert_eq!(status, StatusCode::OK);

    let log = bench.log(&RequestFilter { tag: Some("shared".to_owned()), ..RequestFilter::default() }).await;
    assert_eq!(log.len(), 2);
    for row in &log {
        assert_eq!(row.call_id, row.id, "the client named none");
        assert_eq!(row.ownership, Ownership::of(&key, None));
    }
    for (customer, tags) in [
        ("of the body", &["inner", "of the key", "of the team", "one", "shared", "top", "two"][..]),
        ("of the header", &["inner", "of the key", "of the team", "shared", "top"]),
    ] {
        let log = bench.log(&RequestFilter { end_user: Some(customer.to_owned()), ..RequestFilter::default() }).await;
        assert_eq!(log.len(), 1);
        let detail = bench.store.get_request(&Visible::All, &log[0].id).await.unwrap().unwrap();
        assert_eq!(
            (detail.end_user.as_deref(), detail.tags.as_slice()),
            (Some(customer), &tags.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>()[..])
        );
    }
}

#[tokio::test]
async fn changes_are_in_force_on_the_next_call() {
    let bench = Bench::new().await;
    let mut team = bench.team("t-1");
    bench.add(&team).await;
    let (mut key, text) = bench.key(|key| key.team_id = TeamId::parse("t-1")).await;
    assert_eq!(bench.call(&text, "small").await.0, 200);

    team.blocked = true;
    let tx = bench.store.begin().await.unwrap();
    tx.save(&team).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(bench.call(&text, "small").await.0, 200, "nobody said so");
    bench.gateway.principals_changed();
    assert_eq!(bench.call(&text, "small").await.0, 401);

    (team.blocked, key.blocked) = (false, true);
    let tx = bench.store.begin().await.unwrap();
    tx.save(&team).await.unwrap();
    tx.update_key(&key).await.unwrap();
    tx.commit().await.unwrap();
    bench.gateway.principals_changed();
    assert!(bench.call(&text, "small").await.1.contains("Key is blocked"));
    key.blocked = false;
    let tx = bench.store.begin().await.unwrap();
    tx.update_key(&key).await.unwrap();
    tx.commit().await.unwrap();
    bench.gateway.key_changed(key.digest);
    assert_eq!(bench.call(&text, "small").await.0, 200);
}
