//! Services are told of calls and alerts, over real HTTP.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use http::StatusCode;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use tollgate_control::callbacks::{self, NewCallback};
use tollgate_control::keys::{self, NewKey};
use tollgate_control::{Control, OpContext, Publish, TestOutcome, records};
use tollgate_domain::charge::Operation;
use tollgate_domain::charge::Outcome;
use tollgate_domain::clock::{Clock as _, SystemClock};
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{ChargeId, TeamId};
use tollgate_domain::key::KeyDigest;
use tollgate_domain::ledger::{AccountKey, AccountKind};
use tollgate_domain::model::Catalog;
use tollgate_domain::secret::Secret;
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::StoreOptions;

use super::*;

/// A service that writes down what it is told.
#[derive(Clone, Default)]
struct Service {
    heard: Arc<Mutex<Vec<(String, String, Value)>>>,
    /// So many requests to `/broken` are refused first.
    broken: Arc<AtomicUsize>,
}

impl Service {
    async fn start(tasks: &TaskTracker) -> (Self, String) {
        let service = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(hear).with_state(service.clone());
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        (service, address)
    }

    fn heard(&self, path: &str) -> Vec<(String, Value)> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|(at, ..)| at == path).map(|(_, auth, body)| (auth.clone(), body.clone())).collect()
    }
}

async fn hear(State(service): State<Service>, request: Request) -> (StatusCode, String) {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    let auth = head.headers.get("authorization").map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default();
    let path = head.uri.path().to_owned();
    service.heard.lock().unwrap().push((path.clone(), auth, serde_json::from_slice(&body).unwrap()));
    match path.as_str() {
        "/api/public/ingestion" => (StatusCode::MULTI_STATUS, json!({"successes": [], "errors": []}).to_string()),
        "/denied" => (StatusCode::UNAUTHORIZED, String::new()),
        "/broken"
            if service.broken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() =>
        {
            (StatusCode::BAD_GATEWAY, String::new())
        }
        _ => (StatusCode::OK, String::new()),
    }
}

struct Tells(Deliveries);

#[async_trait::async_trait]
impl Publish for Tells {
    fn key_changed(&self, _: KeyDigest) {}

    fn principals_changed(&self) {
        self.0.teams_changed();
    }

    async fn catalogue_changed(&self) {}

    async fn test_deployment(&self, _: &StoredDeployment, _: Option<&Credential>) -> TestOutcome {
        TestOutcome { works: false, message: String::new(), milliseconds: 0 }
    }

    fn check_deployment(&self, _: &StoredDeployment, _: Option<&Credential>) -> Result<(), String> {
        Ok(())
    }
}

