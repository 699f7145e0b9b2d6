//! The document and every route of it, in a server with a database of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use tollgate_control::Control;
use tollgate_control::vault::Vault;
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::ledger::House;
use tollgate_domain::model::Catalog;
use tollgate_domain::secret::Secret;
use tollgate_gateway::{Gateway, GatewayParts, Ledger, Settings};
use tollgate_store::{Store, StoreOptions};
use tower::ServiceExt as _;

use crate::catalogue::ToGateway;
use crate::http::{Policy, Server};

const MASTER_KEY: &str = "sk-master-0123456789";

struct Office {
    app: Router,
    _folder: tempfile::TempDir,
}

struct Told {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
    text: String,
}

impl Office {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("tollgate.db").display());
        let store = Store::open(&url, StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let (ledger, _) = Ledger::open(&folder.path().join("journal"), &store, clock.clone()).await.unwrap();
        let master = Some(KeyDigest::of(MASTER_KEY));
        let gateway = Gateway::new(GatewayParts {
            store: store.clone(),
            ledger: ledger.clone(),
            catalog: Arc::new(Catalog::default()),
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
        let server = Server::new(Policy::default(), control, gateway, ledger, store, master, None);
        Self { app: super::router(&server).with_state(server), _folder: folder }
    }

    async fn send(&self, request: Request<Body>) -> Told {
        let (head, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 10_000_000).await.unwrap();
        Told {
            status: head.status,
            headers: head.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    async fn call(&self, method: &str, path: &str, body: Value, headers: &[(&str, &str)]) -> Told {
        let mut request =
            Request::builder().method(method).uri(path).header("authorization", format!("Bearer {MASTER_KEY}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.send(request.body(body).unwrap()).await
    }
}

fn document() -> Value {
    let (_, document) = super::documented().split_for_parts();
    serde_json::to_value(super::document::complete(document)).unwrap()
}

#[test]
fn the_document_is_as_it_was() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    insta::assert_json_snapshot!("openapi", document);
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let mut ids = BTreeSet::new();
    let routes = super::routes();
    assert!(routes.len() > 50, "{}", routes.len());
    for (method, path) in routes {
        let operation = &document["paths"][&path][method.as_str().to_lowercase()];
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && ids.insert(id.to_owned()), "{method} {path}: {id}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{id}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{id}");
        for status in ["400", "401", "403", "500", "503"] {
            let schema = &operation["responses"][status]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{id} {status}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            let problem = response["content"]["application/problem+json"].is_object();
            assert_eq!(problem, status.as_str() >= "400", "{id} {status}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(document: &Value, value: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(path) = fields.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(path.trim_start_matches('#')).is_some(), "{path}");
                }
                fields.values().for_each(|value| walk(document, value));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(document, value)),
            _ => {}
        }
    }
    let document = document();
    walk(&document, &document);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_answers_without_a_key() {
    let office = Office::open().await;
    for (method, path) in super::routes() {
        let path = path.replace("{id}", "x").replace("{user_id}", "y");
        for authorization in [None, Some("Bearer sk-nobodys-key-at-all"), Some("Basic abc")] {
            let mut request = Request::builder().method(&method).uri(&path);
            if let Some(value) = authorization {
                request = request.header("authorization", value);
            }
            let told = office.send(request.body(Body::from("{")).unwrap()).await;
            assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{method} {path} {authorization:?}");
            assert_eq!(told.body["type"], "/api/problems/not-authenticated");
            assert_eq!(told.headers["www-authenticate"], "Bearer");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_is_a_problem() {
    let office = Office::open().await;
    let put = Request::builder().method(Method::PUT).uri("/api/v1/teams").body(Body::empty()).unwrap();
    let told = office.send(put).await;
    assert_eq!(told.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(told.headers["allow"].to_str().unwrap().contains("POST"), "{:?}", told.headers);
    assert_eq!(told.body["type"], "/api/problems/method-not-allowed");

    let big = format!("{{\"name\": \"{}\"}}", "x".repeat(3 * 1024 * 1024));
    for (method, path, kind, body, status) in [
        ("GET", "/api/v2/teams", "", "", 404),
        ("GET", "/api/v1/nothing", "", "", 404),
        ("GET", "/api/v1/teams/none", "", "", 404),
        ("GET", "/api/v1/teams/%00", "", "", 404),
        ("GET", "/api/v1/teams/%ff", "", "", 400),
        ("GET", "/api/v1/teams?limit=0", "", "", 400),
        ("GET", "/api/v1/teams?limits=1", "", "", 400),
        ("GET", "/api/v1/teams?search=%ff", "", "", 400),
        ("GET", "/api/v1/teams?cursor=x", "", "", 400),
        ("GET", "/api/v1/keys?status=asleep", "", "", 400),
        ("POST", "/api/v1/teams", "text/plain", "{}", 415),
        ("POST", "/api/v1/teams", "", "{}", 415),
        ("POST", "/api/v1/teams", "application/json", "{", 400),
        ("POST", "/api/v1/teams", "application/json", "", 400),
        ("POST", "/api/v1/teams", "application/json", "\"x\"", 400),
        ("POST", "/api/v1/teams", "application/json", r#"{"name": "a", "other": 1}"#, 400),
        ("POST", "/api/v1/teams", "application/json", r#"{"name": "a\u0000b"}"#, 400),
        ("POST", "/api/v1/teams", "application/json", r#"{"name": "a", "limits": {"max_budget": 5}}"#, 400),
        ("POST", "/api/v1/teams", "application/json", r#"{"name": "a", "limits": {"rpm_limit": 1e99}}"#, 400),
        ("POST", "/api/v1/teams", "application/json", &big, 413),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {MASTER_KEY}"))
            .header("content-type", kind)
            .body(Body::from(body.to_owned()))
            .unwrap();
        let told = office.send(request).await;
        let what = format!("{method} {path} {}: {}", &body[..body.len().min(80)], told.body);
        assert_eq!(told.status.as_u16(), status, "{what}");
        assert_eq!(told.headers["content-type"], "application/problem+json", "{what}");
        assert_eq!(told.body["status"], status, "{what}");
        assert_eq!(told.body["request_id"].as_str(), told.headers["x-request-id"].to_str().ok(), "{what}");
    }
    let told = office.call("POST", "/api/v1/teams", json!({"name": "a", "limits": {"max_budget": 5}}), &[]).await;
    assert_eq!(told.body["field"], "limits.max_budget");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_something_changed_meanwhile_is_refused() {
    let office = Office::open().await;
    let made = office.call("POST", "/api/v1/teams", json!({"id": "blue", "name": "Blue"}), &[]).await;
    assert_eq!((made.status, &made.headers["etag"]), (StatusCode::CREATED, &"\"1\"".parse().unwrap()));
    assert_eq!(made.headers["location"], "/api/v1/teams/blue");
    let seen = [("if-match", "\"1\"")];
    let first = office.call("PATCH", "/api/v1/teams/blue", json!({"tags": ["a"]}), &seen).await;
    assert_eq!((first.status, &first.body["version"]), (StatusCode::OK, &json!(2)));
    for (method, body) in [("PATCH", json!({"tags": ["b"]})), ("DELETE", Value::Null)] {
        let second = office.call(method, "/api/v1/teams/blue", body, &seen).await;
        assert_eq!(second.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!((&second.body["current_version"], &second.body["changed_by"]), (&json!(2), &json!("master_key")));
        assert_eq!(second.body["changed_at"], first.body["updated_at"]);
    }
    assert_eq!(office.call("GET", "/api/v1/teams/blue", Value::Null, &[]).await.body["tags"], json!(["a"]));
    for tag in ["\"2\"", "*"] {
        let told = office.call("PATCH", "/api/v1/teams/blue", json!({}), &[("if-match", tag)]).await;
        assert_eq!(told.status, StatusCode::OK, "{tag}");
    }
    for tag in ["W/\"4\"", "nonsense", "\"0\""] {
        let told = office.call("PATCH", "/api/v1/teams/blue", json!({}), &[("if-match", tag)]).await;
        assert_eq!(told.status, StatusCode::PRECONDITION_FAILED, "{tag}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_need_no_key_and_no_script() {
    let office = Office::open().await;
    let get = |path: &str| Request::builder().uri(path).body(Body::empty()).unwrap();
    let told = office.send(get("/api/openapi.json")).await;
    assert_eq!((told.status, &told.body), (StatusCode::OK, &document()));
    let told = office.send(get("/api/docs")).await;
    assert_eq!(told.status, StatusCode::OK);
    assert!(!told.text.contains("<script") && told.text.contains("/ui/tollgate.css"));
    for (method, path) in super::routes() {
        assert!(told.text.contains(&format!("<code>{method} {path}</code>")), "{method} {path}");
    }
    for kind in crate::http::problem::Kind::ALL {
        let told = office.send(get(&format!("/api/problems/{}", kind.slug()))).await;
        assert!(told.status == StatusCode::OK && told.text.contains(kind.title()), "{kind:?}");
    }
    assert_eq!(office.send(get("/api/problems/none")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn charges_are_priced_anew_and_invoices_compared() {
    let office = Office::open().await;
    let price = json!({"model": "m", "price": [{"meter": "input", "usd": "2.5"}, {"meter": "output", "usd": "10"}]});
    let told = office.call("POST", "/api/v1/ledger/repricings/dry-run", price.clone(), &[]).await;
    assert_eq!((told.status, &told.body["total"]["charges"]), (StatusCode::OK, &json!(0)), "{}", told.text);
    let run = office.call("POST", "/api/v1/ledger/repricings", price, &[]).await;
    assert_eq!((run.status, &run.body["state"]), (StatusCode::CREATED, &json!("done")), "{}", run.text);
    let path = format!("/api/v1/ledger/repricings/{}", run.body["id"].as_str().unwrap());
    assert_eq!(office.call("GET", &path, Value::Null, &[]).await.body, run.body);
    assert_eq!(office.call("POST", &format!("{path}/continue"), Value::Null, &[]).await.body, run.body);
    for bad in [
        json!({"price": [{"meter": "input", "usd": "1"}]}),
        json!({"model": "m", "price": [{"meter": "x", "usd": "1"}]}),
        json!({"model": "m", "price": [{"meter": "input", "usd": "-1"}]}),
    ] {
        let told = office.call("POST", "/api/v1/ledger/repricings", bad, &[]).await;
        assert!(told.status.is_client_error() && told.text.contains("price"), "{}", told.text);
    }

    let file = json!({"name": "a.csv", "provider": "openai", "content": "date,model,cost\n2026-11-01,m,0.25\n"});
    let invoice = office.call("POST", "/api/v1/invoices", file.clone(), &[]).await;
    assert_eq!((invoice.status, &invoice.body["cost"]), (StatusCode::CREATED, &json!("0.25")), "{}", invoice.text);
    let again = office.call("POST", "/api/v1/invoices", file, &[]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let id = invoice.body["id"].as_str().unwrap();
    let compared = office.call("GET", &format!("/api/v1/invoices/{id}"), Value::Null, &[]).await;
    assert_eq!(compared.body["disagreements"], 1, "{}", compared.text);
    let only = &compared.body["variances"][0];
    assert_eq!((&only["day"], &only["cost_difference"]), (&json!("2026-11-01"), &json!("-0.25")));
    assert_eq!((&only["ours"], &only["cost_difference_points"]), (&Value::Null, &json!(-10_000)));
    let lax = office.call("GET", &format!("/api/v1/invoices/{id}?tolerance=0.25"), Value::Null, &[]).await;
    assert_eq!(lax.body["disagreements"], 0, "{}", lax.text);
    // Larger than other bodies may be.
    let rows = "2026-11-02,m,0.000000001\n".repeat(60_000);
    let large = json!({"name": "b.csv", "provider": "openai", "content": format!("date,model,cost\n{rows}")});
    let large = office.call("POST", "/api/v1/invoices", large, &[]).await;
    assert_eq!((large.status, &large.body["lines"]), (StatusCode::CREATED, &json!(60_000)), "{}", large.text);
    assert_eq!(large.body["cost"], "0.00006");
    let gone = office.call("DELETE", &format!("/api/v1/invoices/{id}"), Value::Null, &[]).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let list = office.call("GET", "/api/v1/invoices", Value::Null, &[]).await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_in_shadow_are_kept_shown_and_taken_away() {
    let office = Office::open().await;
    let shadow = json!({"max_budget": "2", "budget_duration": "1d", "models": {"gpt-*": {"rpm_limit": 1}}});
    let body = json!({"id": "blue", "name": "Blue", "limits": {"max_budget": "5", "shadow": shadow}});
    let made = office.call("POST", "/api/v1/teams", body, &[]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let limits = &made.body["limits"];
    assert_eq!((&limits["max_budget"], &limits["shadow"]["max_budget"]), (&json!("5"), &json!("2")));
    assert_eq!(limits["shadow"]["models"]["gpt-*"]["rpm_limit"], 1);
    let patch = json!({"limits": {"shadow": {"rpm_limit": 7}}});
    let told = office.call("PATCH", "/api/v1/teams/blue", patch, &[]).await;
    let limits = &told.body["limits"];
    assert_eq!((&limits["shadow"]["rpm_limit"], &limits["shadow"]["max_budget"]), (&json!(7), &Value::Null));
    for shadow in [json!({"rpm_limit": -1}), json!({"shadow": {"rpm_limit": 1}}), json!(1)] {
        let told = office.call("PATCH", "/api/v1/teams/blue", json!({"limits": {"shadow": shadow}}), &[]).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{}", told.body);
    }
    let told = office.call("PATCH", "/api/v1/teams/blue", json!({"limits": {"shadow": null}}), &[]).await;
    assert_eq!((&told.body["limits"]["shadow"], &told.body["limits"]["max_budget"]), (&Value::Null, &json!("5")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_tried_and_events_are_listed() {
    let office = Office::open().await;
    let body = json!({"account": "gateway", "limits": {"max_budget": "1"}});
    let told = office.call("POST", "/api/v1/limits/replay", body, &[]).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    let found = (&told.body["calls"], &told.body["refused"], &told.body["first"], &told.body["complete"]);
    assert_eq!(found, (&json!(0), &json!(0), &Value::Null, &json!(true)));
    for (account, limits) in [("planet", json!({"rpm_limit": 1})), ("gateway", json!({})), ("gateway", json!({"x": 1}))]
    {
        let body = json!({"account": account, "limits": limits});
        assert_eq!(office.call("POST", "/api/v1/limits/replay", body, &[]).await.status, StatusCode::BAD_REQUEST);
    }
    for path in ["/api/v1/budget-events?kind=shadow&account_kind=team", "/api/v1/budget-events/shadow?account_id=x"] {
        let told = office.call("GET", path, Value::Null, &[]).await;
        assert_eq!((told.status, &told.body["items"]), (StatusCode::OK, &json!([])), "{path}");
    }
    for path in ["/api/v1/budget-events?kind=x", "/api/v1/budget-events/shadow?account_kind=planet"] {
        assert_eq!(office.call("GET", path, Value::Null, &[]).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}