struct Bench {
    service: Service,
    address: String,
    control: Control,
    deliveries: Deliveries,
    tasks: TaskTracker,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn open(alerting: impl FnOnce(&str) -> Alerting) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let (service, address) = Service::start(&tasks).await;
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("tollgate.db").display());
        let store = Store::open(&url, StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let vault = Arc::new(Vault::new(Some(&Secret::new("a long random text".to_owned())), &[]));
        let (deliveries, courier) = new(store.clone(), Arc::clone(&vault), alerting(&address)).unwrap();
        tasks.spawn(courier.run(stop.clone()));
        let publish = Arc::new(Tells(deliveries.clone()));
        let catalog = Arc::new(Catalog::default());
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let control = Control::new(store, clock, entropy, publish, Arc::new(move || Arc::clone(&catalog)), vault);
        Self { service, address, control, deliveries, tasks, stop, _folder: folder }
    }

    fn op() -> OpContext {
        OpContext::system("test")
    }

    /// The number under which calls of the team's key are charged.
    async fn team(&self, id: &str) -> i64 {
        let new: tollgate_domain::team::Team = serde_json::from_value(json!({"id": id, "name": id})).unwrap();
        records::create(&self.control, &Self::op(), new).await.unwrap();
        let mut new = NewKey::default();
        new.key.team_id = TeamId::parse(id);
        let made = keys::create(&self.control, &Self::op(), new).await.unwrap();
        let found = self.control.store().find_principal(made.key.digest, SystemClock.now()).await.unwrap();
        found.unwrap().ownership_id
    }

    async fn callback(&self, team: &str, name: &str, kind: &str, vars: &[(&str, &str)]) {
        let vars: BTreeMap<_, _> =
            vars.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned()))).collect();
        let new = NewCallback { name: name.to_owned(), kind: kind.to_owned(), vars };
        callbacks::add(&self.control, &Self::op(), team, new).await.unwrap();
    }

    async fn until(&self, done: impl Fn(&Self) -> bool) {
        for _ in 0..200 {
            if done(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it did not come: {:?} {:?}", self.deliveries.call_counts(), self.service.heard.lock().unwrap());
    }

    /// Everything that was queued is told of before this returns.
    async fn close(&self) {
        self.stop.cancel();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

fn charge(ownership_id: i64, outcome: Outcome) -> Charge {
    let id = ChargeId::new(&SystemClock, &SystemEntropy);
    Charge {
        call_id: Some(format!("call-{id}")),
        id,
        attempt: 1,
        started_at: Timestamp(1_795_170_600_000_000),
        key_id: None,
        ownership_id,
        operation: Operation::ChatCompletion,
        model: "fast".into(),
        deployment_id: "d-1".into(),
        provider: "openai".into(),
        upstream_model: "gpt-4o-mini".into(),
        streamed: true,
        outcome,
        status: 200,
        error: None,
        certainty: Certainty::Measured,
        usage: Usage { input: 1000, output: 50, ..Usage::default() },
        cost: Nanos(12_500_000),
        reserved: Nanos::ZERO,
        cost_lines: Vec::new(),
        price_source: None,
        duration_us: 2_000_000,
        first_byte_us: Some(500_000),
        client_left: false,
        instead_of: None,
        upstream_id: None,
        end_user: Some("shop-7".to_owned()),
        tags: vec!["batch".to_owned()],
    }
}

const INGESTION: &str = "/api/public/ingestion";

#[tokio::test(flavor = "multi_thread")]
async fn a_teams_langfuse_is_told_of_its_calls_and_of_no_others() {
    let bench = Bench::open(|_| Alerting::default()).await;
    let (blue, red) = (bench.team("blue").await, bench.team("red").await);
    let keys = [("langfuse_public_key", "pk-lf-1"), ("langfuse_secret_key", "sk-lf-2")];
    let host = ("langfuse_host", bench.address.as_str());
    bench.callback("blue", "langfuse", "success", &[keys[0], keys[1], host]).await;
    let (good, bad) = (charge(blue, Outcome::Success), charge(blue, Outcome::Timeout));
    bench.deliveries.charges(&[good.clone(), bad, charge(red, Outcome::Success), charge(0, Outcome::Success)]);
    bench.until(|bench| bench.deliveries.call_counts().delivered == 1).await;
    let (auth, body) = bench.service.heard(INGESTION).pop().unwrap();
    // pk-lf-1:sk-lf-2
    assert_eq!(auth, "Basic cGstbGYtMTpzay1sZi0y");
    let batch = body["batch"].as_array().unwrap();
    assert_eq!(
        batch.iter().map(|event| event["type"].as_str().unwrap()).collect::<Vec<_>>(),
        ["trace-create", "generation-create"]
    );
    let (trace, generation) = (&batch[0]["body"], &batch[1]["body"]);
    assert_eq!(
        (&trace["id"], &trace["userId"], &trace["tags"]),
        (&json!(good.call_id), &json!("shop-7"), &json!(["batch"]))
    );
    assert_eq!((&generation["traceId"], &generation["id"]), (&trace["id"], &json!(good.id.to_string())));
    assert_eq!(
        generation["usageDetails"],
        json!({"input": 1000, "output": 50, "total": 1050, "cache_read_input_tokens": 0})
    );
    assert_eq!((&generation["costDetails"], &generation["model"]), (&json!({"total": 0.0125}), &json!("gpt-4o-mini")));
    assert_eq!(
        (&generation["startTime"], &generation["level"]),
        (&json!(good.started_at.to_rfc3339()), &json!("DEFAULT"))
    );
    assert_eq!(generation["endTime"], json!(good.started_at.plus_seconds(2).to_rfc3339()));
    assert_eq!(trace["metadata"]["user_api_key_team_id"], "blue");
    // From the next call on, nobody is told.
    callbacks::remove(&bench.control, &Bench::op(), "blue", "langfuse").await.unwrap();
    bench.deliveries.charges(&[charge(blue, Outcome::Success)]);
    bench.close().await;
    assert_eq!(
        (bench.service.heard(INGESTION).len(), bench.deliveries.call_counts()),
        (1, Counts { delivered: 1, lost: 0 })
    );
    assert!(bench.tasks.len() == 1, "the courier ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_tried_again_and_what_is_refused_is_counted() {
    let bench = Bench::open(|_| Alerting::default()).await;
    let blue = bench.team("blue").await;
    let (broken, denied) = (format!("{}/broken", bench.address), format!("{}/denied", bench.address));
    let headers = ("headers", "Authorization=Bearer x-1, X-A=b");
    bench.callback("blue", "webhook", "failure", &[("endpoint", &broken), headers]).await;
    bench.callback("blue", "generic_api", "success_and_failure", &[("endpoint", &denied)]).await;
    bench.service.broken.store(1, Ordering::SeqCst);
    let failed =
        Charge { error: Some("it broke off".to_owned()), status: 502, ..charge(blue, Outcome::UpstreamBroken) };
    bench.deliveries.charges(&[charge(blue, Outcome::Success), failed]);
    bench.until(|bench| bench.deliveries.call_counts() == Counts { delivered: 1, lost: 2 }).await;
    let heard = bench.service.heard("/broken");
    assert_eq!(heard.len(), 2, "refused once, and tried again");
    assert_eq!(heard[0], heard[1]);
    let (auth, body) = &heard[1];
    let calls = body.as_array().unwrap();
    assert_eq!((auth.as_str(), calls.len()), ("Bearer x-1", 1));
    assert_eq!((&calls[0]["status"], &calls[0]["error_str"]), (&json!("failure"), &json!("it broke off")));
    assert_eq!((&calls[0]["response_cost"], &calls[0]["model_group"]), (&json!(0.0125), &json!("fast")));
    // What is refused for good is not tried again, whether both calls came in one batch or in two.
    let denied = bench.service.heard("/denied");
    assert_eq!(denied.iter().map(|(_, body)| body.as_array().unwrap().len()).sum::<usize>(), 2);
}

fn alert(kind: AlertKind, percent: Option<u8>) -> Alert {
    Alert {
        id: format!("{}-0", kind.as_str()),
        at: Timestamp(1_795_170_600_000_000),
        kind,
        account: AccountKey::new(AccountKind::Team, "blue"),
        limited: "budget a month".to_owned(),
        is_money: true,
        span: None,
        percent,
        limit: 5_000_000_000,
        used: 4_500_000_000,
        reserved: 0,
        asked: 0,
        charge_id: "charge-1".to_owned(),
        ownership_id: 0,
        cost: Nanos(1),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_go_to_the_webhook_and_to_slack() {
    let url = |address: &str, path: &str| Some(Secret::new(format!("{address}{path}")));
    let bench = Bench::open(|at| Alerting { webhook: url(at, "/broken"), slack: url(at, "/slack") }).await;
    bench.service.broken.store(1, Ordering::SeqCst);
    let told =
        vec![alert(AlertKind::Threshold, Some(80)), alert(AlertKind::SoftLimit, None), alert(AlertKind::Shadow, None)];
    bench.deliveries.alerts(told);
    bench.until(|bench| bench.deliveries.alert_counts() == Counts { delivered: 4, lost: 0 }).await;
    let events: Vec<Value> = bench.service.heard("/broken").into_iter().map(|(_, body)| body).collect();
    assert_eq!(events.len(), 3, "the first was refused once");
    assert_eq!(events[0], events[1]);
    assert_eq!((&events[1]["event"], &events[1]["event_group"]), (&json!("threshold_crossed"), &json!("team")));
    assert_eq!((&events[1]["spend"], &events[1]["max_budget"]), (&json!(4.5), &json!(5)));
    assert_eq!((&events[1]["team_id"], &events[1]["id"]), (&json!("blue"), &json!("threshold-0")));
    assert_eq!((&events[2]["event"], &events[2]["soft_budget"]), (&json!("soft_budget_crossed"), &json!(5)));
    let slack = bench.service.heard("/slack");
    let text = slack[0].1["text"].as_str().unwrap();
    assert_eq!((slack.len(), text), (2, "80 % of the budget spent: team blue, budget a month: $4.5 of $5"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_counted() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("tollgate.db").display());
    let store = Store::open(&url, StoreOptions::default()).await.unwrap();
    // Nobody takes anything from this queue.
    let (deliveries, _courier) = new(store, Arc::default(), Alerting::default()).unwrap();
    let charges: Vec<Charge> = (0..1000).map(|_| charge(1, Outcome::Success)).collect();
    for _ in 0..=(WAITING / 1000) {
        deliveries.charges(&charges);
    }
    assert_eq!(deliveries.call_counts(), Counts { delivered: 0, lost: 1000 });
    deliveries.alerts(vec![alert(AlertKind::SoftLimit, None)]);
    assert_eq!(deliveries.alert_counts(), Counts::default(), "nobody is to be told of alerts");
}
